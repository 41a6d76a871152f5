"""A session from its first plan to its approved minutes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from portal.accounts.models import Organisation
from portal.audit.models import Entry
from portal.bodies import services
from portal.bodies.jobs import end, plan
from portal.bodies.models import Body, Minutes, Pack, Rhythm, Session, State
from portal.bodies.pack import content_of
from portal.bodies.paper import pack_pdf
from portal.bodies.selectors.agenda import proposals
from portal.bodies.selectors.minutes import minutes_text
from portal.cases.models import Case
from portal.cases.models import State as CaseState
from portal.cases.services import cast_vote, open_case, report_done
from portal.errors import Conflict, Denied, Invalid, Refused
from portal.findings.models import Notification
from portal.jobs.models import Delivery, Run
from portal.metrics.services import create_pillar
from tests.portal.bodies.conftest import Cast, called, ended, make_body, opened, planned, running, vote
from tests.portal.cases.yard.area import PRIVATE, REVIEW

NOVEMBER = datetime(2026, 11, 20, 8, tzinfo=UTC)


# --- Planned by rule ------------------------------------------------------------------------------------


def quarterly(cast: Cast, **rules: object) -> Body:
    more = {"rhythm": Rhythm.QUARTER, "month": 3, "week": 2, "weekday": 1, "hour": time(10), **rules}
    return services.change_body(cast.committee, actor=cast.chen, **more)


def test_a_rhythm_plans_the_next_session_once_in_the_zone_of_the_organisation(cast: Cast) -> None:
    body = quarterly(cast)
    session = services.plan_next(body, NOVEMBER)
    assert session is not None
    assert (session.title, session.starts_at) == (
        "Quarterly review Q4 2026",
        datetime(2026, 12, 8, 9, tzinfo=UTC),
    )
    assert services.plan_next(body, NOVEMBER) is None
    following = services.plan_next(body, datetime(2026, 12, 9, tzinfo=UTC))
    assert following is not None
    assert following.title == "Quarterly review Q1 2027"


def test_quarters_follow_the_fiscal_year(cast: Cast) -> None:
    Organisation.objects.update(first_fiscal_month=4)
    session = services.plan_next(quarterly(cast), NOVEMBER)
    assert session is not None
    assert session.title == "Quarterly review Q3 2027"
    Organisation.objects.update(first_fiscal_month=2)
    session = services.plan_next(quarterly(cast), NOVEMBER)
    assert session is not None
    assert (session.title, session.period) == ("Quarterly review Q4 2027", date(2026, 11, 1))


def test_a_month_may_ask_for_its_last_friday(cast: Cast) -> None:
    body = quarterly(cast, rhythm=Rhythm.MONTH, week=5, weekday=4)
    session = services.plan_next(body, NOVEMBER)
    assert session is not None
    assert session.starts_at.date() == date(2026, 11, 27)


def test_the_nightly_job_plans_for_every_body_with_a_rhythm(cast: Cast) -> None:
    quarterly(cast)
    commit = plan(Run())
    assert commit() == {"planned": 1}
    assert commit() == {"planned": 0}
    session = Session.objects.get()
    assert {line.user for line in Notification.objects.of(session).unsettled()} == {cast.chen, cast.bob}


# --- Called, moved, cancelled ---------------------------------------------------------------------------


def test_a_call_reaches_the_inbox_and_the_mail_of_everybody_with_a_seat(cast: Cast) -> None:
    session = called(cast)
    seated = {cast.chen, cast.bob, cast.ann, cast.erin, cast.maya}
    assert {line.user for line in Notification.objects.of(session).unsettled()} == seated
    mails = Delivery.objects.filter(title__contains=session.title)
    assert {mail.target for mail in mails} == {person.email for person in seated}
    assert "1. Churn: continue?" in mails[0].body
    services.answer_invitation(session, actor=cast.ann, reply="accepted")
    assert cast.ann not in {line.user for line in Notification.objects.of(session).unsettled()}


def test_a_call_needs_as_many_votes_as_the_quorum(cast: Cast) -> None:
    body = make_body(cast.chen, cast.root, slug="board", name="Board", quorum=2)
    services.add_seat(body, cast.chen, actor=cast.chen, function="chair")
    session = services.create_session(body, actor=cast.chen, starts_at=timezone.now() + timedelta(days=1))
    with pytest.raises(Refused, match="Fill seats first"):
        services.call_session(session, actor=cast.chen)


def test_only_who_leads_the_body_runs_its_sessions(cast: Cast) -> None:
    session = called(cast)
    for act in (services.freeze_pack, services.start_session, services.close_session):
        with pytest.raises(Denied, match="Only the chair or the secretary"):
            act(session, actor=cast.ann)
    with pytest.raises(Denied):
        services.cancel_session(session, actor=cast.maya, reason="No time.")
    assert Entry.objects.filter(denied=True, object_id=str(session.pk)).count() == 4


def test_a_moved_session_invites_anew_and_a_cancelled_one_says_why(cast: Cast) -> None:
    session = called(cast)
    later = timezone.now() + timedelta(days=3)
    session = services.move_session(
        session, actor=cast.bob, starts_at=later, ends_at=later + timedelta(hours=1), place="Room 2"
    )
    assert Delivery.objects.filter(target=cast.ann.email).count() == 2
    with pytest.raises(Invalid):
        services.cancel_session(session, actor=cast.bob, reason=" ")
    services.cancel_session(session, actor=cast.bob, reason="The room burnt.")
    assert "The room burnt." in Delivery.objects.filter(target=cast.ann.email).latest("pk").body
    with pytest.raises(Refused):
        services.start_session(session, actor=cast.bob)


def test_nobody_sends_a_deputy_they_do_not_have(cast: Cast) -> None:
    session = called(cast)
    with pytest.raises(Conflict, match="Name a deputy"):
        services.answer_invitation(session, actor=cast.ann, reply="deputy")
    with pytest.raises(Invalid):
        services.answer_invitation(session, actor=cast.ann, reply="perhaps")


def test_nobody_arrives_days_before(cast: Cast) -> None:
    session = called(cast, starts_at=timezone.now() + timedelta(days=2))
    with pytest.raises(Refused, match="nobody arrives yet"):
        services.arrive(session, actor=cast.chen)


# --- The agenda -----------------------------------------------------------------------------------------


def test_what_waits_is_proposed_with_its_reason_and_accepted_once(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    open_case(PRIVATE, cast.churn, actor=cast.lee)
    session = planned(cast)
    assert [(row.topic.slug, row.proposal.case) for row in proposals(session)] == [("case", case)]
    made = services.accept_proposals(session, actor=cast.bob)
    assert [(item.title, item.case, item.takes_votes) for item in made] == [(case.title, case, True)]
    assert proposals(session) == []
    assert services.accept_proposals(session, actor=cast.bob) == []


def test_the_scorecard_is_proposed_once_it_has_numbers(cast: Cast) -> None:
    create_pillar("Grow", slug="grow", actor=cast.chen, order=1)
    assert proposals(planned(cast)) == []


def test_a_system_comes_back_on_its_review_day(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="continue")
    in_a_month = (timezone.now() + timedelta(days=30)).date()
    services.close_item(item, actor=cast.chen, next_review_on=in_a_month)
    early = planned(cast, starts_at=timezone.now() + timedelta(days=20))
    late = planned(cast, starts_at=timezone.now() + timedelta(days=40))
    assert "system" not in [row.topic.slug for row in proposals(early)]
    found = next(row for row in proposals(late) if row.topic.slug == "system")
    assert (found.proposal.system, "last time: continue" in found.proposal.why) == (cast.churn, True)


def test_items_move_and_leave_until_the_pack_is_frozen(cast: Cast) -> None:
    session = called(cast)
    first, second = session.items.all()
    services.move_item(first, 1, actor=cast.bob)
    assert [item.title for item in session.items.all()] == [second.title, first.title]
    with pytest.raises(Denied):
        services.drop_item(first, actor=cast.ann)
    services.drop_item(second, actor=cast.maya)
    assert [item.number for item in session.items.all()] == [1]
    services.freeze_pack(session, actor=cast.bob)
    with pytest.raises(Refused, match="cannot change any more"):
        services.add_item(session, "notice", actor=cast.ann, title="Late")


@pytest.mark.parametrize(("topic", "title"), [("minutes", "Mine"), ("nonsense", "x"), ("system", "Which?")])
def test_not_everything_is_proposed_by_hand(cast: Cast, topic: str, title: str) -> None:
    with pytest.raises(Invalid):
        services.add_item(planned(cast), topic, actor=cast.ann, title=title)


# --- The pack -------------------------------------------------------------------------------------------


def test_the_pack_is_frozen_with_its_digest_when_the_session_begins(cast: Cast) -> None:
    session = running(cast)
    pack = session.pack
    assert pack.digest == hashlib.sha256(pack.data.encode()).hexdigest()
    data = json.loads(pack.data)
    assert data["headline"] == "One decision: Churn: continue?"
    assert [item["number"] for item in data["items"]] == [1, 2]
    assert data["items"][0]["not_voting"] == [{"name": "Erin Fenn", "reason": "Owner of Churn"}]


def test_the_pack_is_made_of_the_record_alone(cast: Cast) -> None:
    session = running(cast)
    again = content_of(Session.objects.get(pk=session.pk), session.pack.frozen_at)
    assert json.loads(session.pack.data) == json.loads(json.dumps(again, default=plainly))


def plainly(value: object) -> str:
    """As the canonical form writes instants."""
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_the_paper_is_tagged_and_the_same_bytes_each_time(cast: Cast) -> None:
    pack = Pack.objects.get(pk=running(cast).pack.pk)
    made = pack_pdf(pack)
    assert made.startswith(b"%PDF")
    assert b"/StructTreeRoot" in made
    assert made == pack_pdf(Pack.objects.get(pk=pack.pk))
    assert made != pack_pdf(pack, "us-letter")


def test_an_empty_agenda_is_not_frozen(cast: Cast) -> None:
    session = services.call_session(planned(cast), actor=cast.chen)
    with pytest.raises(Refused, match="agenda is empty"):
        services.freeze_pack(session, actor=cast.chen)


def test_a_meeting_begins_with_its_quorum(cast: Cast) -> None:
    session = called(cast)
    for login in ("chen", "bob", "maya"):
        services.arrive(session, actor=getattr(cast, login))
    with pytest.raises(Refused, match="2 voting seats are present, the quorum is 3"):
        services.start_session(session, actor=cast.chen)


# --- Cases decided in session ---------------------------------------------------------------------------


def with_case(cast: Cast) -> tuple[Session, Case]:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    session = planned(cast)
    services.accept_proposals(session, actor=cast.bob)
    session = services.call_session(session, actor=cast.chen)
    for login in ("chen", "bob", "ann", "erin"):
        services.arrive(session, actor=getattr(cast, login))
    return services.start_session(session, actor=cast.chen), case


def test_voices_of_a_session_decide_the_case_itself(cast: Cast) -> None:
    session, case = with_case(cast)
    item = services.open_item(session.items.get(), actor=cast.chen)
    vote(cast, item, chen="approve", bob="approve", ann="reject")
    assert not case.votes.exists()
    item = services.close_item(item, actor=cast.chen)
    case.refresh_from_db()
    assert (item.outcome, case.outcome, case.votes.count()) == ("approved", "approved", 3)


def test_a_conflict_in_session_stands_on_the_case(cast: Cast) -> None:
    session, case = with_case(cast)
    item = services.open_item(session.items.get(), actor=cast.chen)
    services.declare_conflict(item, actor=cast.ann, reason="My sister sells it.")
    assert case.conflicts.filter(person=cast.ann, reason="My sister sells it.").exists()
    with pytest.raises(Denied, match="conflict of interest"):
        vote(cast, item, erin="approve")


def test_a_case_that_falls_due_gets_a_day_from_the_session(cast: Cast) -> None:
    asked = timezone.now() - timedelta(days=9)
    case = open_case(REVIEW, cast.churn, actor=cast.dave, at=asked)
    session = planned(cast)
    services.accept_proposals(session, actor=cast.bob)
    session = services.call_session(session, actor=cast.chen)
    for login in ("chen", "bob", "ann"):
        services.arrive(session, actor=getattr(cast, login))
    session = services.start_session(session, actor=cast.chen)
    item = services.open_item(session.items.get(), actor=cast.chen)
    vote(cast, item, chen="approve", bob="approve", ann="approve")
    services.close_item(item, actor=cast.chen)
    case.refresh_from_db()
    assert case.outcome == "approved"
    assert f"On the agenda of {session.ref}" in Entry.objects.get(action="case.postponed").body


def test_what_was_decided_elsewhere_meanwhile_is_taken_over(cast: Cast) -> None:
    session, case = with_case(cast)
    item = services.open_item(session.items.get(), actor=cast.chen)
    for member in (cast.chen, cast.ann):
        cast_vote(case, actor=member, approve=False, reason="No.")
    assert services.close_item(item, actor=cast.chen).outcome == "rejected"


def test_a_tie_leaves_the_case_open_and_the_item_postponed(cast: Cast) -> None:
    services.change_body(cast.committee, actor=cast.chen, quorum=2)
    session, case = with_case(cast)
    item = services.open_item(session.items.get(), actor=cast.chen)
    vote(cast, item, chen="approve", bob="reject")
    item = services.close_item(item, actor=cast.chen)
    case.refresh_from_db()
    assert (item.outcome, case.state) == ("postponed", CaseState.OPEN)
    assert case.ref in item.resolution


# --- The end and the minutes ----------------------------------------------------------------------------


def test_a_session_does_not_close_without_an_outcome_for_every_item(cast: Cast) -> None:
    session = running(cast)
    with pytest.raises(Refused, match="Items without an outcome: 1, 2"):
        services.close_session(session, actor=cast.chen)


def test_in_a_meeting_one_item_is_open_at_a_time(cast: Cast) -> None:
    item = opened(cast)
    with pytest.raises(Refused, match="Close item 1 first"):
        services.open_item(item.session.items.get(number=2), actor=cast.chen)


def test_the_minutes_are_written_from_the_record_the_same_each_time(cast: Cast) -> None:
    session = ended(cast)
    minutes = session.minutes.get()
    assert minutes.text == minutes_text(Session.objects.get(pk=session.pk))
    for words in (
        "Present: Chen Fenn (chair), Bob Fenn (secretary), Ann Fenn, Erin Fenn.",
        "Absent: Maya Fenn (observer).",
        "**Continue.**",
        "* Bob Fenn: Continue. bob thinks so.",
        "Conflict, not counted: Erin Fenn. Owner of Churn.",
        session.pack.digest,
    ):
        assert words in minutes.text


def next_session(cast: Cast, choice: str) -> Minutes:
    """The minutes of a first session, after a second one has voted on them."""
    first = ended(cast)
    session = planned(cast)
    services.accept_proposals(session, actor=cast.bob)
    session = services.call_session(session, actor=cast.chen)
    for login in ("chen", "bob", "ann"):
        services.arrive(session, actor=getattr(cast, login))
    session = services.start_session(session, actor=cast.chen)
    item = services.open_item(session.items.get(topic="minutes"), actor=cast.chen)
    vote(cast, item, chen=choice, bob=choice, ann=choice)
    with pytest.raises(Refused, match="lie before a session"):
        services.edit_minutes(first, actor=cast.bob, text="Other.", reason="Now?")
    services.close_item(item, actor=cast.chen)
    return first.minutes.get()


def test_the_next_session_approves_the_minutes(cast: Cast) -> None:
    minutes = next_session(cast, "approve")
    assert minutes.approved_in is not None
    assert minutes.approved_in.session != minutes.session
    assert Entry.objects.filter(action="minutes.approved", object_id=str(minutes.pk)).exists()


def test_or_sends_them_back(cast: Cast) -> None:
    assert next_session(cast, "correct").approved_at is None


def test_a_correction_is_a_new_version_that_waits_again(cast: Cast) -> None:
    first = ended(cast)
    session = planned(cast)
    services.accept_proposals(session, actor=cast.bob)
    with pytest.raises(Denied):
        services.edit_minutes(first, actor=cast.ann, text="Mine.", reason="I say so.")
    with pytest.raises(Invalid):
        services.edit_minutes(first, actor=cast.bob, text="Corrected.", reason=" ")
    made = services.edit_minutes(first, actor=cast.bob, text="Corrected.\r\n", reason="A name was wrong.")
    assert [(row.number, row.text) for row in first.minutes.all()][1] == (2, "Corrected.\n")
    assert session.items.get(topic="minutes").subject == made


def test_open_actions_come_before_the_next_session_and_close_by_a_vote(cast: Cast) -> None:
    item = opened(cast)
    due = (timezone.now() + timedelta(days=3)).date()
    demand = services.Demand("Tell the customers", cast.dave, due)
    services.propose_condition(item, demand, actor=cast.bob)
    vote(cast, item, chen="conditions", bob="conditions", ann="conditions")
    services.close_item(item, actor=cast.chen)
    case = Case.objects.get(kind="session-action")
    later = planned(cast, starts_at=timezone.now() + timedelta(days=9))
    assert "1 open, 1 of them late" in next(
        row.proposal.why for row in proposals(later) if row.topic.slug == "actions"
    )
    report_done(case, actor=cast.dave, how="A letter went out.")
    cast_vote(case, actor=cast.ann, choice="done", reason="I have it.")
    assert "actions" not in [row.topic.slug for row in proposals(later)]


# --- In writing -----------------------------------------------------------------------------------------


def in_writing(cast: Cast) -> Session:
    now = timezone.now()
    return running(cast, mode="writing", starts_at=now, ends_at=now + timedelta(days=2))


def test_in_writing_every_item_is_open_until_the_deadline_and_to_vote_is_to_attend(cast: Cast) -> None:
    session = in_writing(cast)
    item = session.items.get(number=1)
    assert {row.state for row in session.items.all()} == {"open"}
    vote(cast, item, chen="continue")
    assert session.attendance.get(attended_by=cast.chen).seat.person == cast.chen
    with pytest.raises(Refused, match="deadline for votes has passed"):
        services.cast_ballot(
            item, actor=cast.bob, choice="stop", reason="Late.", at=session.ends_at + timedelta(seconds=1)
        )


def test_at_its_deadline_a_session_in_writing_closes_by_its_votes(cast: Cast) -> None:
    session = in_writing(cast)
    item = session.items.get(number=1)
    vote(cast, item, chen="continue", bob="continue", ann="continue")
    assert end(Run())() == {"closed": 0, "without_quorum": 0}
    past = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(starts_at=past - timedelta(days=1), ends_at=past)
    assert end(Run())() == {"closed": 1, "without_quorum": 0}
    item.refresh_from_db()
    session.refresh_from_db()
    assert (item.outcome, item.closed_by, session.state) == ("continue", None, State.CLOSED)
    assert session.minutes.exists()


def test_without_quorum_the_chair_is_told_once_and_sets_a_later_deadline(cast: Cast) -> None:
    session = in_writing(cast)
    vote(cast, session.items.get(number=1), chen="continue")
    past = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk=session.pk).update(starts_at=past - timedelta(days=1), ends_at=past)
    assert end(Run())() == {"closed": 0, "without_quorum": 1}
    assert end(Run())() == {"closed": 0, "without_quorum": 0}
    with pytest.raises(Invalid):
        services.extend(session, past, actor=cast.chen, reason="More time.")
    services.extend(session, timezone.now() + timedelta(days=3), actor=cast.chen, reason="More time.")
    vote(cast, session.items.get(number=1), bob="continue")
