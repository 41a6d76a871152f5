"""Celery entry points of monitoring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitoring.models import DirtyDay
from monitoring.services.summaries import profile_days, store_summaries
from portal.areas import JobKind
from portal.jobs.models import Run
from portal.jobs.services import progress
from portal.registry.models import ModelVersion


def profile_month(run: Run) -> Callable[[], Any] | None:
    """Count again the days of a month that are behind their rows."""
    version = ModelVersion.objects.select_related("model__system").get(pk=run.subject_id)
    assert run.window is not None
    first, last = run.window.start.date(), run.window.end.date()
    days = list(DirtyDay.objects.filter(version=version, day__gte=first, day__lt=last).order_by("day"))
    done = []
    for place, day in enumerate(days):
        progress(run, place, len(days), f"Counting {day.day:%d %b %Y}")
        done += profile_days(version, [day])

    def commit() -> Any:
        changed = store_summaries(version, done, run=run)
        return {"days": len(done), "changed": [day.isoformat() for day in changed]}

    return commit


PROFILE_MONTH = JobKind("monitoring.profile", "Count predictions", profile_month, priority=50)
