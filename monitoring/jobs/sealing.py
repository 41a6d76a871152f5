"""Sealing small deliveries: one run orders the versions whose rows have waited long enough, one run each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from monitoring import store
from monitoring.services.sealing import seal
from monitoring.store.predictions import SEAL_FROM
from portal.areas import JobKind
from portal.jobs.models import Run
from portal.jobs.services import request
from portal.registry.models import ModelVersion


def order_seals(run: Run) -> Callable[[], Any]:
    """Have the rows sealed of versions with a file's worth of them, or with some of a day that is over."""
    now = run.window.end if run.window else timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    versions = ModelVersion.objects.filter(pk__in=store.ripe_versions(midnight, rows=SEAL_FROM))

    def commit() -> Any:
        for version in versions:
            request(SEAL, version)
        return {"ordered": len(versions)}

    return commit


def seal_deliveries(run: Run) -> Callable[[], Any]:
    """Write what waits of a version into files; they take the place of the rows in the commit of the run."""
    version = ModelVersion.objects.select_related("model__system").get(pk=run.subject_id or 0)
    written, more = store.write_waiting(version)

    def commit() -> Any:
        return seal(version, written, more=more)

    return commit


ORDER_SEALS = JobKind(
    "monitoring.order-seals",
    "Order the sealing of small deliveries",
    order_seals,
    every=timedelta(hours=1),
    catch_up=1,
    priority=110,
)
SEAL = JobKind("monitoring.seal", "Seal small deliveries", seal_deliveries, priority=110)
