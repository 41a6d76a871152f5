"""The nightly sweep through the ledger: one run a day for each of its three parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.areas import JobKind
from portal.cases.services.sweeping import sweep_deadlines, sweep_reminders, sweep_stale
from portal.jobs.models import Run

PARTS = {"deadlines": sweep_deadlines, "reminders": sweep_reminders, "stale": sweep_stale}


def sweep(run: Run) -> Callable[[], dict[str, Any]]:
    """The part the run names, as of now: a sweep looks at days, so a missed one needs no catching up."""
    part = PARTS[run.variant]
    return lambda: part(timezone.now())


SWEEP = JobKind(
    "sweep-cases",
    "Open due cases, remind and escalate, note stale decisions",
    run=sweep,
    every=timedelta(days=1),
    variants=lambda: tuple(PARTS),
    catch_up=1,
)
