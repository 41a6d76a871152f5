"""What people and gates read of cases."""

from portal.cases.selectors.seats import missing_voters
from portal.cases.selectors.standing import (
    changed_facts,
    gate_answer,
    is_stale,
    latest_decision,
    standing_approval,
)

__all__ = [
    "changed_facts",
    "gate_answer",
    "is_stale",
    "latest_decision",
    "missing_voters",
    "standing_approval",
]
