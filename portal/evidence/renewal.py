"""Evidence that ends: a month ahead somebody says whether it is replaced or no longer needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.areas import CaseKind, Choice, Deadline, Role, Stance
from portal.evidence.models import Evidence


def what_ends(evidence: Evidence) -> Mapping[str, Any]:
    """What the decision is about: this claim, these bytes, until this day."""
    return {
        "Evidence": evidence.ref,
        "Claim": evidence.claim or evidence.title,
        "Digest": evidence.blob_id,
        "Valid until": evidence.valid_until,
    }


EVIDENCE_ENDS = CaseKind(
    slug="evidence-ends",
    title="Evidence ends",
    prefix="EVE",
    roles=frozenset({Role.STEWARD, Role.ETHICS}),
    quorum=1,
    days=30,
    snapshot=what_ends,
    votes="cases.vote",
    choices=(
        Choice("replaced", "Newer evidence is in place", Stance.FOR, "replaced"),
        Choice("lapsed", "It may lapse", Stance.AGAINST, "lapsed", "Nothing relies on it any more."),
    ),
    owners_vote=True,
)
ENDS = Deadline("evidence.Evidence", "valid_until", notice=30, opens=EVIDENCE_ENDS)
