"""The values of KPIs by period, with the target of each, for one or for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from portal.accounts.models import Organisation
from portal.accounts.services import organisation
from portal.areas import Window
from portal.metrics.models import Kpi, Sample, Target
from portal.metrics.periods import last_periods, period_of, title_of
from portal.metrics.services.values import KPI_VALUE
from portal.metrics.standing import Standing, standing_of

PERIODS = 24


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a KPI: its window, name, target and value, each where there is one."""

    window: Window
    title: str
    target: float | None
    sample: Sample | None

    @property
    def value(self) -> float | None:
        return self.sample.value if self.sample else None


@dataclass(frozen=True, slots=True)
class History:
    """A KPI over its last periods, oldest first, the last being the one looked at."""

    kpi: Kpi
    points: Sequence[Point]
    at: datetime

    @property
    def latest(self) -> Point | None:
        """The newest period with a value."""
        return next((point for point in reversed(self.points) if point.value is not None), None)

    @property
    def before(self) -> Point | None:
        """The period with a value before the latest one."""
        known = [point for point in self.points if point.value is not None]
        return known[-2] if len(known) > 1 else None

    @property
    def target(self) -> float | None:
        return self.points[-1].target

    @property
    def delta(self) -> float | None:
        """The change of the latest value against the one before."""
        if (
            self.latest is None
            or self.before is None
            or self.latest.value is None
            or self.before.value is None
        ):
            return None
        return self.latest.value - self.before.value

    @property
    def stale_since(self) -> datetime | None:
        """When the value got too old: two periods after the end of its own. None while it is fresh."""
        if self.latest is None:
            return None
        window = self.latest.window
        old = window.end + 2 * (window.end - window.start)
        return old if self.at > old else None

    @property
    def standing(self) -> Standing:
        return standing_of(
            self.latest.value if self.latest else None,
            self.target,
            direction=self.kpi.direction,
            tolerance=self.kpi.tolerance,
            stale=self.stale_since is not None,
        )

    @property
    def running(self) -> bool:
        """Whether the latest value is that of a period that has not ended yet."""
        return self.latest is not None and self.latest.window.end > self.at


def histories(kpis: Iterable[Kpi], *, at: datetime | None = None, periods: int = PERIODS) -> list[History]:
    """The histories of many KPIs, read together. Three queries, however many they are."""
    at = at or timezone.now()
    rows = list(kpis)
    ours = organisation()
    windows = {kpi.pk: _windows(kpi, at, periods, ours) for kpi in rows}
    samples = _samples(windows)
    targets = _targets(rows)
    return [
        History(
            kpi,
            [
                Point(
                    window,
                    title_of(window, kpi.period, ours),
                    _target_in(targets.get(kpi.pk, []), window, ours),
                    samples.get((kpi.pk, window)),
                )
                for window in windows[kpi.pk]
            ],
            at,
        )
        for kpi in rows
    ]


def history_of(kpi: Kpi, *, at: datetime | None = None, periods: int = PERIODS) -> History:
    """The history of one KPI."""
    return histories([kpi], at=at, periods=periods)[0]


def _windows(kpi: Kpi, at: datetime, periods: int, ours: Organisation) -> list[Window]:
    return last_periods(periods, period_of(ours.today(at), kpi.period, ours), kpi.period, ours)


def _samples(windows: dict[int, list[Window]]) -> dict[tuple[int, Window], Sample]:
    if not windows:
        return {}
    found = (
        Sample.objects.current()
        .filter(
            series__metric=KPI_VALUE.slug,
            series__subject_type=ContentType.objects.get_for_model(Kpi),
            series__subject_id__in=windows,
            window_start__gte=min(each[0].start for each in windows.values()),
        )
        .select_related("series", "run")
    )
    return {(sample.series.subject_id, sample.window): sample for sample in found}


def _targets(kpis: Iterable[Kpi]) -> dict[int, list[Target]]:
    """The targets of each KPI, in the order of their days."""
    found: dict[int, list[Target]] = {}
    for target in Target.objects.filter(kpi__in=list(kpis)).order_by("starts_on"):
        found.setdefault(target.kpi_id, []).append(target)
    return found


def _target_in(targets: Sequence[Target], window: Window, ours: Organisation) -> float | None:
    """The target in force on the last day of a period."""
    last_day = ours.today(window.end - timedelta(seconds=1))
    begun = [target.value for target in targets if target.starts_on <= last_day]
    return begun[-1] if begun else None
