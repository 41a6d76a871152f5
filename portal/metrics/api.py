"""KPIs, their values and targets, and the samples of every metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.fields import PersonField
from portal.api.parsers import SafeJSONParser, within_limit
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import (
    CreateMixin,
    FastListMixin,
    ListMixin,
    RetrieveMixin,
    UpdateMixin,
    number_of,
)
from portal.areas import MetricKind, declared, find
from portal.errors import Invalid, Missing, Problem
from portal.metrics import services
from portal.metrics.csv import read_values
from portal.metrics.models import Kpi, Pillar, Sample, Series
from portal.metrics.models.kpis import Aggregation, Direction, Period, Source
from portal.metrics.models.samples import SampleQuerySet
from portal.metrics.selectors import History, histories, history_of
from portal.metrics.selectors.scorecard import TILE_PERIODS
from portal.metrics.services import KpiValue
from portal.metrics.services.values import KPI_VALUE
from portal.metrics.standing import Standing
from portal.registry.models import ModelVersion, System


class KpiSerializer(StrictSerializer):
    """A KPI and how it stands. Rates run from 0 to 1."""

    slug = serializers.SlugField(source="kpi.slug")
    name = serializers.CharField(source="kpi.name")
    pillar = serializers.CharField(source="kpi.pillar.slug")
    description = serializers.CharField(source="kpi.description")
    unit = serializers.CharField(source="kpi.unit")
    direction = serializers.ChoiceField(Direction.choices, source="kpi.direction")
    period = serializers.ChoiceField(Period.choices, source="kpi.period")
    source = serializers.ChoiceField(Source.choices, source="kpi.source")  # type: ignore[assignment]  # a field
    metric = serializers.CharField(source="kpi.metric")
    aggregation = serializers.CharField(source="kpi.aggregation")
    owner = serializers.CharField(source="kpi.owner.username", default=None)
    deputy = serializers.CharField(source="kpi.deputy.username", default=None)
    status = serializers.ChoiceField([(each.value, each.value) for each in Standing], source="standing.value")
    value = serializers.FloatField(source="latest.value", default=None)
    low = serializers.FloatField(source="latest.sample.low", default=None)
    high = serializers.FloatField(source="latest.sample.high", default=None)
    n = serializers.IntegerField(source="latest.sample.n", default=None)
    period_start = serializers.DateTimeField(source="latest.window.start", default=None)
    period_end = serializers.DateTimeField(source="latest.window.end", default=None)
    target = serializers.FloatField(allow_null=True)
    change = serializers.FloatField(source="delta", allow_null=True)
    stale_since = serializers.DateTimeField(allow_null=True)
    page = serializers.CharField(source="kpi.get_absolute_url")


class KpiChange(StrictSerializer):
    """What may change of a KPI."""

    name = serializers.CharField(max_length=120)
    pillar = serializers.SlugRelatedField("slug", queryset=Pillar.objects.all())
    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    unit = serializers.CharField(required=False, allow_blank=True, max_length=20)
    decimals = serializers.IntegerField(required=False, min_value=0, max_value=6)
    tolerance = serializers.FloatField(required=False, min_value=0, max_value=1)
    owner = PersonField(required=False, allow_null=True)
    deputy = PersonField(required=False, allow_null=True)
    formula = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    interval_method = serializers.CharField(required=False, allow_blank=True, max_length=200)
    order = serializers.IntegerField(required=False, min_value=0, max_value=30_000)


class KpiDefinition(KpiChange):
    """A new KPI."""

    slug = serializers.SlugField(max_length=80)
    direction = serializers.ChoiceField(Direction.choices)
    period = serializers.ChoiceField(Period.choices, required=False)
    source = serializers.ChoiceField(Source.choices, required=False)  # type: ignore[assignment]  # a field
    metric = serializers.SlugField(required=False, max_length=60)
    aggregation = serializers.ChoiceField(Aggregation.choices, required=False)


class ValueInput(StrictSerializer):
    """A value for the period that holds the day."""

    day = serializers.DateField()
    value = serializers.FloatField()
    low = serializers.FloatField(required=False, allow_null=True)
    high = serializers.FloatField(required=False, allow_null=True)
    n = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**62)


class TargetInput(StrictSerializer):
    """A target from a day on, and the decision that set it."""

    value = serializers.FloatField()
    starts_on = serializers.DateField()
    reason = serializers.CharField(max_length=500)


class CheckInInput(StrictSerializer):
    text = serializers.CharField(max_length=2000)


class CsvParser(BaseParser):
    """A CSV file up to the size of any other body, handed on as bytes."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - DRF's signature
    ) -> Any:
        return within_limit(stream)


class KpiViewSet(ListMixin[Kpi], RetrieveMixin[Kpi], CreateMixin[Kpi], UpdateMixin[Kpi]):
    """KPIs."""

    does = {
        "list": "metrics.read",
        "retrieve": "metrics.read",
        "check_ins": "metrics.report",
        "*": "metrics.define",
    }
    serializer_class = KpiSerializer
    inputs = {
        "create": KpiDefinition,
        "partial_update": KpiChange,
        "targets": TargetInput,
        "check_ins": CheckInInput,
    }
    filterset_fields = ("pillar__slug", "source", "period", "owner__username")
    sorts = ("name", "order")
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Kpi]:
        return Kpi.objects.filter(retired_at=None).select_related("pillar", "owner", "deputy")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        standing = histories(page, periods=TILE_PERIODS)
        return self.get_paginated_response(self.get_serializer(standing, many=True).data)

    def answer(self, obj: Any, status: int = 200, *, location: str = "") -> Response:
        standing = obj if isinstance(obj, History) else history_of(obj, periods=TILE_PERIODS)
        return super().answer(standing, status, location=location)

    def perform_create(self, data: dict[str, Any]) -> Kpi:
        return services.create_kpi(data.pop("name"), actor=self.user, **data)

    def perform_update(self, obj: Kpi, data: dict[str, Any]) -> Kpi:
        return services.change_kpi(obj, actor=self.user, **data)

    @action(detail=True, methods=["post"])
    def targets(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """A target from a day on."""
        kpi = self.get_object()
        services.set_target(kpi, actor=self.user, **self.validated())
        return self.answer(kpi, 201)

    @action(detail=True, methods=["post"])
    def check_ins(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """A note on how it stands."""
        kpi = self.get_object()
        services.check_in(kpi, actor=self.user, **self.validated())
        return self.answer(kpi, 201)


class MetricSerializer(StrictSerializer):
    """A declared metric."""

    slug = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    direction = serializers.ChoiceField(["up", "down", "none"])
    stale_after_seconds = serializers.SerializerMethodField()

    def get_stale_after_seconds(self, kind: MetricKind) -> int:
        return int(kind.staleness.total_seconds())


class MetricViewSet(ListMixin[Sample]):
    """The metrics that are declared."""

    does = "metrics.read"
    serializer_class = MetricSerializer
    filter_backends = []

    def get_queryset(self) -> Any:
        return list(declared("metrics"))


class SampleSerializer(StrictSerializer):
    """A value of a metric over a window. ``value`` is null where it is undefined, and ``reason`` says why."""

    metric = serializers.CharField()
    system = serializers.CharField(allow_null=True)
    feature = serializers.CharField(allow_null=True)
    group = serializers.CharField(allow_null=True)
    segment = serializers.CharField(allow_null=True)
    window_start = serializers.DateTimeField()
    window_end = serializers.DateTimeField()
    revision = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    run = serializers.IntegerField(allow_null=True)


class SampleFilter(filters.FilterSet):  # type: ignore[misc]  # an untyped package
    """By system or version, by label, and by time."""

    system = filters.CharFilter(method="of_system")
    model = filters.CharFilter(method="of_version")
    version = filters.NumberFilter(method="of_version")
    feature = filters.CharFilter("series__feature")
    group = filters.CharFilter("series__group")
    segment = filters.CharFilter("series__segment")
    since = filters.IsoDateTimeFilter("window_start", lookup_expr="gte")
    until = filters.IsoDateTimeFilter("window_end", lookup_expr="lte")
    revisions = filters.ChoiceFilter(choices=[("current", "current"), ("all", "all")], method="of_revisions")

    def of_system(self, rows: QuerySet[Sample], _name: str, ref: str) -> QuerySet[Sample]:
        return rows.filter(series__system=number_of(ref, "SYS"))

    def of_version(self, rows: QuerySet[Sample], _name: str, _value: Any) -> QuerySet[Sample]:
        """``model`` alone is all its versions; ``version`` needs ``model`` beside it."""
        named = self.form.cleaned_data
        if not named["model"]:
            raise Invalid(errors=[Problem("?version", "needs ?model= beside it")])
        versions = ModelVersion.objects.filter(model__name=named["model"])
        if named["version"] is not None:
            versions = versions.filter(number=named["version"])
        kind = Q(series__subject_type__app_label="registry", series__subject_type__model="modelversion")
        return rows.filter(kind, series__subject_id__in=versions.values("pk"))

    def of_revisions(self, rows: QuerySet[Sample], _name: str, _value: str) -> QuerySet[Sample]:
        """Read by the viewset, which leaves superseded revisions out unless they are asked for."""
        return rows


class SampleViewSet(FastListMixin[Sample]):
    """Samples of one metric, of what this person may see."""

    does: ClassVar[str | Mapping[str, str]] = "metrics.read"
    serializer_class = SampleSerializer
    filterset_class = SampleFilter
    sorts = ("window_start", "window_end", "value")
    default_sort = "-window_start"
    columns = (
        "series__metric",
        "series__system_id",
        "series__feature",
        "series__group",
        "series__segment",
        "window_start",
        "window_end",
        "revision",
        "value",
        "low",
        "high",
        "n",
        "reason",
        "run_id",
    )

    def get_queryset(self) -> QuerySet[Sample]:
        return self._revisions(Sample.objects.filter(self._mine(), series__metric=self._kind().slug))

    def _revisions(self, found: SampleQuerySet) -> SampleQuerySet:
        return found if self.request.query_params.get("revisions") == "all" else found.current()

    def _kind(self) -> MetricKind:
        try:
            kind: MetricKind = find("metrics", self.kwargs["slug"])
        except KeyError as error:
            raise Missing from error
        return kind

    def _mine(self) -> Q:
        visible = System.objects.visible_to(self.user, self.declared)
        return Q(series__system=None) | Q(series__system__in=visible)

    def row(self, values: dict[str, Any]) -> Mapping[str, Any]:
        system = values.pop("series__system_id")
        labels = {name: values.pop(f"series__{name}") or None for name in ("feature", "group", "segment")}
        return {
            "metric": values.pop("series__metric"),
            "system": None if system is None else f"SYS-{system}",
            **labels,
            "run": values.pop("run_id"),
            **values,
            "reason": values["reason"] or None,
        }


class KpiSampleViewSet(SampleViewSet):
    """The values of one KPI: read, entered one by one, as a list, or as a CSV file."""

    does = {"list": "metrics.read", "record": "metrics.report"}
    parser_classes = [SafeJSONParser, CsvParser]
    inputs = {"record": ValueInput}

    def get_queryset(self) -> QuerySet[Sample]:
        mine = Series.objects.of(self._kpi()).filter(metric=KPI_VALUE.slug)
        return self._revisions(Sample.objects.filter(series__in=mine))

    @action(detail=False, methods=["post"])
    def record(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """One value, a list of them, or a CSV file; all are stored or none."""
        values = self._values(request.data)
        stored = services.record_values(self._kpi(), values, actor=self.user)
        return Response({"received": len(values), "stored": stored}, status=201)

    def _kpi(self) -> Kpi:
        found = Kpi.objects.filter(slug=self.kwargs["slug"]).first()
        if found is None:
            raise Missing
        return found

    def _values(self, body: Any) -> list[KpiValue]:
        if isinstance(body, bytes):
            return read_values(body)
        rows = self.validated(many=True) if isinstance(body, list) else [self.validated()]
        return [KpiValue(**row) for row in rows]
