"""Runs over the API: list them, ask for one, try one again."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.serializers import StrictSerializer
from portal.api.viewsets import ListMixin, RetrieveMixin
from portal.areas import Window
from portal.errors import Invalid
from portal.jobs import selectors, services
from portal.jobs.kinds import kinds
from portal.jobs.models import Run, RunState
from portal.jobs.naming import window_named


@extend_schema_field(OpenApiTypes.STR)
class WindowField(serializers.Field[Any, Any, Any, Any]):
    """A window: START/END when it is asked for, an object with both when it is shown."""

    def to_internal_value(self, data: Any) -> Window | None:
        if not isinstance(data, str):
            raise serializers.ValidationError("has the form START/END")
        try:
            return window_named(data)
        except Invalid as error:
            raise serializers.ValidationError(error.detail) from error

    def to_representation(self, value: Window) -> dict[str, str]:
        return {"start": f"{value.start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{value.end:%Y-%m-%dT%H:%M:%SZ}"}


class ProgressSerializer(StrictSerializer):
    """How far a run is; per cent is null while unknown."""

    step = serializers.IntegerField()
    steps = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class RunSerializer(StrictSerializer):
    """A run: what is to be done, how far it is, and what became of it."""

    id = serializers.IntegerField(source="pk")
    job = serializers.CharField()
    variant = serializers.CharField()
    subject = serializers.CharField(source="subject_name")
    system = serializers.CharField(source="system.ref", default=None)
    window = WindowField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(RunState.choices)
    attempt = serializers.IntegerField()
    progress = ProgressSerializer(source="*")
    counts = serializers.DictField()
    result = serializers.JSONField()
    error = serializers.CharField()
    requested_by = serializers.CharField(source="requested_by.username", default=None)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    page = serializers.CharField(source="get_absolute_url")


class RunOrder(StrictSerializer):
    """What to run: a job, and what it asks for."""

    job = serializers.CharField(max_length=60)
    subject = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")
    window = WindowField(required=False, default=None)
    variant = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")

    def validate_job(self, slug: str) -> str:
        if slug not in kinds():
            raise serializers.ValidationError(f"is not one of {', '.join(sorted(kinds()))}")
        return slug


class DismissalInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class RunViewSet(ListMixin[Run], RetrieveMixin[Run]):
    """Runs of jobs."""

    does = {
        "list": "jobs.read",
        "retrieve": "jobs.read",
        "create": "jobs.run",
        "replay": "jobs.replay",
        "dismiss": "jobs.replay",
    }
    serializer_class = RunSerializer
    inputs = {"create": RunOrder, "dismiss": DismissalInput}
    filterset_fields = ("job", "variant", "state", "system")
    sorts = ("created_at", "started_at", "ended_at", "job")
    default_sort = "-created_at"
    lookup_url_kwarg = "number"
    lookup_field = "pk"

    def get_queryset(self) -> QuerySet[Run]:
        return selectors.runs_for_list(self.user, self.declared)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        """Ask for a run: 202 with its address. One that waits for the same is joined."""
        order = self.validated()
        kind, variant = kinds()[order["job"]], order["variant"]
        subject = selectors.subject_to_run(self.user, kind, order["subject"], variant)
        run = services.order_run(kind, subject, order["window"], actor=self.user, variant=variant)
        return self.accepted(run)

    @action(detail=True, methods=["post"])
    def replay(self, request: Request, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        """Try it again; of a run that is done, the next revision."""
        return self.accepted(services.replay(self.get_object(), actor=self.user))

    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        """Say that a failure needs no more attention, and why."""
        reason = self.validated()["reason"]
        return self.answer(services.dismiss(self.get_object(), actor=self.user, reason=reason))

    def accepted(self, run: Run) -> Response:
        return self.answer(run, 202, location=reverse("v1:run", args=[run.pk]))
