"""Checks as jobs: one run per check, subject and window, and the run that orders those that are due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.areas import Check, JobKind, Window, declared, find
from portal.checks.measuring import ATTEMPTS
from portal.checks.services import commit, measure
from portal.errors import Unprocessable
from portal.jobs.models import Run
from portal.jobs.services import request

ORIGIN = datetime(2001, 1, 1, tzinfo=UTC)
"""A Monday, midnight: windows of hours, days and weeks are counted from here."""


def run_declared_check(run: Run) -> Callable[[], dict[str, Any]]:
    """Measure what the run's variant names; what it answers commits it behind the fence."""
    check: Check = find("checks", run.variant)
    if run.subject is None or run.window is None:
        raise Unprocessable("A check runs on a subject over a window.")
    measured = measure(check, run.subject, run.window, run=run)
    run.counts = {"readings": len(measured.readings)}
    run.input_digest = measured.digest

    def finish() -> dict[str, Any]:
        evaluation = commit(measured, run=run, actor=run.requested_by)
        return {"evaluation": evaluation.pk, "verdict": evaluation.verdict}

    return finish


def order_due_checks(run: Run) -> Callable[[], dict[str, int]]:
    """Order every check whose window ended within the run's own window, for each of its subjects."""
    window = run.window
    if window is None:
        raise Unprocessable("Checks are ordered for a window.")
    due = [
        (check, subject, ended)
        for check in declared("checks")
        if (ended := window_ending_in(check.every, window)) is not None
        for subject in check.subjects(window.end)
    ]

    def finish() -> dict[str, int]:
        for check, subject, ended in due:
            request(RUN_CHECK, subject, ended, variant=check.slug, revision=1)
        return {"ordered": len(due)}

    return finish


def window_ending_in(every: timedelta, window: Window) -> Window | None:
    """The last window of that length that ended in ``(start, end]`` of another; None if none did."""
    end = ORIGIN + (window.end - ORIGIN) // every * every
    return Window(end - every, end) if window.start < end else None


def variants() -> list[str]:
    return [check.slug for check in declared("checks")]


RUN_CHECK = JobKind(
    "run-check", "Run a check", run=run_declared_check, variants=variants, attempts=ATTEMPTS, priority=120
)
ORDER_CHECKS = JobKind(
    "order-checks",
    "Order the checks that are due",
    run=order_due_checks,
    every=timedelta(hours=1),
    priority=60,
)
