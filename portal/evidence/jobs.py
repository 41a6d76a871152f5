"""Bytes that lost their last evidence are removed, also where a crash came between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from portal.areas import JobKind
from portal.evidence.models import Blob
from portal.evidence.services import remove_unnamed
from portal.jobs.models import Run


def sweep(run: Run) -> Callable[[], dict[str, int]]:
    """Remove each in a transaction of its own: what is gone stays gone, whatever becomes of the run."""
    unnamed = Blob.objects.filter(removed_at=None, evidence=None)
    removed = sum(remove_unnamed(blob) for blob in unnamed.iterator())
    run.counts = {"removed": removed}
    return lambda: {"removed": removed}


SWEEP = JobKind(
    "sweep-evidence",
    "Remove bytes that no evidence names any more",
    run=sweep,
    every=timedelta(days=1),
    catch_up=1,
)
