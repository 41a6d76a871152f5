"""The values of KPIs: entered by people, imported, or computed from the contributing systems."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import MetricKind, Window
from portal.audit.services import record
from portal.errors import Invalid, Problem, Refused
from portal.jobs.models import Run
from portal.metrics.models import Kpi, Sample
from portal.metrics.models.kpis import Aggregation, Source
from portal.metrics.periods import period_of
from portal.metrics.services.samples import Measured, record_samples
from portal.registry.models import System

KPI_VALUE = MetricKind("kpi", "Value of a KPI", unit="", direction="none")
"""The metric of the samples whose subject is a KPI."""


@dataclass(frozen=True, slots=True)
class KpiValue:
    """A value for the period that holds ``day``. Rates run from 0 to 1; ``low`` and ``high`` bound 95 %."""

    day: date
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None


@transaction.atomic
def record_values(
    kpi: Kpi, values: Sequence[KpiValue], *, actor: User | None, at: datetime | None = None
) -> int:
    """Store values of periods; one that differs from what is stored becomes the next revision.

    All or none: raises Invalid naming each bad row. Refused for a KPI that is computed. Answers how
    many were new or different.
    """
    at = at or timezone.now()
    if kpi.source != Source.ENTERED:
        raise Refused(f"{kpi.name} is computed from a metric; its values are not entered.")
    _check(values, today=organisation().today(at))
    stored = _store(kpi, values, run=None, at=at)
    if stored:
        record("kpi.values_recorded", kpi, actor=actor, at=at, values=stored)
    return stored


@transaction.atomic
def compute_kpi(kpi: Kpi, window: Window, *, run: Run | None, at: datetime | None = None) -> int:
    """Compute a KPI for one of its periods from the samples of its systems; store it if it changed.

    Samples of whole systems and whole subjects count, not of their parts. Without any sample nothing is
    stored: the period stays empty.
    """
    at = at or timezone.now()
    found = list(
        Sample.objects.current()
        .between(window.start, window.end)
        .filter(
            series__metric=kpi.metric,
            series__feature="",
            series__group="",
            series__segment="",
            series__system__in=System.objects.filter(contributions__kpi=kpi),
            value__isnull=False,
        )
        .order_by("series", "window_start")
    )
    if not found:
        return 0
    value, n = aggregate(found, kpi.aggregation)
    day = window.start.astimezone(organisation().zone).date()
    stored = _store(kpi, [KpiValue(day, value, n=n)], run=run, at=at)
    if stored:
        record("kpi.computed", kpi, actor=None, at=at, period=str(window), samples=len(found))
    return stored


def aggregate(samples: Sequence[Sample], aggregation: str) -> tuple[float, int | None]:
    """One value, and the number of rows behind it where every sample states it. Raises for no samples."""
    values = [sample.value or 0.0 for sample in samples]
    sizes = [sample.n for sample in samples if sample.n is not None]
    n = sum(sizes) if len(sizes) == len(samples) else None
    match Aggregation(aggregation):
        case Aggregation.SUM:
            return math.fsum(values), n
        case Aggregation.LATEST:
            newest = {sample.series_id: sample for sample in samples}
            return math.fsum(sample.value or 0.0 for sample in newest.values()), n
        case Aggregation.MEAN:
            weights = sizes if n else [1] * len(samples)
            total = math.fsum(value * weight for value, weight in zip(values, weights, strict=True))
            return total / sum(weights), n


def _store(kpi: Kpi, values: Iterable[KpiValue], *, run: Run | None, at: datetime) -> int:
    """Record those that differ from the current revision of their period, as the next one."""
    ours = organisation()
    Kpi.objects.select_for_update().get(pk=kpi.pk)
    current = {
        sample.window: sample
        for sample in Sample.objects.current().filter(
            series__subject_type=ContentType.objects.get_for_model(kpi),
            series__subject_id=kpi.pk,
            series__metric=KPI_VALUE.slug,
        )
    }
    changed = []
    for entered in values:
        window = period_of(entered.day, kpi.period, ours)
        known = current.get(window)
        if known is None or _facts(known) != _facts(entered):
            revision = known.revision + 1 if known else 1
            changed.append(
                Measured(
                    KPI_VALUE,
                    kpi,
                    window,
                    entered.value,
                    low=entered.low,
                    high=entered.high,
                    n=entered.n,
                    revision=revision,
                )
            )
    return record_samples(changed, run=run, at=at)


def _facts(row: Sample | KpiValue) -> tuple[float | None, float | None, float | None, int | None]:
    return row.value, row.low, row.high, row.n


def _check(values: Sequence[KpiValue], *, today: date) -> None:
    problems = []
    for place, row in enumerate(values):
        numbers = [number for number in (row.value, row.low, row.high) if number is not None]
        if not all(math.isfinite(number) for number in numbers):
            problems.append(Problem(f"/{place}/value", "A finite number is needed."))
        if (row.low is not None and row.low > row.value) or (row.high is not None and row.high < row.value):
            problems.append(Problem(f"/{place}/low", "The interval does not hold the value."))
        if row.n is not None and row.n < 0:
            problems.append(Problem(f"/{place}/n", "A count is 0 or more."))
        if row.day > today:
            problems.append(Problem(f"/{place}/day", "This day is still to come."))
    if not values:
        problems.append(Problem("", "No values."))
    if problems:
        raise Invalid("Nothing was stored: some rows are not valid.", errors=problems)
