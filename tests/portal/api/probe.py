"""A small API on real tables, with every shape a viewset of an area has."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import include, path, re_path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import Unit
from portal.api import errors, views
from portal.api.serializers import SafeJSONField, StrictSerializer
from portal.api.viewsets import (
    CreateMixin,
    DestroyMixin,
    Endpoint,
    FastListMixin,
    ListMixin,
    ReplaceMixin,
    RetrieveMixin,
    UpdateMixin,
)
from portal.audit.services import record_denial
from portal.errors import Busy, GateClosed, PortalError
from portal.registry.models import RegisteredModel, Stage, System, Tier


class SystemInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    purpose = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    risk_tier = serializers.ChoiceField(Tier.choices, required=False)
    share = serializers.DecimalField(max_digits=4, decimal_places=3, required=False, write_only=True)
    count = serializers.IntegerField(required=False, write_only=True)
    since = serializers.DateTimeField(required=False, write_only=True)
    facts = SafeJSONField(required=False, write_only=True, largest=1000)
    tags = serializers.ListField(child=serializers.CharField(), required=False, write_only=True)


class SystemOutput(StrictSerializer):
    ref = serializers.CharField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    risk_tier = serializers.ChoiceField(Tier.choices)
    updated_at = serializers.DateTimeField()


class ModelOutput(StrictSerializer):
    name = serializers.CharField()
    system = serializers.CharField(source="system.name")


class Reason(StrictSerializer):
    reason = serializers.CharField(max_length=200)


@transaction.atomic
def create_system(data: Mapping[str, Any], *, actor: Any) -> System:
    unit = actor.current_memberships[0].unit
    known = {name: data[name] for name in ("name", "purpose", "risk_tier") if name in data}
    return System.objects.create(unit=unit, **known)


@transaction.atomic
def change_system(system: System, data: Mapping[str, Any], *, actor: Any) -> System:
    for name in ("name", "purpose", "risk_tier"):
        if name in data:
            setattr(system, name, data[name])
    system.updated_at = timezone.now()
    system.save()
    return system


def refuse_to_archive(system: System, *, actor: Any) -> None:
    """What a gate does: its transaction is undone, the refusal is recorded, the refusal is raised."""
    try:
        with transaction.atomic():
            _archive(system)
    except GateClosed as refusal:
        record_denial("system.archived", system, actor=actor, reason=refusal.detail)
        raise


def _archive(system: System) -> None:
    System.objects.filter(pk=system.pk).update(stage=Stage.ARCHIVED)
    gate = {"gate": "nothing-serves", "state": "failed", "reason": "v3", "fix_url": "/fix/"}
    raise GateClosed("A version still serves.", gates=[gate], help_url="/help/")


class SystemProbe(
    ListMixin[System],
    RetrieveMixin[System],
    CreateMixin[System],
    UpdateMixin[System],
    ReplaceMixin[System],
    DestroyMixin[System],
):
    """Systems, through serializers."""

    does = {"list": "registry.read", "retrieve": "registry.read", "*": "registry.register"}
    serializer_class = SystemOutput
    inputs = {
        "create": SystemInput,
        "partial_update": SystemInput,
        "update": SystemInput,
        "archive": Reason,
    }
    filterset_fields = {"risk_tier": ["exact"], "created_at": ["gte"], "id": ["exact"]}
    sorts = {"name": "name", "unit": "unit__path"}
    default_sort = "name"
    parameters = ("without",)
    dated = True

    def get_queryset(self) -> QuerySet[System]:
        visible = System.objects.visible_to(self.user, self.declared)
        if self.as_of is not None:
            visible = visible.filter(created_at__lte=self.as_of)
        return visible.exclude(name=self.request.query_params.get("without", ""))

    def perform_create(self, data: dict[str, Any]) -> System:
        return create_system(data, actor=self.user)

    def perform_update(self, obj: System, data: dict[str, Any]) -> System:
        return change_system(obj, data, actor=self.user)

    perform_replace = perform_update

    def perform_destroy(self, obj: System) -> None:
        obj.delete()

    @action(detail=True, methods=["post"])
    def archive(self, _request: Request, **_: Any) -> Response:
        self.validated()
        refuse_to_archive(self.get_object(), actor=self.user)
        return Response({})


class ModelProbe(FastListMixin[RegisteredModel], RetrieveMixin[RegisteredModel]):
    """Models, listed without serializers and found by name."""

    does = {"list": "registry.read", "retrieve": "registry.read"}
    serializer_class = ModelOutput
    columns = ("name", "system__name")
    sorts = ("name", "updated_at")
    lookup_field = "name"

    def get_queryset(self) -> QuerySet[RegisteredModel]:
        return RegisteredModel.objects.visible_to(self.user, self.declared)

    def row(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return {"name": values["name"], "system": values["system__name"]}


class UnitSystemProbe(ListMixin[System]):
    """Systems of the unit in the address."""

    does = "registry.read"
    serializer_class = SystemOutput
    filterset_fields = ("risk_tier",)

    def get_queryset(self) -> QuerySet[System]:
        return System.objects.visible_to(self.user, self.declared).filter(unit__slug=self.kwargs["slug"])


class Upload(Endpoint):
    """Takes a file and says how long it is."""

    does = "registry.register"
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        file: Any = request.FILES["file"]
        return Response({"size": file.size}, status=201)


class Raises(Endpoint):
    """Raises what the address says."""

    does = "public"

    def get(self, _request: Request, what: str) -> Response:
        match what:
            case "defect":
                raise KeyError("secret internals")
            case "portal-defect":
                raise PortalError
            case "busy":
                raise Busy("Later.", seconds=7)
            case "data-error":
                Unit.objects.create(name="x" * 500, slug="x", path="x")
            case "unique":
                with transaction.atomic():
                    for _ in range(2):
                        Unit.objects.create(name="x", slug="same", path="/same/", parent=None)
            case "statement":
                with connection.cursor() as cursor:
                    cursor.execute("SET statement_timeout = 10")
                    cursor.execute("SELECT pg_sleep(5)")
            case "values":
                return Response({"amount": Decimal("12.50"), "at": timezone.now(), "huge": 2**70})
        raise ValueError("no such thing")


class Protocol(Endpoint):
    """Speaks with an error body of its own."""

    does = "registry.read"

    def get_exception_handler(self) -> Any:
        return foreign_handler

    def get(self, _request: Request) -> Response:
        raise Busy("Later.")


def foreign_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    failure = errors.understand(exc, context)
    return Response(
        {"error_code": failure.kind.upper(), "message": failure.detail},
        status=failure.status,
        headers=dict(failure.headers),
    )


class Undeclared(Endpoint):
    """Forgot to say what it does."""

    def get(self, _request: Request) -> Response:
        return Response({})


SYSTEMS = SystemProbe.as_view({"get": "list", "post": "create"})
SYSTEM = SystemProbe.as_view(
    {"get": "retrieve", "patch": "partial_update", "put": "update", "delete": "destroy"}
)
NATIVE = [
    path("systems/", SYSTEMS, name="systems"),
    path("systems/<str:pk>/", SYSTEM, name="system"),
    path("systems/<str:pk>/archive/", SystemProbe.as_view({"post": "archive"}), name="archive"),
    path("units/<slug:slug>/systems/", UnitSystemProbe.as_view({"get": "list"}), name="unit-systems"),
    path("models/", ModelProbe.as_view({"get": "list"}), name="models"),
    path("models/<str:name>/", ModelProbe.as_view({"get": "retrieve"}), name="model"),
    path("uploads/", Upload.as_view(), name="uploads"),
    path("raises/<str:what>/", Raises.as_view(), name="raises"),
    path("undeclared/", Undeclared.as_view(), name="undeclared"),
]
urlpatterns = [
    path("api/v1/", include((NATIVE, "v1"))),
    path("api/protocol/", Protocol.as_view(), name="protocol"),
    path("", include("portal.api.urls")),
    path("accounts/", include("allauth.urls")),
    re_path(r"^api/[\s\S]*/$", views.nowhere),
]
