"""What Celery is rung for. Tasks carry no arguments: the ledger knows what there is to do."""

from __future__ import annotations

from celery import shared_task

from portal.jobs import doorbell
from portal.jobs.kinds import LONGEST
from portal.jobs.services import dispatch, drain, upkeep
from portal.jobs.worker import worker_name

SOFT = int(LONGEST.total_seconds())
HARD = SOFT + 60


@shared_task(name=doorbell.RING, soft_time_limit=SOFT, time_limit=HARD)
def ring() -> None:
    drain(worker_name())


@shared_task(name=doorbell.DELIVER, soft_time_limit=SOFT, time_limit=HARD)
def deliver() -> None:
    dispatch()


@shared_task(name="portal.jobs.tick")
def tick() -> None:
    upkeep.tick()
    upkeep.seal()
