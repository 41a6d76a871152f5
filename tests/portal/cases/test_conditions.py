"""Conditions bind, are met by one and accepted by another, and hold the gate until then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.accounts.services import organisation
from portal.areas import GateState
from portal.cases.models import Case, Condition, ConditionState
from portal.cases.selectors import gate_answer, standing_approval
from portal.cases.services import (
    accept_condition,
    cast_vote,
    open_case,
    propose_condition,
    report_condition,
)
from portal.cases.services.voting import Wish
from portal.errors import Denied, Invalid, Refused
from portal.evidence.services import store
from portal.findings.models import Notification
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import REVIEW


def approved_with(cast: Cast, *wishes: Wish, days_ago: int = 0) -> Case:
    at = timezone.now() - timedelta(days=days_ago)
    case = open_case(REVIEW, cast.churn, actor=cast.dave, at=at)
    cast_vote(case, actor=cast.chen, choice="conditions", reason="Only so.", conditions=wishes, at=at)
    cast_vote(case, actor=cast.ann, approve=True, reason="Fine.", at=at)
    case.refresh_from_db()
    return case


def test_one_voice_for_conditions_makes_them_bind(cast: Cast) -> None:
    case = approved_with(cast, Wish("Show three reasons for each rank", cast.erin))
    assert (case.outcome, case.approved) == ("conditions", True)
    condition = case.conditions.get()
    assert condition.state == ConditionState.BINDING
    assert Notification.objects.needing(cast.erin).filter(kind="case-condition").exists()


def test_a_vote_for_conditions_names_at_least_one(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    with pytest.raises(Invalid, match="Name at least one condition"):
        cast_vote(case, actor=cast.chen, choice="conditions", reason="Only so.")


def test_an_approval_waits_for_a_condition_without_a_day(cast: Cast) -> None:
    case = approved_with(cast, Wish("Audit the groups first", cast.erin))
    assert standing_approval(REVIEW, cast.churn) is None
    answer = gate_answer(REVIEW, cast.churn)
    assert (answer.state, answer.reason) == (
        GateState.WAITING,
        f"{case.ref} waits for a condition: Audit the groups first",
    )


def test_a_condition_with_a_day_holds_the_gate_only_after_that_day(cast: Cast) -> None:
    today = organisation().today()
    approved_with(cast, Wish("Audit yearly", cast.erin, today + timedelta(days=30)))
    assert standing_approval(REVIEW, cast.churn) is not None


def test_an_overdue_condition_closes_the_gate_again(cast: Cast) -> None:
    today = organisation().today()
    approved_with(cast, Wish("Audit by then", cast.erin, today - timedelta(days=1)), days_ago=40)
    assert standing_approval(REVIEW, cast.churn) is None


def test_the_owner_reports_and_somebody_who_decides_accepts(cast: Cast) -> None:
    case = approved_with(cast, Wish("Audit the groups first", cast.erin))
    condition = case.conditions.get()
    report = store(b"All groups within limits.", title="Audit", subject=case, actor=cast.erin)
    with pytest.raises(Denied, match=r"E\.\sFenn answers"):
        report_condition(condition, actor=cast.dave, how="I did it.")
    report_condition(condition, actor=cast.erin, how="Audited, see the report.", evidence=report)
    with pytest.raises(Denied, match="does not accept it"):
        accept_condition(condition, actor=cast.erin)
    with pytest.raises(Denied):
        accept_condition(condition, actor=cast.otto)
    accept_condition(condition, actor=cast.bob)
    condition.refresh_from_db()
    assert (condition.state, condition.met_by, condition.evidence) == ("met", cast.bob, report)
    assert standing_approval(REVIEW, cast.churn) == case
    with pytest.raises(Refused, match="is not open"):
        report_condition(condition, actor=cast.erin, how="Again.")


def test_conditions_fall_away_with_a_rejection(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    propose_condition(case, text="Audit first", owner=cast.erin, due_on=None, actor=cast.chen)
    for member in (cast.chen, cast.ann):
        cast_vote(case, actor=member, approve=False, reason="No.")
    assert case.conditions.get().state == ConditionState.DROPPED


def test_the_day_of_a_condition_lies_ahead(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    with pytest.raises(Invalid, match="lies ahead"):
        propose_condition(case, text="Audit", owner=cast.erin, due_on=organisation().today(), actor=cast.chen)


@pytest.mark.parametrize(
    "change", ["text = 'Something easier'", "due_on = '2099-01-01'", "state = 'dropped'"]
)
def test_the_database_keeps_a_binding_condition_as_it_was(cast: Cast, change: str) -> None:
    approved_with(cast, Wish("Audit the groups first", cast.erin))
    with pytest.raises(IntegrityError, match="keeps its words"), transaction.atomic():
        connection.cursor().execute(f"UPDATE cases_condition SET {change}")


def test_the_database_refuses_that_an_owner_accepts(cast: Cast) -> None:
    approved_with(cast, Wish("Audit the groups first", cast.erin))
    with pytest.raises(IntegrityError, match="condition_accepted_by_another"), transaction.atomic():
        Condition.objects.update(state="met", met_by=cast.erin, met_at=timezone.now(), how="Trust me.")
