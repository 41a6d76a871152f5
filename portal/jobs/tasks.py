"""What Celery is rung for. Tasks carry no arguments: the ledger knows what there is to do."""

from __future__ import annotations

from celery import shared_task

from portal.jobs import doorbell
from portal.jobs.services import dispatch, drain, upkeep
from portal.jobs.worker import worker_name

LONGEST = 6 * 3600
"""Seconds after which Celery ends a process; the limit of a single run is its kind's, and shorter."""


@shared_task(name=doorbell.RING, soft_time_limit=LONGEST, time_limit=LONGEST + 60)
def ring() -> None:
    drain(worker_name())


@shared_task(name=doorbell.DELIVER, soft_time_limit=LONGEST, time_limit=LONGEST + 60)
def deliver() -> None:
    dispatch()


@shared_task(name="portal.jobs.tick")
def tick() -> None:
    upkeep.tick()
    upkeep.seal()
