"""The committee decides on an option: who may, what it binds to, and what the decision does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from governance.strategy.build_or_buy import BUILD_OR_BUY
from governance.strategy.selectors import case_of, may_propose
from governance.strategy.services import propose_option
from portal.accounts.models import User
from portal.analyses.models import Analysis, State
from portal.analyses.services import change_analysis, save_analysis, set_aside
from portal.cases.models import Case
from portal.cases.services import cast_vote
from portal.errors import Conflict, Denied, Invalid, Refused, Stale
from tests.governance.strategy.conftest import BUY, QUESTION
from tests.portal.cast import Cast


def approve(case: Case, *voters: User) -> None:
    for voter in voters:
        cast_vote(case, actor=voter, choice="approve", reason="Fine.")


def test_two_members_accept_and_the_analysis_is_frozen_with_what_they_saw(
    cast: Cast, draft: Analysis
) -> None:
    case = propose_option(draft, "Buy", actor=cast.erin, reason="Sooner.")
    draft.refresh_from_db()
    assert f"sha256:{draft.digest}" in case.snapshot
    approve(case, cast.chen)
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    approve(case, cast.ann)
    draft.refresh_from_db()
    assert (draft.state, draft.choice, draft.closing_reason) == (
        State.ACCEPTED,
        "Buy",
        f"Decided in {case.ref}",
    )
    asked = case_of(draft, cast.erin)
    assert asked is not None
    assert not asked.stale


def test_whoever_proposes_or_made_it_has_no_vote(cast: Cast, draft: Analysis, bob: User) -> None:
    case = propose_option(draft, "Buy", actor=bob, reason="Sooner.")
    for close in (bob, cast.erin):
        with pytest.raises(Denied):
            approve(case, close)


def test_a_rejected_option_leaves_a_draft_that_can_be_asked_again(cast: Cast, draft: Analysis) -> None:
    case = propose_option(draft, "Build", actor=cast.erin, reason="Ours.")
    for voter in (cast.chen, cast.ann):
        cast_vote(case, actor=voter, choice="reject", reason="Too late.")
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    assert propose_option(draft, "Buy", actor=cast.erin, reason="Then this.").ref != case.ref


def test_another_number_makes_the_question_stale_and_a_new_one_takes_its_place(
    cast: Cast, draft: Analysis
) -> None:
    first = propose_option(draft, "Buy", actor=cast.erin, reason="Sooner.")
    change_analysis(draft, actor=cast.erin, inputs=replace(QUESTION, rate=Decimal("0.051")))
    with pytest.raises(Stale):
        approve(first, cast.chen)
    assert may_propose(draft, cast.erin, case_of(draft, cast.erin))
    second = propose_option(draft, "Buy", actor=cast.erin, reason="Sooner.")
    first.refresh_from_db()
    assert (first.state, second.state) == ("withdrawn", "open")


def test_what_was_set_aside_meanwhile_is_not_accepted(cast: Cast, draft: Analysis) -> None:
    case = propose_option(draft, "Buy", actor=cast.erin, reason="Sooner.")
    set_aside(draft, actor=cast.erin, reason="No money.")
    with pytest.raises(Stale):
        approve(case, cast.chen)


def test_the_same_question_is_not_open_twice(cast: Cast, draft: Analysis) -> None:
    propose_option(draft, "Buy", actor=cast.erin, reason="Sooner.")
    assert not may_propose(draft, cast.erin, case_of(draft, cast.erin))
    with pytest.raises(Conflict):
        propose_option(draft, "Buy", actor=cast.erin, reason="Again.")


def test_one_option_is_no_choice(cast: Cast) -> None:
    alone = replace(QUESTION, options=(BUY,))
    analysis = save_analysis(BUILD_OR_BUY, alone, title="Alone", system=cast.churn, actor=cast.erin)
    with pytest.raises(Refused, match="no choice"):
        propose_option(analysis, "Buy", actor=cast.erin, reason="It is there.")


def test_an_option_that_is_not_there_is_refused(cast: Cast, draft: Analysis) -> None:
    with pytest.raises(Invalid):
        propose_option(draft, "Rent", actor=cast.erin, reason="Cheap.")
