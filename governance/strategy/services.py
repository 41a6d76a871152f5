"""Putting an option to those who decide, and what their decision means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from portal.accounts.models import User
from portal.analyses.models import Analysis, State
from portal.analyses.services import accept, choose
from portal.areas import CaseKind, Role
from portal.cases.models import Case
from portal.cases.services import open_case
from portal.errors import Refused
from portal.web.figures import money, pct

FEWEST = 2
"""Options below which there is nothing to decide."""


@transaction.atomic
def propose_option(
    analysis: Analysis, option: str, *, actor: User, reason: str = "", at: datetime | None = None
) -> Case:
    """Choose an option and ask the committee to accept it; what it decides on is frozen by its digest.

    Raises Refused for fewer than two options and for what is no draft, Invalid for an option that is not
    there, Conflict while the same question is open.
    """
    if len(analysis.inputs["options"]) < FEWEST:
        raise Refused("One option is no choice: enter a second one, even if it is to do nothing.")
    chosen = choose(analysis, option, actor=actor, at=at)
    title = f"Build or buy: {chosen.title}"
    return open_case(DECISION, chosen, actor=actor, title=title, reason=reason, at=at)


def picture(analysis: Analysis) -> Mapping[str, Any]:
    """What the committee decides on: the choice, the ranking it stands in, and the digest of everything."""
    inputs = analysis.inputs
    return {
        "question": analysis.title,
        "chosen": analysis.choice,
        "ranking": [
            f"{each['name']}: {money(Decimal(each['npv']), inputs['currency'], 0)}"
            for each in analysis.result["ranking"]
        ],
        "discount_rate": pct(Decimal(inputs["rate"])),
        "years_compared": inputs["years"],
        "engine": analysis.engine,
        "digest": f"sha256:{analysis.digest}",
        "on_the_table": analysis.state != State.SET_ASIDE,
    }


def apply_decision(case: Case, *, actor: User | None) -> None:
    """An approval freezes the analysis with its choice; a rejection leaves it a draft to be changed."""
    analysis = case.subject
    assert isinstance(analysis, Analysis)
    if case.approved:
        accept(analysis, actor=actor, reason=f"Decided in {case.ref}", at=case.closed_at)


DECISION = CaseKind(
    slug="build-or-buy",
    title="Build or buy",
    prefix="BOB",
    roles=frozenset({Role.COMMITTEE}),
    quorum=2,
    days=14,
    snapshot=picture,
    on_decided=apply_decision,
    opens="strategy.propose",
)
