"""A case that somebody must do something about, and voices that are counted all at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from portal.areas import Role
from portal.audit.models import Entry
from portal.cases.models import Case, State, Vote
from portal.cases.panels import decisions_waiting
from portal.cases.services import Voice, cast_together, cast_vote, declare_conflict, open_case, report_done
from portal.cases.services.sweeping import sweep_reminders
from portal.errors import Denied, Invalid, Refused
from portal.findings.models import Notification
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import REVIEW
from tests.portal.cast import browser


@pytest.fixture
def duty(cast: Cast) -> Case:
    """Zoe, of another unit, must do something about churn; the committee judges."""
    return open_case(REVIEW, cast.churn, actor=None, title="Tell the customers", owner=cast.zoe)


def told(case: Case) -> set[str]:
    return {
        line.user.username for line in Notification.objects.of(case).unsettled().filter(needs_action=True)
    }


def test_who_must_do_it_reads_the_case_and_hears_of_it_first(cast: Cast, duty: Case) -> None:
    assert told(duty) == {"zoe"}
    assert browser(cast.zoe).get(duty.get_absolute_url()).status_code == 200
    waiting = decisions_waiting(cast.zoe, None)
    assert waiting is not None
    assert waiting["duties"] == [duty]
    assert duty not in Case.objects.decidable_by(cast.chen)


def test_once_it_is_reported_those_who_vote_judge(cast: Cast, duty: Case) -> None:
    url = reverse("cases:done", args=[duty.ref])
    assert browser(cast.zoe).post(url, {"how": "A letter went out."}).status_code == 302
    assert told(duty) == {"chen", "ann", "bob"}
    assert duty in Case.objects.decidable_by(cast.chen)
    for member in (cast.chen, cast.ann):
        cast_vote(duty, actor=member, approve=True, reason="I have the letter.")
    assert Case.objects.get(pk=duty.pk).state == State.DECIDED
    assert told(duty) == set()


def test_only_who_must_do_it_reports_it(cast: Cast, duty: Case) -> None:
    with pytest.raises(Denied):
        report_done(duty, actor=cast.erin, how="Done.")
    with pytest.raises(Invalid):
        report_done(duty, actor=cast.zoe, how=" ")
    report_done(duty, actor=cast.zoe, how="Done.")
    assert Entry.objects.filter(action="case.reported", object_id=str(duty.pk), denied=False).count() == 1


def test_who_must_do_it_never_judges_it(cast: Cast) -> None:
    duty = open_case(REVIEW, cast.churn, actor=None, owner=cast.chen)
    with pytest.raises(Denied, match="conflict of interest"):
        cast_vote(duty, actor=cast.chen, approve=True, reason="Mine.")
    ballot = Vote(
        case=duty, round=duty.rounds.get(), voter=cast.chen, choice="approve", stance="for", reason="Mine."
    )
    with pytest.raises(IntegrityError, match="conflict of interest"), transaction.atomic():
        ballot.save()


def test_the_ladder_reminds_who_must_do_it(cast: Cast, duty: Case) -> None:
    sweep_reminders(timezone.now() + timedelta(days=7))
    assert duty.escalations.get().told == [cast.zoe.pk]


def test_other_roles_may_be_named_to_judge(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=None, roles=frozenset({Role.ETHICS}))
    assert case.rounds.get().roles == ["ethics"]


def test_voices_given_in_secret_are_counted_all_at_once(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    voices = [
        Voice(cast.chen, "approve", "Useful."),
        Voice(cast.ann, "approve", "Useful."),
        Voice(cast.bob, "reject", "Too early."),
    ]
    case = cast_together(case, voices, actor=cast.chen)
    assert (case.state, case.approved, case.votes.count()) == (State.DECIDED, True, 3)


def test_one_voice_that_may_not_vote_stops_them_all(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    declare_conflict(case, actor=cast.ann, reason="My sister builds it.")
    voices = [Voice(cast.chen, "approve", "Useful."), Voice(cast.ann, "approve", "Useful.")]
    with pytest.raises(Denied):
        cast_together(case, voices, actor=cast.chen)
    assert not case.votes.exists()


def test_a_tie_leaves_the_case_open(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    voices = [Voice(cast.chen, "approve", "Useful."), Voice(cast.ann, "reject", "No.")]
    assert cast_together(case, voices, actor=cast.chen).open
    cast_vote(case, actor=cast.bob, approve=True, reason="The third voice.")
    with pytest.raises(Refused):
        cast_together(Case.objects.get(pk=case.pk), [], actor=cast.chen)
