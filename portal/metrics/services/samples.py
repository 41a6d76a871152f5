"""Storing what was measured, many at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from portal.areas import MetricKind, Window
from portal.jobs.models import Run
from portal.metrics.models import Sample, Series
from portal.registry.models import System

BATCH = 5_000

Key = tuple[int, int, str, str, str, str]
"""What makes a series one: subject type, subject, metric, feature, group, segment."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of a metric for a subject over a window, for the whole or for one labelled part.

    ``value`` is None where it is undefined; ``reason`` then says why. ``system`` is the subject's unless
    named. ``group`` maps attributes to values, e.g. ``{"sex": "F"}``; ``segment`` reads ``region=north``.
    """

    metric: MetricKind
    subject: Model
    window: Window
    value: float | None
    feature: str | None = None
    group: Mapping[str, str] | None = None
    segment: str | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    reason: str | None = None
    revision: int = 1
    system: System | None = None

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high):
            if number is not None and not math.isfinite(number):
                raise ValueError(f"{self.metric.slug}: {number} is no value; undefined is None with a reason")
        if self.value is None and not self.reason:
            raise ValueError(f"{self.metric.slug}: a missing value needs a reason")

    @property
    def system_id(self) -> int | None:
        return self.system.pk if self.system else getattr(self.subject, "audit_system_id", None)


def group_key(group: Mapping[str, str] | None) -> str:
    """A group as one text, e.g. ``race=B;sex=F``: attributes in alphabetical order.

    >>> group_key({"sex": "F", "race": "B"})
    'race=B;sex=F'
    """
    return ";".join(f"{name}={value}" for name, value in sorted((group or {}).items()))


@transaction.atomic
def record_samples(
    measured: Iterable[Measured], *, run: Run | None = None, at: datetime | None = None
) -> int:
    """Store values; what is already stored under the same revision stays as it is. Answers how many are new.

    A later revision supersedes the earlier ones of its window; an earlier one that arrives late is kept,
    but does not become current. Six statements for up to 5 000 values. The audit entry is the caller's:
    it says why they were recorded.
    """
    at = at or timezone.now()
    rows = list(measured)
    series = _series_of(rows)
    _lock(series.values())
    places = [(series[_key(row)], row.window) for row in rows]
    stored = _stored(places)
    fresh = [
        (row, place)
        for row, place in zip(rows, places, strict=True)
        if row.revision not in stored.get(place, {})
    ]
    newest = {place: max(stored.get(place, {0: 0})) for place in places}
    for row, place in fresh:
        newest[place] = max(newest[place], row.revision)
    over = [pk for place, known in stored.items() for rev, pk in known.items() if rev < newest[place]]
    Sample.objects.filter(pk__in=over, current=True).update(current=False)
    made = Sample.objects.bulk_create(
        [
            Sample(
                series_id=place[0],
                window_start=row.window.start,
                window_end=row.window.end,
                revision=row.revision,
                current=row.revision == newest[place],
                value=row.value,
                low=row.low,
                high=row.high,
                n=row.n,
                reason=(row.reason or "")[:200],
                run=run,
                recorded_at=at,
            )
            for row, place in fresh
        ],
        batch_size=BATCH,
    )
    return len(made)


def _key(row: Measured) -> Key:
    return (
        ContentType.objects.get_for_model(row.subject).pk,
        row.subject.pk,
        row.metric.slug,
        row.feature or "",
        group_key(row.group),
        row.segment or "",
    )


def _series_of(rows: Sequence[Measured]) -> dict[Key, int]:
    """The series of each row by its key; those that do not exist yet are made."""
    wanted = {_key(row): row for row in rows}
    known = _known(wanted)
    missing = [key for key in wanted if key not in known]
    if not missing:
        return known
    Series.objects.bulk_create(
        [
            Series(
                subject_type_id=key[0],
                subject_id=key[1],
                metric=key[2],
                feature=key[3],
                group=key[4],
                segment=key[5],
                system_id=wanted[key].system_id,
            )
            for key in missing
        ],
        ignore_conflicts=True,
    )
    return _known(wanted)


def _known(wanted: Iterable[Key]) -> dict[Key, int]:
    keys = list(wanted)
    found = Series.objects.filter(
        subject_type__in={key[0] for key in keys},
        subject_id__in={key[1] for key in keys},
        metric__in={key[2] for key in keys},
    )
    names = ("subject_type_id", "subject_id", "metric", "feature", "group", "segment", "pk")
    return {row[:6]: row[6] for row in found.values_list(*names)}


def _lock(series: Iterable[int]) -> None:
    """Whoever records for the same series waits, always in the same order."""
    list(Series.objects.select_for_update().filter(pk__in=set(series)).order_by("pk").values_list("pk"))


def _stored(places: Sequence[tuple[int, Window]]) -> dict[tuple[int, Window], dict[int, int]]:
    """The revisions that are stored for each series and window, and their rows."""
    rows = Sample.objects.filter(
        series__in={series for series, _ in places},
        window_start__in={window.start for _, window in places},
        window_end__in={window.end for _, window in places},
    )
    found: dict[tuple[int, Window], dict[int, int]] = {}
    for pk, series, start, end, revision in rows.values_list(
        "pk", "series", "window_start", "window_end", "revision"
    ):
        found.setdefault((series, Window(start, end)), {})[revision] = pk
    return found
