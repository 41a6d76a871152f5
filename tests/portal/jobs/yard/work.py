"""The jobs of the yard. Each leaves one mark per commit, in a table that allows any number of them."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from portal.areas import JobKind
from portal.errors import Busy, Unprocessable
from portal.jobs.models import Run
from portal.jobs.services import progress, request
from portal.jobs.services.watch import OutOfTime
from portal.registry.models import System

logger = logging.getLogger("portal.yard")

TABLE = "CREATE TABLE yard_mark (run bigint, attempt int, pid int, ppid int)"


def mark(run: Run) -> dict[str, Any]:
    """What a job commits: one row, whose number a test can count."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO yard_mark VALUES (%s, %s, %s, %s)", [run.pk, run.attempt, os.getpid(), os.getppid()]
        )
    return {"marked": True}


def note(run: Run) -> Callable[[], Any]:
    run.counts["notes"] = 1
    return lambda: mark(run)


def ask_on(run: Run) -> Callable[[], Any]:
    """Asks for a note when it commits."""
    return lambda: {"asked": request(NOTE, arguments={"from": run.pk}).pk}


def work(run: Run) -> Callable[[], Any]:
    """Works for ``seconds``, in steps of a tenth; a first attempt for ``first_seconds`` where given."""
    seconds = run.arguments.get("first_seconds" if run.attempt == 1 else "seconds", run.arguments["seconds"])
    steps = max(1, round(10 * seconds))
    for step in range(steps):
        progress(run, step, steps, f"in {os.getpid()}")
        time.sleep(seconds / steps)
    return lambda: mark(run)


def misbehave(run: Run) -> Callable[[], Any] | None:
    how = run.arguments["how"]
    if how == "talk":
        for line in range(300):
            logger.warning("row group %s", line)
        return None
    if how == "die":
        os._exit(9)
    if how == "raise":
        raise RuntimeError("The disk is on fire.")
    if how == "busy":
        raise Busy("The cluster is full.", seconds=3600)
    if how == "refuse":
        raise Unprocessable("Column age is missing.")
    if how == "nan":
        return lambda: {"psi": float("nan")}
    if how == "ignore":
        with suppress(OutOfTime):
            time.sleep(60)
    time.sleep(60)
    return None


def every_system(_at: datetime) -> Iterator[System]:
    return System.objects.order_by("pk").iterator()


def two_checks() -> Sequence[str]:
    return ["drift", "bias"]


QUICK = timedelta(seconds=2)
NOTE = JobKind("note", "Take a note", note, lease=QUICK)
CHAIN = JobKind("chain", "Ask for a note", ask_on, lease=QUICK)
WORK = JobKind("work", "Work for a while", work, lease=QUICK, attempts=50)
TROUBLE = JobKind("trouble", "Misbehave", misbehave, lease=timedelta(seconds=1), attempts=2)
SHORT = JobKind(
    "short",
    "Have little time",
    misbehave,
    lease=timedelta(seconds=1),
    attempts=2,
    limit=timedelta(seconds=0.3),
)
HOURLY = JobKind(
    "hourly", "Look every hour", note, every=timedelta(hours=1), subjects=every_system, lease=QUICK
)
DAILY = JobKind(
    "daily",
    "Check every day",
    note,
    every=timedelta(days=1),
    subjects=every_system,
    variants=two_checks,
    delay=timedelta(hours=2),
    catch_up=3,
)
