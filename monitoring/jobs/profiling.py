"""Celery entry points of monitoring."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from monitoring.checks import checks_of
from monitoring.models import DirtyDay
from monitoring.services.summaries import profile_days, store_summaries
from portal.areas import JobKind, Window
from portal.checks.jobs import ORIGIN, RUN_CHECK
from portal.jobs.models import Run
from portal.jobs.services import progress, request
from portal.registry.models import ModelVersion


def profile_month(run: Run) -> Callable[[], Any] | None:
    """Count again the days of a month that are behind their rows."""
    version = ModelVersion.objects.select_related("model__system").get(pk=run.subject_id or 0)
    assert run.window is not None
    first, last = run.window.start.date(), run.window.end.date()
    days = list(DirtyDay.objects.filter(version=version, day__gte=first, day__lt=last).order_by("day"))
    done = []
    for place, day in enumerate(days):
        progress(run, place, len(days), f"Counting {day.day:%d %b %Y}")
        done += profile_days(version, [day])

    def commit() -> Any:
        changed = store_summaries(version, done, run=run)
        ordered = order_checks(version, changed)
        return {"days": len(done), "changed": len(changed), "checks": ordered}

    return commit


def order_checks(version: ModelVersion, days: Iterable[date]) -> int:
    """Have the ended windows that hold changed days judged again. Returns how many runs were ordered."""
    days = sorted(set(days))
    now, ordered = timezone.now(), 0
    for check in checks_of(version):
        windows = {window_holding(check.every, day) for day in days}
        for window in sorted(window for window in windows if window.end <= now):
            request(RUN_CHECK, version, window, variant=check.slug)
            ordered += 1
    return ordered


def window_holding(every: timedelta, day: date) -> Window:
    """The scheduled window of a length that holds a UTC day."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    begun = ORIGIN + (start - ORIGIN) // every * every
    return Window(begun, begun + every)


PROFILE_MONTH = JobKind("monitoring.profile", "Count predictions", profile_month, priority=50)
