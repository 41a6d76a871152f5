"""The life of a claimed run: claimed, kept alive, told about, ended behind the fence.

Every instant is the database's. Whoever lost the lease can write nothing: each statement names the token.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Now

from portal.areas import JobKind
from portal.audit.services import record
from portal.errors import Busy, PortalError
from portal.jobs.kinds import kind_of, kinds
from portal.jobs.models import Attempt, Outcome, Run, RunState

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
LOST = "The worker was lost before the run ended."


class LeaseLost(Exception):
    """Somebody else has the run by now, or somebody may: stop, and write nothing."""


def claim(worker: str, *, run: Run | None = None) -> Run | None:
    """Take the most urgent run that waits, or that run; None when there is none.

    A run whose worker went away is taken over, until its attempts are used up: then it is dead.
    """
    while True:
        with transaction.atomic():
            found = _lock_next(run)
            if found is None:
                return None
            kind = kind_of(found.job)
            if found.state == RunState.RUNNING:
                _end_attempt(found, Outcome.LOST, LOST)
                if found.attempt >= kind.attempts:
                    _end(found, RunState.DEAD, error=found.error or LOST)
                    record("run.given_up", found, actor=None, attempts=found.attempt)
                    continue
            return _lease(found, kind, worker)


def _lock_next(run: Run | None) -> Run | None:
    """Lock the next run for us, passing over what others have locked."""
    _walk_the_index()
    unlocked = Run.objects.select_for_update(skip_locked=True, of=("self",))
    if run is None:
        known = unlocked.claimable().filter(job__in=list(kinds()))
        return known.order_by("priority", "available_at", "pk").first()
    waiting = unlocked.filter(pk=run.pk)
    return waiting.filter(state=RunState.QUEUED).first() or waiting.claimable().first()


def _walk_the_index() -> None:
    """Have this transaction read waiting runs in the order of their index.

    Just after ten thousand runs were planned the statistics do not know of them yet, and every claim would
    fetch and sort them all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")


def _lease(run: Run, kind: JobKind, worker: str) -> Run:
    token, attempt = uuid4(), run.attempt + 1
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        token=token,
        attempt=attempt,
        lease_until=Now() + Value(kind.lease),
        worker=worker,
        started_at=Now(),
        step=0,
        steps=0,
        message="",
    )
    Attempt.objects.create(run=run, number=attempt, worker=worker, started_at=Now())
    run.refresh_from_db()
    return run


def heartbeat(run: Run, *, log: str | None = None) -> bool:
    """Extend the lease by its full length, and keep the log so far; False when the lease is lost."""
    told = {} if log is None else {"log": log}
    return _update(run, lease_until=Now() + Value(kind_of(run.job).lease), **told)


def progress(run: Run, step: int, steps: int, message: str = "") -> None:
    """Tell how far the job is, in a transaction of its own. Raises LeaseLost when the run is somebody else's.

    Call it outside transactions, once per step worth seeing; each call is one short UPDATE.
    """
    run.step, run.steps, run.message = step, steps, message[:200]
    if not _update(run, step=step, steps=steps, message=run.message):
        raise LeaseLost


def _update(run: Run, **values: Any) -> bool:
    mine = Run.objects.filter(pk=run.pk, token=run.token, state=RunState.RUNNING)
    return bool(mine.update(**values))


@transaction.atomic
def finish(run: Run, commit: Callable[[], Any] | None, *, log: str = "") -> None:
    """End the run as done, together with what ``commit`` writes, in one transaction behind the fence.

    What ``commit`` returns is kept as the run's result where it is a mapping or a list, JSON inside. Raises
    LeaseLost, before ``commit`` is called, when the run was taken over meanwhile.
    """
    _fence(run)
    told = commit() if commit else None
    result = told if isinstance(told, dict | list) else None
    _end_attempt(run, Outcome.DONE)
    _end(
        run, RunState.DONE, result=result, counts=run.counts, input_digest=run.input_digest, log=log, error=""
    )
    record("run.finished", run, actor=None, attempt=run.attempt, counts=run.counts)


@transaction.atomic
def fail(run: Run, error: Exception, *, log: str = "") -> None:
    """End the attempt: try again later, or give up when the input is wrong or the attempts are used up.

    Wrong input is any PortalError but Busy; everything else may be a passing trouble.
    """
    _fence(run)
    kind = kind_of(run.job)
    text = describe(error)
    if isinstance(error, PortalError) and not isinstance(error, Busy):
        _end_attempt(run, Outcome.FAILED, text)
        _end(run, RunState.FAILED, error=text, log=log, counts=run.counts)
        record("run.failed", run, actor=None, attempt=run.attempt)
    elif run.attempt >= kind.attempts:
        _end_attempt(run, Outcome.FAILED, text)
        _end(run, RunState.DEAD, error=text, log=log, counts=run.counts)
        record("run.given_up", run, actor=None, attempts=run.attempt)
    else:
        _end_attempt(run, Outcome.RETRY, text)
        _try_again(run, pause_after(run.attempt, error), error=text, log=log)


def pause_after(attempt: int, error: Exception | None = None) -> timedelta:
    """How long to wait after that many attempts: doubling from 10 s to 15 min, give or take a fifth.

    A Busy error that names its own time is obeyed.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** min(attempt, 20), LONGEST_PAUSE)
    spread = random.uniform(0.8, 1.2)  # noqa: S311 - no secret, only to keep retries apart
    asked = timedelta(seconds=error.seconds) if isinstance(error, Busy) else timedelta(0)
    return max(pause * spread, asked)


def describe(error: Exception) -> str:
    """The error in a sentence for the run page: what, and for a defect also its type."""
    return error.detail if isinstance(error, PortalError) else f"{type(error).__name__}: {error}"[:2000]


def _fence(run: Run) -> None:
    """Lock the run until the transaction ends. Raises LeaseLost unless the token is still ours."""
    mine = Run.objects.select_for_update(of=("self",)).filter(
        pk=run.pk, token=run.token, state=RunState.RUNNING
    )
    if not mine.exists():
        raise LeaseLost


def _end(run: Run, state: RunState, **facts: Any) -> None:
    _settle(run, state=state, ended_at=Now(), lease_until=None, token=None, **facts)


def _try_again(run: Run, pause: timedelta, **facts: Any) -> None:
    later = Now() + Value(pause)
    _settle(run, state=RunState.QUEUED, available_at=later, lease_until=None, token=None, **facts)


def _settle(run: Run, **values: Any) -> None:
    Run.objects.filter(pk=run.pk).update(**values)
    run.refresh_from_db()


def _end_attempt(run: Run, outcome: Outcome, error: str = "") -> None:
    run.attempts.filter(outcome="").update(outcome=outcome, ended_at=Now(), error=error)
