"""An area with one case kind of each sort, about systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.accounts.models import User
from portal.areas import (
    ABSTAIN,
    APPROVE,
    CONDITIONS,
    REJECT,
    Area,
    CaseKind,
    CaseStep,
    Choice,
    Deadline,
    Gate,
    GateAnswer,
    Role,
    Stance,
)
from portal.cases.models import Case
from portal.cases.selectors import gate_answer
from portal.registry.models import ModelVersion, Stage, System
from portal.registry.services import set_stage


def purpose_and_tier(system: System) -> Mapping[str, Any]:
    return {"Purpose": system.purpose, "Risk tier": system.risk_tier}


def approve_system(case: Case, *, actor: User) -> None:
    system = System.objects.get(pk=case.subject_id)
    if case.approved and system.stage == Stage.PROPOSED:
        set_stage(system, Stage.APPROVED, actor=actor, reason=case.ref)


def kind(slug: str, prefix: str, **more: Any) -> CaseKind:
    settings: dict[str, Any] = {
        "roles": frozenset({Role.COMMITTEE}),
        "quorum": 2,
        "days": 7,
        "snapshot": purpose_and_tier,
        **more,
    }
    return CaseKind(slug=slug, title=slug.replace("-", " ").capitalize(), prefix=prefix, **settings)


REVIEW = kind("system-review", "SR", on_decided=approve_system)
SECRET = kind("secret-review", "SEC", secret=True)
PRIVATE = kind("private-review", "PRV", roles=frozenset({Role.ETHICS}), quorum=1, private=True)
OWNERS = kind("owners-review", "OWN", roles=frozenset({Role.ENGINEER}), quorum=1, owners_vote=True)
TWO_ROUNDS = kind(
    "two-rounds", "TWO", quorum=1, further=(CaseStep("Ethics", frozenset({Role.ETHICS}), quorum=1),)
)
CROWD = kind("crowd", "CRW", roles=frozenset({Role.EMPLOYEE}), quorum=7)
COURSE = kind(
    "course",
    "CRS",
    choices=(
        Choice("continue", "Continue", Stance.FOR, "continue"),
        Choice("pause", "Pause", Stance.AGAINST, "pause"),
        Choice("stop", "Stop the system", Stance.AGAINST, "stop"),
        ABSTAIN,
    ),
)
RENEWAL = kind("renewal", "REN", choices=(APPROVE, CONDITIONS, REJECT, ABSTAIN))


def ask_review(version: ModelVersion) -> GateAnswer:
    return gate_answer(REVIEW, version.system, ask_url="/ask/")


AREA = Area(
    slug="yard",
    title="Yard",
    case_kinds=(REVIEW, SECRET, PRIVATE, OWNERS, TWO_ROUNDS, CROWD, COURSE, RENEWAL),
    gates=(Gate("yard-review", "Yard review", ask_review),),
    deadlines=(Deadline("evidence.Evidence", "valid_from", 30, opens=RENEWAL),),
)
