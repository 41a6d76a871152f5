"""Who votes in a session, what decides, and what nobody gets past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from portal.audit.models import Entry
from portal.bodies import services
from portal.bodies.models import Ballot, Item, Majority, Seat, Session, State, Tie
from portal.bodies.services import Demand
from portal.cases.models import Case
from portal.errors import Conflict, Denied, Invalid, Refused
from tests.portal.bodies.conftest import Cast, ended, opened, planned, running, seat, vote


def closed(cast: Cast, item: Item, **more: Any) -> Item:
    return services.close_item(item, actor=cast.chen, **more)


# --- What decides ---------------------------------------------------------------------------------------


def test_most_voices_decide_once_the_chair_closes_the_item(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="pause", ann="continue")
    item = closed(cast, item, resolution="It works.")
    assert (item.outcome, item.choice, item.resolution) == ("continue", "continue", "It works.")


def test_without_quorum_an_item_is_not_decided_but_postponed(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue")
    with pytest.raises(Refused, match="One more voice makes the quorum"):
        closed(cast, item)
    assert closed(cast, item, postpone=True).outcome == "postponed"


def test_an_abstention_is_recorded_and_does_not_count(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="abstain")
    with pytest.raises(Refused, match="One more voice"):
        closed(cast, item)


def test_a_tie_is_decided_by_the_voice_of_the_chair(cast: Cast) -> None:
    services.change_body(cast.committee, actor=cast.chen, quorum=2)
    item = opened(cast)
    vote(cast, item, chen="pause", bob="continue")
    assert closed(cast, item).outcome == "pause"


def test_a_tie_without_the_chair_among_the_leaders_decides_nothing(cast: Cast) -> None:
    services.change_body(cast.committee, actor=cast.chen, quorum=2)
    item = opened(cast)
    vote(cast, item, chen="abstain", bob="continue", ann="stop")
    with pytest.raises(Refused, match="tied"):
        closed(cast, item)


def test_a_tie_puts_the_item_off_where_the_body_says_so(cast: Cast) -> None:
    services.change_body(cast.committee, actor=cast.chen, quorum=2, tie=Tie.POSTPONED)
    item = opened(cast)
    vote(cast, item, chen="pause", bob="continue")
    with pytest.raises(Refused, match="tied"):
        closed(cast, item)


def test_two_thirds_are_two_thirds(cast: Cast) -> None:
    services.change_body(cast.committee, actor=cast.chen, majority=Majority.TWO_THIRDS)
    item = opened(cast)
    vote(cast, item, chen="continue", bob="pause", ann="stop")
    with pytest.raises(Refused):
        closed(cast, item)
    vote(cast, item, bob="continue")
    assert closed(cast, item).outcome == "continue"


def test_a_planned_session_keeps_the_rules_it_was_planned_with(cast: Cast) -> None:
    session = planned(cast)
    services.change_body(cast.committee, actor=cast.chen, quorum=1)
    session.refresh_from_db()
    assert session.quorum == 3


# --- Who votes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ("maya", "You are not marked as present"),
        ("dara", "You have no seat"),
        ("erin", "conflict of interest: Owner of Churn"),
    ],
)
def test_whoever_may_not_vote_is_told_why(cast: Cast, login: str, sentence: str) -> None:
    item = opened(cast)
    with pytest.raises(Denied, match=sentence):
        vote(cast, item, **{login: "continue"})
    assert Entry.objects.filter(action="session.voted", denied=True, object_id=str(item.pk)).exists()


def test_an_observer_has_no_vote(cast: Cast) -> None:
    item = opened(cast, present="chen bob ann maya")
    with pytest.raises(Denied, match="observer"):
        vote(cast, item, maya="continue")


def test_whoever_proposed_an_item_has_no_vote_on_it(cast: Cast) -> None:
    session = planned(cast)
    services.add_item(session, "question", actor=cast.ann, title="Buy it?")
    session = services.call_session(session, actor=cast.chen)
    for login in ("chen", "bob", "ann"):
        services.arrive(session, actor=getattr(cast, login))
    session = services.start_session(session, actor=cast.chen)
    item = services.open_item(session.items.get(), actor=cast.chen)
    with pytest.raises(Denied, match="You proposed this item"):
        vote(cast, item, ann="approve")
    with pytest.raises(IntegrityError, match="whoever proposed"):
        forge(item, cast.ann)


def test_a_vote_changes_until_the_item_is_closed_and_not_after(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="continue")
    vote(cast, item, ann="stop")
    assert item.ballots.get(voter=cast.ann).choice == "stop"
    closed(cast, item)
    with pytest.raises(Refused):
        vote(cast, item, ann="continue")


def test_a_vote_gives_a_reason_and_one_of_the_choices(cast: Cast) -> None:
    item = opened(cast)
    with pytest.raises(Invalid):
        services.cast_ballot(item, actor=cast.chen, choice="continue", reason=" ")
    with pytest.raises(Invalid, match="Choose one of"):
        services.cast_ballot(item, actor=cast.chen, choice="maybe", reason="Hm.")


def test_the_audit_knows_that_somebody_voted_and_not_what_until_the_item_is_closed(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="pause")
    told = "".join(Entry.objects.filter(action="session.voted").values_list("body", flat=True))
    assert "pause" not in told
    closed(cast, item)
    assert "pause" in Entry.objects.get(action="session.item_closed").body


# --- Conflicts, deputies, terms -------------------------------------------------------------------------


def test_stepping_aside_takes_a_ballot_back(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="continue")
    services.declare_conflict(item, actor=cast.ann, reason="My sister sells it.")
    with pytest.raises(Refused, match="One more voice"):
        closed(cast, item)
    with pytest.raises(Denied, match="My sister sells it"):
        vote(cast, item, ann="continue")
    with pytest.raises(Conflict):
        services.declare_conflict(item, actor=cast.ann, reason="Again.")


def test_a_deputy_votes_on_the_seat_they_were_sent_to(cast: Cast) -> None:
    ann = Seat.objects.get(person=cast.ann)
    services.name_deputy(ann, cast.dara, actor=cast.ann)
    item = opened(cast, present="chen bob dara")
    vote(cast, item, chen="continue", bob="continue", dara="continue")
    assert item.ballots.get(voter=cast.dara).seat == ann
    assert closed(cast, item).outcome == "continue"
    with pytest.raises(Refused, match="sits on this seat already"):
        services.arrive(item.session, actor=cast.ann)


def test_nobody_deputises_around_a_conflict(cast: Cast) -> None:
    erin = Seat.objects.get(person=cast.erin)
    services.name_deputy(erin, cast.dara, actor=cast.erin)
    item = opened(cast, present="chen bob dara")
    with pytest.raises(Denied, match="Owner of Churn"):
        vote(cast, item, dara="continue")


def test_a_term_that_is_over_has_no_vote(cast: Cast) -> None:
    ann = Seat.objects.get(person=cast.ann)
    yesterday = (timezone.now() - timedelta(days=1)).date()
    services.end_seat(ann, actor=cast.chen, last_day=yesterday)
    session = running(cast, present="chen bob erin")
    assert not session.attendance.filter(seat=ann).exists()
    with pytest.raises(Denied, match="no seat"):
        services.arrive(session, actor=cast.ann)


def test_one_person_one_seat_and_one_chair_at_a_time(cast: Cast) -> None:
    with pytest.raises(Conflict, match="has a seat"):
        seat(cast, cast.ann)
    with pytest.raises(Conflict, match="has a chair"):
        seat(cast, cast.dara, "chair")


# --- Conditions -----------------------------------------------------------------------------------------


def test_each_condition_becomes_a_case_with_owner_and_day(cast: Cast) -> None:
    item = opened(cast)
    due = (timezone.now() + timedelta(days=20)).date()
    wish = Demand("Audit the groups", cast.erin, due)
    services.cast_ballot(item, actor=cast.chen, choice="conditions", reason="Only so.", conditions=[wish])
    vote(cast, item, bob="conditions", ann="conditions")
    closed(cast, item)
    case = Case.objects.get(kind="session-action")
    assert (case.title, case.owner, case.due_on) == ("Audit the groups", cast.erin, due)
    assert (case.system, case.rounds.get().roles) == (cast.churn, ["committee"])
    assert item.conditions.get().follow_up == case


def test_conditions_fall_away_with_another_outcome(cast: Cast) -> None:
    item = opened(cast)
    due = (timezone.now() + timedelta(days=20)).date()
    services.propose_condition(item, Demand("Audit", cast.erin, due), actor=cast.bob)
    vote(cast, item, chen="continue", bob="continue", ann="continue")
    closed(cast, item)
    assert not Case.objects.filter(kind="session-action").exists()


def test_nobody_chooses_conditions_without_one(cast: Cast) -> None:
    item = opened(cast)
    with pytest.raises(Invalid, match="at least one condition"):
        vote(cast, item, chen="conditions")
    yesterday = (timezone.now() - timedelta(days=1)).date()
    with pytest.raises(Invalid, match="lies ahead"):
        services.propose_condition(item, Demand("Audit", cast.erin, yesterday), actor=cast.chen)


# --- What the database refuses, whoever writes it -------------------------------------------------------


def forge(item: Item, voter: Any, **more: Any) -> None:
    own = Seat.objects.filter(person=voter).first() or Seat.objects.get(person__username="chen")
    settings = {"choice": "continue", "counts": True, "reason": "Forged.", "seat": own, **more}
    with transaction.atomic():
        Ballot.objects.create(item=item, voter=voter, **settings)


def test_the_database_refuses_a_ballot_that_the_rules_do_not_allow(cast: Cast) -> None:
    item = opened(cast, present="chen bob erin maya")
    refused = {
        "maya": "no vote in the session",
        "erin": "conflict of interest",
        "ann": "does not attend",
        "dara": "does not hold the seat",
    }
    for login, words in refused.items():
        with pytest.raises(IntegrityError, match=words):
            forge(item, getattr(cast, login))
    closed(cast, item, postpone=True)
    with pytest.raises(IntegrityError, match="takes no votes"):
        forge(item, cast.chen)


@pytest.mark.parametrize(
    ("ballots", "outcome"),
    [
        ({"chen": "continue", "bob": "continue"}, "continue"),
        ({"chen": "continue", "bob": "pause", "ann": "pause"}, "continue"),
        ({"chen": "continue", "bob": "continue", "ann": "continue"}, "stop"),
    ],
    ids=["no quorum", "a minority", "nobody chose it"],
)
def test_the_database_refuses_an_outcome_that_the_votes_do_not_carry(
    cast: Cast, ballots: dict[str, str], outcome: str
) -> None:
    item = opened(cast)
    vote(cast, item, **ballots)
    with pytest.raises(IntegrityError, match="do not decide it so"), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(
            state="closed", outcome=outcome, choice=outcome, closed_at=timezone.now()
        )


def test_the_database_closes_no_session_without_quorum_or_outcomes(cast: Cast) -> None:
    session = running(cast)
    over = {"state": State.CLOSED, "closed_at": timezone.now()}
    with pytest.raises(IntegrityError, match="every item needs an outcome"), transaction.atomic():
        Session.objects.filter(pk=session.pk).update(**over)
    for item in session.items.all():
        services.close_item(item, actor=cast.chen, postpone=True)
    session.attendance.exclude(attended_by=cast.chen).update(attended_by=None, arrived_at=None)
    with pytest.raises(IntegrityError, match="no quorum"), transaction.atomic():
        Session.objects.filter(pk=session.pk).update(**over)


def test_what_was_decided_stays_as_it_was(cast: Cast) -> None:
    session = ended(cast)
    item, pack, minutes = session.items.get(number=1), session.pack, session.minutes.get()
    changes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (item, {"outcome": "stop"}),
        (item.ballots.first(), {"choice": "stop"}),
        (pack, {"data": "{}"}),
        (minutes, {"text": "Something else."}),
        (session, {"title": "Another"}),
        (session.body.seats.first(), {"function": "observer", "votes": False}),
    )
    for row, change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(**change)
    kept: tuple[Any, ...] = (item, item.ballots.first(), pack, minutes, session)
    for row in kept:
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk)._raw_delete("default")
