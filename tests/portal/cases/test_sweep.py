"""What happens every night: due cases open, people are reminded, nothing is ever approved by waiting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.services import organisation
from portal.audit.models import Entry
from portal.cases.jobs import SWEEP
from portal.cases.models import Case, Escalation, State
from portal.cases.services import cast_vote, open_case
from portal.cases.services.sweeping import sweep_deadlines, sweep_reminders, sweep_stale
from portal.evidence.services import store
from portal.findings.models import Notification
from portal.jobs.models import Run
from portal.registry.services import update_system
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import RENEWAL, REVIEW


def now(days: int = 0) -> datetime:
    return timezone.now() + timedelta(days=days)


def certificate(cast: Cast, days: int) -> None:
    day = organisation().today() + timedelta(days=days)
    store(b"A certificate.", title="Certificate", system=cast.churn, valid_until=day, actor=cast.erin)


def test_a_declared_day_opens_one_case_within_its_notice(cast: Cast) -> None:
    certificate(cast, days=20)
    certificate(cast, days=60)
    assert sweep_deadlines(now()) == {"opened": 1}
    assert sweep_deadlines(now()) == {}
    case = Case.objects.get()
    assert (case.kind, case.opened_by, case.system) == ("evidence-ends", None, cast.churn)
    assert case.due_on == case.for_day == organisation().today() + timedelta(days=20)


def test_a_day_that_is_over_opens_a_case_with_time_to_answer(cast: Cast) -> None:
    certificate(cast, days=-5)
    sweep_deadlines(now())
    assert Case.objects.get().due_on == organisation().today() + timedelta(days=7)


def test_a_broken_declaration_stops_only_itself(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    certificate(cast, days=20)
    day = organisation().today()
    store(b"Another.", title="Another", system=cast.churn, valid_from=day, actor=cast.erin)
    assert RENEWAL.snapshot.__name__ == "purpose_and_tier"  # which no evidence can answer
    assert sweep_deadlines(now()) == {"opened": 1, "failed": 1}
    assert "sweeping Evidence" in caplog.text


def test_voters_then_owner_then_manager_then_body_are_told(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    told = {}
    for after in (-4, -3, 0, 1, 3, 7):
        sweep_reminders(now(REVIEW.days + after))
        sweep_reminders(now(REVIEW.days + after))
        told[after] = {row.rung: set(row.told) for row in Escalation.objects.all()}
    assert told[-4] == {}
    assert told[7] == {
        "soon": {cast.ann.pk, cast.bob.pk},
        "due": {cast.ann.pk, cast.bob.pk},
        "owner": {cast.dave.pk, cast.erin.pk},
        "manager": {cast.maya.pk},
        "body": {cast.chen.pk, cast.ann.pk, cast.bob.pk},
    }
    assert Entry.objects.filter(action="case.escalated").count() == 3
    assert Notification.objects.needing(cast.maya, now(20)).get().subject_id == case.pk


def test_a_missed_week_sends_one_reminder_not_four(cast: Cast) -> None:
    open_case(REVIEW, cast.churn, actor=cast.dave)
    sweep_reminders(now(REVIEW.days + 8))
    assert [row.rung for row in Escalation.objects.all()] == ["body"]


def test_a_time_out_expires_and_approves_nothing(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    assert "expired" not in sweep_reminders(now(REVIEW.days + 14))
    assert sweep_reminders(now(REVIEW.days + 15))["expired"] == 1
    case.refresh_from_db()
    assert (case.state, case.approved, case.outcome) == (State.EXPIRED, None, "")


def test_an_escalation_is_told_once_per_rung_and_day(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    first = Escalation.objects.create(case=case, rung="soon", due_on=case.due_on, told=[1])
    with pytest.raises(IntegrityError, match="one_escalation_per_rung_and_day"), transaction.atomic():
        Escalation.objects.create(case=case, rung="soon", due_on=first.due_on, told=[2])


def test_a_stale_approval_is_noted_once_and_its_owner_told(cast: Cast) -> None:
    case = open_case(REVIEW, cast.churn, actor=cast.dave)
    for member in (cast.chen, cast.ann):
        cast_vote(case, actor=member, approve=True, reason="Useful.")
    assert sweep_stale(now()) == {}
    update_system(cast.churn, actor=cast.erin, purpose="Rank everybody")
    assert sweep_stale(now()) == {"stale": 1}
    assert sweep_stale(now()) == {}
    case.refresh_from_db()
    assert case.stale_since is not None
    assert Notification.objects.needing(cast.erin).filter(kind="case-stale").exists()


def test_the_nightly_job_runs_each_of_its_parts(cast: Cast) -> None:
    certificate(cast, days=20)
    assert SWEEP.variants is not None
    told = {}
    for part in SWEEP.variants():
        finish = SWEEP.run(Run(job=SWEEP.slug, variant=part))
        assert finish is not None
        told[part] = finish()
    assert told == {"deadlines": {"opened": 1}, "reminders": {}, "stale": {}}
