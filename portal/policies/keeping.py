"""How long the ledger remembers, and the job that lets it forget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.areas import JobKind, PolicyKind
from portal.audit.services import record
from portal.jobs.models import Run
from portal.jobs.services.pruning import prune
from portal.policies.parameters import parameter
from portal.policies.selectors import in_force

SHORTEST = 90
"""Days: a quarterly review can still look behind every number it reads."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how long a run stays that nothing refers to."""

    run_days: int = parameter(
        400,
        "Days an ended run is kept",
        unit="d",
        help_text="One that an evaluation, a finding, evidence or a case refers to is kept in any case.",
        looser="down",
    )

    def __post_init__(self) -> None:
        if self.run_days < SHORTEST:
            raise ValueError(f"Runs are kept for {SHORTEST} days at least.")


KEEPING = PolicyKind("keeping", "Keeping of runs", Keeping)


def prune_runs(run: Run) -> Callable[[], dict[str, int]]:
    """Delete what the policy lets go, piece by piece: what is gone stays gone, whatever comes of this run."""
    policy = in_force(KEEPING)
    before = timezone.now() - timedelta(days=policy.parameters.run_days)
    pruned = prune(before)
    run.counts = {"pruned": pruned}

    def commit() -> dict[str, Any]:
        if pruned:
            facts: dict[str, Any] = {
                "runs": pruned,
                "ended_before": before.isoformat(),
                "policy": policy.version,
            }
            record("runs.pruned", None, actor=None, **facts)
        return {"pruned": pruned}

    return commit


PRUNE_RUNS = JobKind(
    "prune-runs",
    "Forget runs that nothing refers to",
    prune_runs,
    every=timedelta(days=1),
    catch_up=1,
    limit=timedelta(hours=1),
)
