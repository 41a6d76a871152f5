"""A gate is waived by a case: asked by one, granted by another, until a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.areas import GateState
from portal.cases.models import Case
from portal.cases.services import ask_waiver, cast_vote
from portal.errors import Conflict, Denied, Invalid, Refused
from portal.registry.services import gate_report
from tests.portal.cases.conftest import Cast

WHY = "The committee meets next month; the old version is worse."


def ask(cast: Cast, days: int = 30) -> Case:
    until = timezone.now() + timedelta(days=days)
    return ask_waiver(cast.churn_v1, "yard-review", actor=cast.erin, reason=WHY, expires_at=until)


def state_of_the_gate(cast: Cast) -> GateState:
    report = gate_report(cast.churn_v1)
    return next(result.answer.state for result in report.results if result.gate.slug == "yard-review")


def test_a_granted_waiver_opens_the_gate_visibly(cast: Cast) -> None:
    assert state_of_the_gate(cast) == GateState.FAILED
    case = ask(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="For a month.")
    assert state_of_the_gate(cast) == GateState.WAIVED
    waiver = cast.churn_v1.waivers.get()
    assert (waiver.asked_by, waiver.granted_by) == (cast.erin, cast.chen)


def test_a_rejected_waiver_leaves_the_gate_closed(cast: Cast) -> None:
    cast_vote(ask(cast), actor=cast.chen, approve=False, reason="Fix it.")
    assert state_of_the_gate(cast) == GateState.FAILED
    assert not cast.churn_v1.waivers.exists()


def test_whoever_asks_does_not_grant(cast: Cast) -> None:
    with pytest.raises(Denied, match="You asked for this decision"):
        cast_vote(ask(cast), actor=cast.erin, approve=True, reason="Please.")


def test_only_who_may_open_cases_asks(cast: Cast) -> None:
    until = timezone.now() + timedelta(days=30)
    with pytest.raises(Denied):
        ask_waiver(cast.churn_v1, "yard-review", actor=cast.otto, reason=WHY, expires_at=until)


def test_one_waiver_is_asked_at_a_time_and_none_while_one_is_in_force(cast: Cast) -> None:
    case = ask(cast)
    with pytest.raises(Conflict, match=case.ref):
        ask(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="For a month.")
    with pytest.raises(Refused, match="is in force"):
        ask(cast)


@pytest.mark.parametrize("days", [0, -1, 93])
def test_a_waiver_lasts_up_to_92_days(cast: Cast, days: int) -> None:
    with pytest.raises(Invalid, match="92 days"):
        ask(cast, days)


def test_a_gate_nobody_declared_is_invalid(cast: Cast) -> None:
    with pytest.raises(Invalid, match="There is no gate 'luck'"):
        ask_waiver(
            cast.churn_v1, "luck", actor=cast.erin, reason=WHY, expires_at=timezone.now() + timedelta(days=1)
        )
