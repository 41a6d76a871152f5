"""Who may vote, what decides, and what the database itself refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from portal.accounts.services import end_membership
from portal.areas import GateState
from portal.audit.models import Entry
from portal.cases.models import Case, State, Vote
from portal.cases.selectors import gate_answer, is_stale, standing_approval
from portal.cases.services import cast_vote, declare_conflict, open_case, set_due_day, withdraw
from portal.errors import Conflict, Denied, Invalid, Refused, Stale
from portal.findings.models import Notification
from portal.registry.models import Stage, Tier
from portal.registry.services import update_system
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import COURSE, OWNERS, REVIEW, SECRET, TWO_ROUNDS

REFUSED = IntegrityError
"""How the database reports a restrict_violation."""


def review(cast: Cast) -> Case:
    return open_case(REVIEW, cast.churn, actor=cast.dave, reason="Ready to be built.")


def raw_vote(case: Case, voter_id: int, **columns: Any) -> None:
    values: dict[str, Any] = {
        "case_id": case.pk,
        "round_id": case.rounds.get(number=1).pk,
        "voter_id": voter_id,
        "choice": "approve",
        "stance": "for",
        "reason": "Behind the back of the portal.",
        "cast_at": timezone.now(),
        **columns,
    }
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO cases_vote ({names}) VALUES ({marks})", list(values.values()))


def test_at_the_quorum_the_case_is_decided_and_takes_effect(cast: Cast) -> None:
    case = review(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    case.refresh_from_db()
    assert case.open
    cast_vote(case, actor=cast.ann, approve=True, reason="Agreed.")
    case.refresh_from_db()
    cast.churn.refresh_from_db()
    assert (case.state, case.outcome, case.approved) == (State.DECIDED, "approved", True)
    assert case.closed_by == cast.ann
    assert cast.churn.stage == Stage.APPROVED
    assert standing_approval(REVIEW, cast.churn) == case


def test_the_audit_reads_back_as_opened_voted_voted_decided(cast: Cast) -> None:
    case = review(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    cast_vote(case, actor=cast.ann, approve=True, reason="Agreed.")
    told = Entry.objects.filter(object_type="cases.case", object_id=str(case.pk)).order_by("id")
    assert [entry.action for entry in told] == ["case.opened", "case.voted", "case.voted", "case.decided"]


def test_whoever_opened_a_case_has_no_vote_on_it(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.chen)
    with pytest.raises(Denied, match="You asked for this decision"):
        cast_vote(case, actor=cast.chen, approve=True, reason="It is mine.")


def test_the_database_refuses_a_vote_of_the_opener(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.chen)
    with pytest.raises(REFUSED, match="whoever opened"):
        raw_vote(case, cast.chen.pk)


def test_owner_and_author_stand_too_close(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave, parties=[cast.bob])
    with pytest.raises(Denied, match="conflict of interest"):
        cast_vote(case, actor=cast.bob, approve=True, reason="I helped.")
    assert {conflict.person for conflict in case.conflicts.all()} == {cast.bob, cast.erin}
    with pytest.raises(REFUSED, match="conflict of interest"):
        raw_vote(case, cast.bob.pk)


def test_a_kind_may_let_owners_vote(cast: Cast) -> None:
    case = open_case(OWNERS, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.erin, approve=True, reason="I own it and agree.")
    case.refresh_from_db()
    assert case.approved


def test_only_holders_of_the_role_on_that_system_vote(cast: Cast) -> None:
    case = open_case(OWNERS, cast.churn, actor=cast.dave)
    for outsider in (cast.zoe, cast.ann, cast.ada, cast.otto):
        with pytest.raises(Denied, match="decided by the role"):
            cast_vote(case, actor=outsider, approve=True, reason="Let me.")
        with pytest.raises(REFUSED, match="holds no role"):
            raw_vote(case, outsider.pk)


def test_a_vote_counts_from_the_membership_of_its_day(cast: Cast) -> None:
    case = review(cast)
    end_membership(cast.ann.memberships.get(), actor=cast.ada)
    with pytest.raises(Denied):
        cast_vote(case, actor=cast.ann, approve=True, reason="I was a member.")


def test_nobody_votes_twice(cast: Cast) -> None:
    case = review(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    with pytest.raises(Conflict, match="voted on this case already"):
        cast_vote(case, actor=cast.chen, approve=False, reason="Changed my mind.")
    with pytest.raises(IntegrityError, match="one_vote_per_person"):
        raw_vote(case, cast.chen.pk)


def test_a_vote_needs_a_reason(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Give a reason"):
        cast_vote(review(cast), actor=cast.chen, approve=True, reason="  ")


def test_a_vote_after_the_due_day_is_refused_until_a_new_day_is_set(cast: Cast) -> None:
    asked = timezone.now() - timedelta(days=9)
    case = open_case(REVIEW, cast.churn, actor=cast.dave, at=asked)
    with pytest.raises(Refused, match="was due on"):
        cast_vote(case, actor=cast.chen, approve=True, reason="Late.")
    with pytest.raises(REFUSED, match="was due on"):
        raw_vote(case, cast.chen.pk)
    set_due_day(case, case.due_on + timedelta(days=7), actor=cast.chen, reason="The pack came late.")
    cast_vote(case, actor=cast.chen, approve=True, reason="In time now.")


def test_whoever_asked_does_not_move_the_day(cast: Cast) -> None:
    case = review(cast)
    with pytest.raises(Denied):
        set_due_day(case, case.due_on + timedelta(days=7), actor=cast.dave, reason="More time for me.")


def test_abstentions_and_conflicts_do_not_count_towards_the_quorum(cast: Cast) -> None:
    case = review(cast)
    cast_vote(case, actor=cast.chen, choice="abstain", reason="I know too little.")
    cast_vote(case, actor=cast.ann, approve=True, reason="Useful.")
    case.refresh_from_db()
    assert case.open
    cast_vote(case, actor=cast.bob, approve=True, reason="Useful.")
    case.refresh_from_db()
    assert case.approved


def test_a_conflict_takes_the_vote_and_cannot_follow_it(cast: Cast) -> None:
    case = review(cast)
    declare_conflict(case, actor=cast.chen, reason="My brother sells it.")
    with pytest.raises(Denied, match="My brother sells it"):
        cast_vote(case, actor=cast.chen, approve=True, reason="All the same.")
    cast_vote(case, actor=cast.ann, approve=True, reason="Useful.")
    with pytest.raises(Refused, match="voted on this case already"):
        declare_conflict(case, actor=cast.ann, reason="Now I remember.")
    with pytest.raises(REFUSED, match="voted already"), transaction.atomic():
        case.conflicts.create(person=cast.ann, reason="Behind the back.")


def test_a_tie_waits_for_one_more_voice(cast: Cast) -> None:
    case = review(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    cast_vote(case, actor=cast.ann, approve=False, reason="Not ready.")
    case.refresh_from_db()
    assert case.open
    cast_vote(case, actor=cast.bob, approve=False, reason="Not ready.")
    case.refresh_from_db()
    assert (case.outcome, case.approved) == ("rejected", False)
    assert standing_approval(REVIEW, cast.churn) is None


def test_a_rejection_in_the_first_round_decides(cast: Cast) -> None:
    case = open_case(TWO_ROUNDS, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, approve=False, reason="No.")
    case.refresh_from_db()
    assert case.outcome == "rejected"


def test_the_second_round_opens_after_the_first_and_its_members_are_told(cast: Cast) -> None:
    case = open_case(TWO_ROUNDS, cast.churn, actor=cast.dave)
    with pytest.raises(Denied):
        cast_vote(case, actor=cast.dara, approve=True, reason="Too early.")
    assert not Notification.objects.needing(cast.dara).exists()
    cast_vote(case, actor=cast.chen, approve=True, reason="Yes.")
    case.refresh_from_db()
    assert case.open
    assert Notification.objects.needing(cast.dara).get().subject_id == case.pk
    cast_vote(case, actor=cast.dara, approve=True, reason="Yes.")
    case.refresh_from_db()
    assert case.approved


def test_the_strictest_of_equally_many_choices_holds(cast: Cast) -> None:
    case = open_case(COURSE, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, choice="pause", reason="Until it is fixed.")
    cast_vote(case, actor=cast.ann, choice="stop", reason="For good.")
    case.refresh_from_db()
    assert (case.outcome, case.approved) == ("stop", False)


def test_a_choice_the_kind_does_not_know_is_invalid(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Choose one of: continue, pause, stop, abstain"):
        cast_vote(
            open_case(COURSE, cast.churn, actor=cast.dave), actor=cast.chen, choice="maybe", reason="Hm."
        )


def test_votes_of_a_secret_kind_stay_out_of_the_audit_until_the_decision(cast: Cast) -> None:
    case = open_case(SECRET, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, approve=False, reason="No.")
    voted = Entry.objects.get(action="case.voted", object_id=str(case.pk))
    assert "choice" not in voted.told["facts"]
    cast_vote(case, actor=cast.ann, approve=False, reason="No.")
    decided = Entry.objects.get(action="case.decided", object_id=str(case.pk))
    assert decided.told["facts"]["votes"] == {str(cast.chen.pk): "reject", str(cast.ann.pk): "reject"}


def test_a_material_change_makes_an_approval_stale_and_closes_the_gate(cast: Cast) -> None:
    case = review(cast)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    cast_vote(case, actor=cast.ann, approve=True, reason="Agreed.")
    assert gate_answer(REVIEW, cast.churn).state == GateState.PASSED
    update_system(cast.churn, actor=cast.erin, population="Everybody in Denmark")
    assert not is_stale(case)
    update_system(cast.churn, actor=cast.erin, risk_tier=Tier.HIGH)
    assert is_stale(case)
    assert standing_approval(REVIEW, cast.churn) is None
    answer = gate_answer(REVIEW, cast.churn)
    assert answer.state == GateState.FAILED
    assert "stale, changed since: risk tier" in answer.reason


def test_nobody_votes_on_what_has_changed_since_the_case_opened(cast: Cast) -> None:
    case = review(cast)
    update_system(cast.churn, actor=cast.erin, purpose="Rank everybody")
    with pytest.raises(Stale, match="has changed since the case opened"):
        cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")


def test_asking_again_replaces_an_open_case_whose_subject_changed(cast: Cast) -> None:
    first = review(cast)
    with pytest.raises(Conflict, match=f"{first.ref} is open"):
        review(cast)
    update_system(cast.churn, actor=cast.erin, purpose="Rank everybody")
    second = review(cast)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.WITHDRAWN, State.OPEN)


def test_only_who_asked_withdraws(cast: Cast) -> None:
    case = review(cast)
    with pytest.raises(Denied):
        withdraw(case, actor=cast.chen, reason="I do not like it.")
    withdraw(case, actor=cast.dave, reason="Not ready.")
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN
    with pytest.raises(Refused, match="is closed"):
        cast_vote(case, actor=cast.chen, approve=True, reason="Too late.")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_vote SET stance = 'against'",
        "DELETE FROM cases_vote",
        "DELETE FROM cases_case",
        "UPDATE cases_case SET state = 'decided', outcome = 'approved', approved = true, closed_at = now()",
        "UPDATE cases_case SET snapshot = '{}', digest = repeat('0', 64)",
        "UPDATE cases_round SET quorum = 1",
        "UPDATE cases_round SET ended_at = now(), outcome = 'approved'",
        "DELETE FROM cases_round",
    ],
)
def test_the_database_refuses_to_rewrite_an_open_case(cast: Cast, statement: str) -> None:
    cast_vote(review(cast), actor=cast.chen, approve=True, reason="Useful.")
    with pytest.raises(REFUSED), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_to_reopen_or_turn_a_decision(cast: Cast) -> None:
    case = review(cast)
    for member in (cast.chen, cast.ann):
        cast_vote(case, actor=member, approve=False, reason="No.")
    for change in ("state = 'open', closed_at = NULL, approved = NULL, outcome = ''", "approved = true"):
        with pytest.raises(REFUSED, match="is closed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE cases_case SET {change} WHERE id = %s", [case.pk])


def test_the_application_cannot_empty_the_tables(cast: Cast) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute("TRUNCATE cases_vote")


def test_the_inbox_asks_for_votes_until_they_are_cast(cast: Cast) -> None:
    case = review(cast)
    assert {line.user for line in Notification.objects.unsettled()} == {cast.chen, cast.ann, cast.bob}
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    assert not Notification.objects.needing(cast.chen).exists()
    cast_vote(case, actor=cast.ann, approve=True, reason="Agreed.")
    assert not Notification.objects.needing(cast.bob).exists()
    assert {line.user for line in Notification.objects.unsettled()} == {cast.dave, cast.erin}


def test_a_decision_at_a_past_instant_keeps_that_instant(cast: Cast) -> None:
    then = timezone.now() - timedelta(days=90)
    case = open_case(REVIEW, cast.churn, actor=cast.dave, at=then)
    for day, member in enumerate((cast.chen, cast.ann), start=1):
        cast_vote(case, actor=member, approve=True, reason="Useful.", at=then + timedelta(days=day))
    case.refresh_from_db()
    assert case.closed_at == then + timedelta(days=2)
    assert Vote.objects.filter(case=case, cast_at__lt=then + timedelta(days=3)).count() == 2
