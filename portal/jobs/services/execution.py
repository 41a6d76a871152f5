"""Executing claimed runs: one, all that wait, or one in the foreground."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import Model

from portal.accounts.models import User
from portal.areas import JobKind, Window
from portal.audit.context import acting
from portal.jobs import doorbell
from portal.jobs.kinds import kind_of
from portal.jobs.models import Run
from portal.jobs.services.leases import LeaseLost, claim, fail, finish
from portal.jobs.services.requests import order_run
from portal.jobs.services.watch import LogTail, Watch

logger = logging.getLogger(__name__)

BUDGET = 10.0
"""Seconds after which a process stops taking further runs, so that a worker can be stopped in good order."""


def execute(run: Run, *, limited: bool = True) -> None:
    """Do a claimed run: the job outside any transaction, its commit behind the fence.

    Whatever the job raises ends up in the ledger. With ``limited`` it has the time its kind allows.
    """
    kind = kind_of(run.job)
    with LogTail() as log, acting(request_id=f"run-{run.token}", via="job"):
        try:
            with Watch(run, kind, log, limited=limited) as watch:
                commit = kind.run(run)
                watch.rest()
                finish(run, commit, log=log.text)
        except LeaseLost:
            logger.warning("run %s was taken over by another worker", run.pk)
        except Exception as error:
            logger.exception("run %s of %s failed", run.pk, run.job)
            _give_up(run, error, log)


def _give_up(run: Run, error: Exception, log: LogTail) -> None:
    """Write the failure down; where even that is impossible, the lease runs out and tells."""
    try:
        fail(run, error, log=log.text)
    except LeaseLost:
        logger.warning("run %s was taken over by another worker", run.pk)
    except (DatabaseError, InterfaceError):
        logger.exception("the failure of run %s could not be written", run.pk)


def drain(worker: str, *, budget: float = BUDGET, stop: Callable[[], bool] = lambda: False) -> int:
    """Claim and execute until nothing waits, the seconds are over or it is told to stop; how many it did."""
    until = time.monotonic() + budget
    done = 0
    while not stop():
        run = claim(worker)
        if run is None:
            return done
        execute(run)
        done += 1
        if time.monotonic() > until:
            doorbell.ring()
            return done
    return done


def run_now(
    kind: JobKind,
    subject: Model | None = None,
    window: Window | None = None,
    *,
    actor: User | None = None,
    variant: str = "",
    arguments: Mapping[str, Any] | None = None,
    worker: str = "foreground",
) -> Run:
    """Do a run here and now, through the ledger, and return it as it ended.

    When a worker was quicker to claim it, wait for that worker.
    """
    run = order_run(kind, subject, window, actor=actor, variant=variant, arguments=arguments)
    while not run.ended:
        claimed = claim(worker, run=run)
        if claimed is not None:
            execute(claimed, limited=False)
            return Run.objects.get(pk=run.pk)
        time.sleep(0.2)
        run.refresh_from_db()
    return run
