"""Declared checks, and their evaluations in the one shape that all have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.serializers import StrictSerializer
from portal.api.viewsets import ListMixin, RetrieveMixin, number_of
from portal.areas import Check, declared, find
from portal.checks.models import VERDICTS, Evaluation
from portal.checks.selectors import as_json, with_subjects
from portal.errors import Invalid, Missing, Problem
from portal.registry.models import ModelVersion


class CheckSerializer(StrictSerializer):
    """A declared check."""

    slug = serializers.CharField()
    title = serializers.CharField()
    explain = serializers.CharField()
    policy = serializers.CharField(source="policy.slug")
    metrics = serializers.SerializerMethodField()
    every_seconds = serializers.SerializerMethodField()
    severity = serializers.CharField(source="severity.value")

    def get_metrics(self, check: Check) -> list[str]:
        return [kind.slug for kind in check.metrics]

    def get_every_seconds(self, check: Check) -> int:
        return int(check.every.total_seconds())


class CheckViewSet(ListMixin[Any], RetrieveMixin[Any]):
    """The checks that are declared."""

    does = "checks.read"
    serializer_class = CheckSerializer
    filter_backends = []
    lookup_field = "slug"

    def get_queryset(self) -> Any:
        return list(declared("checks"))

    def get_object(self) -> Any:
        return check_named(self.kwargs["slug"])


class WindowSerializer(StrictSerializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(["open", "maturing", "mature"])


class JudgedBySerializer(StrictSerializer):
    name = serializers.CharField()
    version = serializers.IntegerField()


class ReadingSerializer(StrictSerializer):
    """One measured value; checks add fields of their own, such as a ratio and its interval."""

    metric = serializers.CharField()
    feature = serializers.CharField(allow_null=True)
    group = serializers.DictField(child=serializers.CharField(), allow_null=True)
    segment = serializers.CharField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    limit_warn = serializers.FloatField(allow_null=True)
    limit_breach = serializers.FloatField(allow_null=True)
    critical = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    p_adjusted = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    n_reference = serializers.IntegerField(allow_null=True)
    verdict = serializers.ChoiceField(VERDICTS)
    reason = serializers.CharField(allow_null=True)


@extend_schema_serializer(component_name="Evaluation")
class EvaluationSerializer(StrictSerializer):
    """The outcome of a check for a subject over a window."""

    check = serializers.CharField()
    model = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    system = serializers.CharField()
    subject = serializers.CharField()
    window = WindowSerializer()
    verdict = serializers.ChoiceField(VERDICTS)
    n = serializers.IntegerField(allow_null=True)
    n_reference = serializers.IntegerField(allow_null=True)
    readings = ReadingSerializer(many=True)
    policy = JudgedBySerializer()
    engine = serializers.CharField()
    run = serializers.CharField(allow_null=True)
    computed_at = serializers.DateTimeField()
    digest = serializers.CharField()


class EvaluationFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """By system or version, verdict and time."""

    system = filters.CharFilter(method="of_system")
    model = filters.CharFilter(method="of_version")
    version = filters.NumberFilter(method="of_version")
    verdict = filters.MultipleChoiceFilter(choices=VERDICTS)
    since = filters.IsoDateTimeFilter("window_start", lookup_expr="gte")
    until = filters.IsoDateTimeFilter("window_end", lookup_expr="lte")
    revisions = filters.ChoiceFilter(choices=[("current", "current"), ("all", "all")], method="of_revisions")

    def of_system(self, rows: QuerySet[Evaluation], _name: str, ref: str) -> QuerySet[Evaluation]:
        return rows.filter(system=number_of(ref, "SYS"))

    def of_version(self, rows: QuerySet[Evaluation], _name: str, _value: Any) -> QuerySet[Evaluation]:
        """``model`` alone is all its versions; ``version`` needs ``model`` beside it."""
        named: Mapping[str, Any] = self.form.cleaned_data
        if not named["model"]:
            raise Invalid(errors=[Problem("?version", "needs ?model= beside it")])
        versions = ModelVersion.objects.filter(model__name=named["model"])
        if named["version"] is not None:
            versions = versions.filter(number=named["version"])
        kind = Q(subject_type__app_label="registry", subject_type__model="modelversion")
        return rows.filter(kind, subject_id__in=versions.values("pk"))

    def of_revisions(self, rows: QuerySet[Evaluation], _name: str, _value: str) -> QuerySet[Evaluation]:
        """Read by the viewset, which leaves superseded revisions out unless they are asked for."""
        return rows


class EvaluationViewSet(ListMixin[Evaluation]):
    """Evaluations of one check, of what this person may see."""

    does = "checks.read"
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilter
    sorts = ("window_end", "computed_at")
    default_sort = "-window_end"

    def get_queryset(self) -> QuerySet[Evaluation]:
        check = check_named(self.kwargs["slug"])
        found = Evaluation.objects.visible_to(self.user, self.declared).filter(check_slug=check.slug)
        return found if self.request.query_params.get("revisions") == "all" else found.current()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([as_json(row) for row in with_subjects(page or ())])


def check_named(slug: str) -> Check:
    """The declared check of that slug. Raises Missing."""
    try:
        found: Check = find("checks", slug)
    except KeyError as error:
        raise Missing from error
    return found
