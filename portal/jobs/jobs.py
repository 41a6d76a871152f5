"""The ledger's own housekeeping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from portal.areas import JobKind
from portal.jobs.models import Run
from portal.jobs.services import upkeep


def tidy(_run: Run) -> Callable[[], Any]:
    """Forget what was sent long ago and workers that are gone."""
    return upkeep.forget


TIDY = JobKind("tidy", "Forget what was sent long ago", tidy, every=timedelta(days=1), catch_up=1)
