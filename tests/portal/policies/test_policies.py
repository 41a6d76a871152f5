"""Who decides a policy, from when it holds, and what held on a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from portal.audit.models import Entry
from portal.errors import Conflict, Denied, Invalid, Refused
from portal.policies.models import PolicyState, PolicyVersion
from portal.policies.selectors import in_force, versions_with_changes, waiting
from portal.policies.services import decide_policy, propose_policy
from tests.portal.cast import Cast
from tests.portal.policies.yard.area import ENOUGH, Enough

SPRING = datetime(2026, 3, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 9, 1, tzinfo=UTC)


def tighten(cast: Cast, rows: int, at: datetime, **more: object) -> PolicyVersion:
    return propose_policy(ENOUGH, Enough(rows), actor=cast.erin, reason="Stricter.", at=at, **more)  # type: ignore[arg-type]


def loosen(cast: Cast, rows: int = 10) -> PolicyVersion:
    return propose_policy(ENOUGH, Enough(rows), actor=cast.erin, reason="Too strict.")


def test_what_ships_is_version_one(cast: Cast) -> None:
    policy = in_force(ENOUGH)
    assert (policy.version, policy.parameters, policy.row) == (1, Enough(), None)
    assert policy.snapshot() == {
        "name": "enough",
        "version": 1,
        "parameters": {"rows": 30, "lenient": False},
    }


def test_stricter_limits_hold_at_once(cast: Cast) -> None:
    made = tighten(cast, 50, timezone.now())
    assert (made.state, made.number, made.decided_by) == (PolicyState.ADOPTED, 2, cast.erin)
    assert in_force(ENOUGH).parameters.rows == 50


def test_what_allows_more_waits_for_a_second_person(cast: Cast) -> None:
    proposed = loosen(cast)
    assert proposed.state == PolicyState.PROPOSED
    assert in_force(ENOUGH).version == 1
    assert list(waiting(cast.chen)) == [proposed]
    decide_policy(proposed, actor=cast.chen, approve=True, reason="We saw the numbers.")
    assert (in_force(ENOUGH).version, in_force(ENOUGH).parameters.rows) == (2, 10)


def test_nobody_decides_their_own_proposal(cast: Cast) -> None:
    proposed = propose_policy(ENOUGH, Enough(10), actor=cast.chen, reason="Too strict.")
    assert list(waiting(cast.chen)) == []
    with pytest.raises(Denied):
        decide_policy(proposed, actor=cast.chen, approve=True)


def test_the_database_refuses_one_person_for_both(cast: Cast) -> None:
    proposed = loosen(cast)
    with pytest.raises(IntegrityError, match="policy_four_eyes"), transaction.atomic():
        PolicyVersion.objects.filter(pk=proposed.pk).update(
            state=PolicyState.ADOPTED, number=2, decided_by=cast.erin, decided_at=timezone.now()
        )


def test_a_rejected_proposal_has_no_number_and_a_second_word_is_refused(cast: Cast) -> None:
    proposed = decide_policy(loosen(cast), actor=cast.chen, approve=False, reason="No.")
    assert (proposed.state, proposed.number) == (PolicyState.REJECTED, None)
    with pytest.raises(Refused):
        decide_policy(proposed, actor=cast.ann, approve=True)
    assert in_force(ENOUGH).version == 1


def test_one_proposal_at_a_time(cast: Cast) -> None:
    loosen(cast)
    with pytest.raises(Conflict):
        loosen(cast, 5)


def test_a_day_has_the_policy_that_was_in_force_then(cast: Cast) -> None:
    tighten(cast, 40, SPRING)
    tighten(cast, 50, AUTUMN)
    days = [SPRING - timedelta(days=1), SPRING, AUTUMN - timedelta(seconds=1), AUTUMN]
    assert [in_force(ENOUGH, day).parameters.rows for day in days] == [30, 40, 40, 50]


def test_a_later_decision_supersedes_one_that_begins_later(cast: Cast) -> None:
    tighten(cast, 40, SPRING, effective_from=AUTUMN)
    tighten(cast, 60, SPRING + timedelta(days=1))
    assert in_force(ENOUGH, AUTUMN + timedelta(days=1)).parameters.rows == 60


def test_a_policy_never_begins_in_the_past(cast: Cast) -> None:
    with pytest.raises(Invalid) as raised:
        tighten(cast, 40, AUTUMN, effective_from=SPRING)
    assert [problem.pointer for problem in raised.value.errors] == ["/effective_from"]


def test_a_late_decision_begins_when_it_is_decided(cast: Cast) -> None:
    proposed = propose_policy(ENOUGH, Enough(10), actor=cast.erin, reason="Too strict.", at=SPRING)
    decide_policy(proposed, actor=cast.chen, approve=True, at=AUTUMN)
    assert in_force(ENOUGH, AUTUMN - timedelta(days=1)).version == 1
    assert in_force(ENOUGH, AUTUMN).version == 2


def test_a_system_can_have_its_own_and_give_it_back(cast: Cast) -> None:
    tighten(cast, 80, SPRING, system=cast.churn)
    assert in_force(ENOUGH, AUTUMN, cast.churn).parameters.rows == 80
    assert in_force(ENOUGH, AUTUMN, cast.routing).parameters.rows == 30
    back = propose_policy(ENOUGH, None, system=cast.churn, actor=cast.erin, reason="As all.", at=SPRING)
    assert back.loosens
    decide_policy(back, actor=cast.chen, approve=True, at=AUTUMN)
    assert in_force(ENOUGH, AUTUMN, cast.churn).version == 1


def test_nothing_to_change_and_no_reason_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid, match="Nothing would change"):
        propose_policy(ENOUGH, Enough(), actor=cast.erin, reason="Why not.")
    with pytest.raises(Invalid) as raised:
        propose_policy(ENOUGH, Enough(40), actor=cast.erin, reason=" ")
    assert [problem.pointer for problem in raised.value.errors] == ["/reason"]


def test_every_step_is_on_record(cast: Cast) -> None:
    decide_policy(loosen(cast), actor=cast.chen, approve=True, reason="We saw the numbers.")
    told = Entry.objects.filter(action__startswith="policy.").order_by("pk")
    assert [(entry.action, entry.actor) for entry in told] == [
        ("policy.proposed", cast.erin),
        ("policy.adopted", cast.chen),
    ]
    assert told[0].told["facts"]["changes"] == {"rows": {"before": 30, "after": 10}}


def test_versions_tell_what_each_changed_against_the_one_before(cast: Cast) -> None:
    tighten(cast, 40, SPRING)
    tighten(cast, 90, SPRING, system=cast.churn)
    tighten(cast, 50, AUTUMN)
    told = [
        [(change.before, change.after) for change in changed]
        for _version, changed in versions_with_changes(ENOUGH, cast.erin)
    ]
    assert told == [[(40, 50)], [(40, 90)], [(30, 40)]]


def test_zoe_does_not_see_what_churn_has_for_itself(cast: Cast) -> None:
    tighten(cast, 90, SPRING, system=cast.churn)
    assert versions_with_changes(ENOUGH, cast.zoe) == []


def test_asking_what_is_in_force_is_one_query(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tighten(cast, 40, SPRING)
    tighten(cast, 90, SPRING, system=cast.churn)
    with django_assert_num_queries(1):
        in_force(ENOUGH, AUTUMN, cast.churn)
