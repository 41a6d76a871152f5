"""The native registry API: what MLflow's lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.fields import PersonField
from portal.accounts.models import Unit
from portal.api.serializers import SafeJSONField, StrictSerializer
from portal.api.viewsets import (
    CreateMixin,
    FastListMixin,
    ListMixin,
    RetrieveMixin,
    UpdateMixin,
    number_of,
)
from portal.errors import Denied, Missing
from portal.registry import services
from portal.registry.models import (
    Assignment,
    AssignmentRole,
    ModelVersion,
    RegisteredModel,
    Stage,
    System,
    Tier,
)


class SystemSerializer(StrictSerializer):
    """A system as the API shows it."""

    ref = serializers.CharField(read_only=True)
    name = serializers.CharField(max_length=120)
    purpose = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    population = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    unit = serializers.SlugRelatedField("slug", queryset=Unit.objects.all())
    owner = PersonField(required=False, allow_null=True)
    deputy = PersonField(required=False, allow_null=True)
    risk_tier = serializers.ChoiceField(Tier.choices, required=False)
    stage = serializers.ChoiceField(Stage.choices, read_only=True)
    customer_facing = serializers.BooleanField(required=False)
    affects_rights = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class StageChange(StrictSerializer):
    stage = serializers.ChoiceField(Stage.choices)
    reason = serializers.CharField(max_length=2000)


class SystemViewSet(ListMixin[System], RetrieveMixin[System], CreateMixin[System], UpdateMixin[System]):
    """AI systems."""

    does = {
        "list": "registry.read",
        "retrieve": "registry.read",
        "create": "registry.propose",
        "partial_update": "registry.edit",
        "stage": "registry.stage",
    }
    serializer_class = SystemSerializer
    inputs = {"create": SystemSerializer, "partial_update": SystemSerializer, "stage": StageChange}
    filterset_fields = ("stage", "risk_tier", "unit__slug")
    sorts = ("name", "created_at", "updated_at", "risk_tier")
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[System]:
        visible = System.objects.visible_to(self.user, self.declared)
        return visible.select_related("unit", "owner", "deputy")

    def get_object(self) -> System:
        found = self.get_queryset().filter(pk=number_of(self.kwargs["ref"], "SYS")).first()
        if found is None:
            raise Missing
        return found

    def perform_create(self, data: dict[str, Any]) -> System:
        unit = data.pop("unit")
        if not any(unit.path.startswith(path) for path in self.user.places("registry.propose")):
            raise Denied(f"You propose systems in your own units only, and {unit} is not one.")
        return services.create_system(data.pop("name"), unit=unit, actor=self.user, **data)

    def perform_update(self, obj: System, data: dict[str, Any]) -> System:
        return services.update_system(obj, actor=self.user, **data)

    @action(detail=True, methods=["post"])
    def stage(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        data = self.validated()
        changed = services.set_stage(
            self.get_object(), Stage(data["stage"]), actor=self.user, reason=data["reason"]
        )
        return self.answer(changed)


class ModelSerializer(StrictSerializer):
    """A registered model."""

    name = serializers.CharField(max_length=256)
    system = serializers.CharField(source="system.ref")
    description = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    tags = SafeJSONField(required=False)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class ModelViewSet(
    FastListMixin[RegisteredModel],
    RetrieveMixin[RegisteredModel],
    CreateMixin[RegisteredModel],
    UpdateMixin[RegisteredModel],
):
    """Registered models."""

    does = {"list": "registry.read", "retrieve": "registry.read", "*": "registry.register"}
    serializer_class = ModelSerializer
    inputs = {"create": ModelSerializer, "partial_update": ModelSerializer}
    columns = ("name", "system_id", "description", "tags", "created_at", "updated_at")
    filterset_fields = ("system__name", "system__risk_tier")
    sorts = ("name", "created_at", "updated_at")
    lookup_field = "name"

    def get_queryset(self) -> QuerySet[RegisteredModel]:
        return RegisteredModel.objects.visible_to(self.user, self.declared).select_related("system")

    def row(self, values: dict[str, Any]) -> Mapping[str, Any]:
        values["system"] = f"SYS-{values.pop('system_id')}"
        return values

    def perform_create(self, data: dict[str, Any]) -> RegisteredModel:
        system = self._system(data.pop("system")["ref"])
        return services.register_model(data.pop("name"), system=system, actor=self.user, **data)

    def perform_update(self, obj: RegisteredModel, data: dict[str, Any]) -> RegisteredModel:
        if "name" in data and (name := data.pop("name")) != obj.name:
            obj = services.rename_model(obj, name, actor=self.user)
        if "system" in data:
            data["system"] = self._system(data["system"]["ref"])
        return services.change_model(obj, actor=self.user, **data) if data else obj

    def _system(self, ref: str) -> System:
        mine = System.objects.visible_to(self.user, "registry.register")
        found = mine.filter(pk=number_of(ref, "SYS")).first()
        if found is None:
            raise Missing(f"There is no system {ref} in which you may register models.")
        return found


class VersionSerializer(StrictSerializer):
    """One version of a model."""

    model = serializers.CharField(source="model.name", read_only=True)
    version = serializers.IntegerField(source="number", read_only=True)
    state = serializers.CharField(read_only=True)
    stage = serializers.CharField(read_only=True)
    source = serializers.CharField(  # type: ignore[assignment]  # the name is that of the wire
        required=False, allow_blank=True, max_length=5000
    )
    run_id = serializers.CharField(required=False, allow_blank=True, max_length=250)
    description = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    tags = SafeJSONField(required=False)
    facts = SafeJSONField(required=False)
    metrics = SafeJSONField(required=False)
    declared_inputs = serializers.JSONField(source="schema", read_only=True)
    page = serializers.CharField(source="get_absolute_url", read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class PromotionInput(StrictSerializer):
    environment = serializers.CharField(max_length=40)


class VersionViewSet(
    ListMixin[ModelVersion],
    RetrieveMixin[ModelVersion],
    CreateMixin[ModelVersion],
    UpdateMixin[ModelVersion],
):
    """Versions of a model, their gates and promotions."""

    does = {
        "list": "registry.read",
        "retrieve": "registry.read",
        "gates": "registry.read",
        "promotions": "registry.promote",
        "*": "registry.register",
    }
    serializer_class = VersionSerializer
    inputs = {
        "create": VersionSerializer,
        "partial_update": VersionSerializer,
        "promotions": PromotionInput,
    }
    filterset_fields = ("state", "stage")
    sorts = {"version": "number", "created_at": "created_at", "updated_at": "updated_at"}
    default_sort = "-version"
    parameters = ("environment",)
    lookup_field = "number"
    lookup_value_regex = r"\d{1,9}"

    def get_queryset(self) -> QuerySet[ModelVersion]:
        visible = ModelVersion.objects.live().visible_to(self.user, self.declared)
        return visible.filter(model__name=self.kwargs["name"]).select_related("model__system")

    def perform_create(self, data: dict[str, Any]) -> ModelVersion:
        models = RegisteredModel.objects.visible_to(self.user, "registry.register")
        model = models.select_related("system").filter(name=self.kwargs["name"]).first()
        if model is None:
            raise Missing
        return services.register_version(model, actor=self.user, **data)

    def perform_update(self, obj: ModelVersion, data: dict[str, Any]) -> ModelVersion:
        return services.change_version(obj, actor=self.user, **data)

    @action(detail=True, methods=["get"])
    def gates(self, request: Request, name: str, number: str) -> Response:  # noqa: ARG002 - DRF's signature
        """What every gate of an environment says now."""
        environment = request.query_params.get("environment", services.PRODUCTION)
        report = services.gate_report(self.get_object(), environment)
        return Response(
            {
                "environment": environment,
                "allowed": report.allowed,
                "gates": [result.as_dict() for result in report.results],
            }
        )

    @action(detail=True, methods=["post"])
    def promotions(self, request: Request, name: str, number: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Make the version the primary of an environment; 403 with the gates when one refuses."""
        made = services.promote(self.get_object(), self.validated()["environment"], actor=self.user)
        return Response(AssignmentSerializer(made).data, status=201)


class AssignmentSerializer(StrictSerializer):
    """What serves where, from when to when."""

    environment = serializers.CharField(source="environment.slug")
    model = serializers.CharField(source="model.name")
    version = serializers.IntegerField(source="version.number")
    role = serializers.ChoiceField(AssignmentRole.choices)
    share = serializers.FloatField()
    started_at = serializers.DateTimeField(source="period.lower")
    ended_at = serializers.DateTimeField(source="period.upper", allow_null=True)


class AssignmentViewSet(ListMixin[Assignment]):
    """What served in an environment, now or ``as_of`` an instant."""

    does = "registry.read"
    serializer_class = AssignmentSerializer
    filterset_fields = ("role", "model__name")
    sorts = {"model": "model__name", "version": "version__number"}
    default_sort = "model"
    dated = True

    def get_queryset(self) -> QuerySet[Assignment]:
        at: datetime = self.as_of or timezone.now()
        visible = RegisteredModel.objects.visible_to(self.user, self.declared)
        environment = services.environment_named(self.kwargs["environment"])
        return (
            Assignment.objects.as_of(at)
            .filter(environment=environment, model__in=visible)
            .select_related("environment", "model", "version")
        )
