"""Findings, and what people answer."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import User
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import ListMixin, RetrieveMixin, number_of
from portal.errors import Invalid, Missing, Problem
from portal.findings import services
from portal.findings.models import Finding, FindingState
from portal.findings.models.findings import SEVERITIES
from portal.findings.selectors import finding_named, findings_for, waiver_asked
from portal.registry.models import System


class FindingSerializer(StrictSerializer):
    """A finding. ``detail`` holds the readings in the shape of an evaluation's."""

    ref = serializers.CharField()
    system = serializers.CharField(source="system.ref")
    subject = serializers.CharField(default=None)
    kind = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    state = serializers.ChoiceField(FindingState.choices)
    title = serializers.CharField()
    summary = serializers.CharField()
    detail = serializers.JSONField()
    owner = serializers.CharField(source="owner.username", default=None)
    part_of = serializers.CharField(source="part_of.ref", default=None)
    opened_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    occurrences = serializers.IntegerField()
    last_seen_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    run = serializers.IntegerField(source="run_id", allow_null=True)
    closed_by_run = serializers.IntegerField(source="closed_by_run_id", allow_null=True)
    page = serializers.CharField(source="get_absolute_url")


class NoteInput(StrictSerializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class OwnerInput(NoteInput):
    """Somebody who answers for it, by log-in."""

    owner = serializers.SlugRelatedField("username", queryset=User.objects.filter(is_active=True))


class AcceptInput(NoteInput):
    """Taken on: by whom, and as part of what."""

    owner = serializers.SlugRelatedField(
        "username", queryset=User.objects.filter(is_active=True), required=False
    )
    part_of = serializers.CharField(required=False, max_length=24)


class CommentInput(StrictSerializer):
    text = serializers.CharField(max_length=2000)


class WaiverInput(StrictSerializer):
    """Why no answer is needed, and until when."""

    reason = serializers.CharField(max_length=2000)
    expires_at = serializers.DateTimeField()


class WaiverDecision(NoteInput):
    """The word of a second person."""

    grant = serializers.BooleanField()


class FindingFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """By state, severity, kind, system, owner and time."""

    state = filters.MultipleChoiceFilter(choices=FindingState.choices)
    severity = filters.MultipleChoiceFilter(choices=SEVERITIES)
    kind = filters.CharFilter()
    system = filters.CharFilter(method="of_system")
    owner = filters.CharFilter("owner__username")
    opened_since = filters.IsoDateTimeFilter("opened_at", lookup_expr="gte")
    due_until = filters.DateFilter("due_on", lookup_expr="lte")

    def of_system(self, rows: QuerySet[Finding], _name: str, ref: str) -> QuerySet[Finding]:
        return rows.filter(system=number_of(ref, "SYS"))


class FindingViewSet(ListMixin[Finding], RetrieveMixin[Finding]):
    """What checks found on the systems a person may see."""

    does = {
        "list": "findings.read",
        "retrieve": "findings.read",
        "decide_waiver": "findings.waive",
        "*": "findings.answer",
    }
    serializer_class = FindingSerializer
    inputs = {
        "acknowledge": NoteInput,
        "accept": AcceptInput,
        "assign": OwnerInput,
        "comment": CommentInput,
        "waive": WaiverInput,
        "decide_waiver": WaiverDecision,
    }
    filterset_class = FindingFilter
    sorts = {"opened_at": "opened_at", "due_on": "due_on", "severity": "rank", "last_seen_at": "last_seen_at"}
    default_sort = "-severity,due_on"
    lookup_field = "ref"
    dated = True

    def get_queryset(self) -> QuerySet[Finding]:
        found = findings_for(self.user, self.declared).select_related("part_of").prefetch_related("subject")
        return found if self.as_of is None else found.as_of(self.as_of)

    def get_object(self) -> Finding:
        return finding_named(self.user, self.kwargs["ref"], self.declared)

    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Say that somebody has seen it."""
        return self.answer(services.acknowledge(self.get_object(), actor=self.user, **self.validated()))

    @action(detail=True, methods=["post"])
    def accept(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Take it on; it closes when a later run passes."""
        data = self.validated()
        if parent := data.pop("part_of", ""):
            data["part_of"] = self._parent(parent)
        return self.answer(services.accept(self.get_object(), actor=self.user, **data))

    @action(detail=True, methods=["post"])
    def assign(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Hand it to somebody else."""
        return self.answer(services.assign(self.get_object(), actor=self.user, **self.validated()))

    @action(detail=True, methods=["post"])
    def comment(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Say something about it."""
        finding = self.get_object()
        services.comment(finding, self.validated()["text"], actor=self.user)
        return self.answer(finding, 201)

    @action(detail=True, methods=["post"])
    def waive(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Ask that it needs no answer until an instant; a second person decides."""
        finding = self.get_object()
        services.ask_waiver(finding, actor=self.user, **self.validated())
        return self.answer(finding, 202)

    @action(detail=True, methods=["post"])
    def decide_waiver(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Grant or refuse the waiver that is asked for."""
        finding = self.get_object()
        asked = waiver_asked(finding)
        if asked is None:
            raise Missing
        services.decide_waiver(asked, actor=self.user, **self.validated())
        return self.answer(self.get_object())

    def _parent(self, ref: str) -> Finding:
        try:
            return finding_named(self.user, ref, self.declared)
        except Missing as error:
            raise Invalid(errors=[Problem("/part_of", "There is no such finding.")]) from error


class SystemFindingViewSet(FindingViewSet):
    """The findings of one system."""

    def get_queryset(self) -> QuerySet[Finding]:
        visible = System.objects.visible_to(self.user, self.declared)
        system = visible.filter(pk=number_of(self.kwargs["ref"], "SYS")).first()
        if system is None:
            raise Missing
        return super().get_queryset().filter(system=system)
