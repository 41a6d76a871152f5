"""What a worker does besides runs: plan, seal the audit, say that it is alive, see what waits too long."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now

from portal.audit.sealing import seal_pending
from portal.jobs.kinds import kinds
from portal.jobs.models import Delivery, DeliveryState, Run, RunState, Worker
from portal.jobs.services.planning import plan
from portal.jobs.worker import worker_name

logger = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""How long what was sent stays in the outbox."""


def tick() -> int:
    """Plan what is due; how many runs were queued. Beat calls it, and every worker: beat may be away."""
    return plan()


def seal() -> None:
    """Seal the audit entries that wait for it. Trouble with key or disk must not keep runs waiting."""
    try:
        seal_pending()
    except Exception:
        logger.exception("audit entries could not be sealed")


def sign_of_life(concurrency: int) -> None:
    """Keep the worker's row: it is alive now."""
    Worker.objects.update_or_create(
        name=worker_name(),
        defaults={"concurrency": concurrency, "seen_at": Now()},
        create_defaults={"concurrency": concurrency, "seen_at": Now(), "started_at": Now()},
    )


def runs_waiting(patience: timedelta, most: int) -> int:
    """How many runs nobody has taken for longer than that, counted up to so many."""
    overdue = Run.objects.claimable().filter(available_at__lt=Now() - Value(patience), job__in=list(kinds()))
    return len(overdue.order_by().values_list("pk")[:most])


def under_way() -> int:
    """How many runs this worker has at work, in its pool or by its poller."""
    return Run.objects.filter(state=RunState.RUNNING, worker=worker_name(), lease_until__gt=Now()).count()


def mail_waits(patience: timedelta) -> bool:
    """Whether something in the outbox has waited longer than that."""
    return Delivery.objects.claimable().filter(available_at__lt=Now() - Value(patience)).exists()


def forget() -> dict[str, int]:
    """Delete deliveries sent long ago, with the text of the mail, and workers not heard of for a day."""
    sent = Delivery.objects.filter(state=DeliveryState.SENT, ended_at__lt=Now() - Value(KEPT))
    gone = Worker.objects.filter(seen_at__lt=Now() - Value(timedelta(days=1)))
    return {"deliveries": sent.delete()[0], "workers": gone.delete()[0]}
