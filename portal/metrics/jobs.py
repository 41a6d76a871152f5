"""Computed KPIs: each day, the period that day belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from portal.accounts.services import organisation
from portal.areas import JobKind
from portal.errors import Unprocessable
from portal.jobs.models import Run
from portal.metrics.models import Kpi
from portal.metrics.models.kpis import Source
from portal.metrics.periods import period_of
from portal.metrics.services.values import compute_kpi


def computed_kpis(at: datetime) -> Iterator[Kpi]:
    """The KPIs that are computed and not retired at an instant."""
    yield from Kpi.objects.filter(source=Source.METRIC, created_at__lte=at).exclude(retired_at__lte=at)


def compute_for_day(run: Run) -> Callable[[], dict[str, int]]:
    """Compute the month or quarter in which the run's day begins."""
    kpi, window = run.subject, run.window
    if not isinstance(kpi, Kpi) or window is None:
        raise Unprocessable("A KPI is computed for a day.")
    ours = organisation()
    day = window.start.astimezone(ours.zone).date()
    period = period_of(day, kpi.period, ours)
    return lambda: {"values": compute_kpi(kpi, period, run=run)}


COMPUTE_KPI = JobKind(
    "compute-kpi",
    "Compute a KPI",
    run=compute_for_day,
    every=timedelta(days=1),
    subjects=computed_kpis,
    delay=timedelta(hours=2),
    priority=150,
)
