"""Planning: every due window exactly once, caught up after an outage, or shown as skipped."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from portal.accounts.models import Unit
from portal.areas import JobKind, Window
from portal.jobs.models import Run, RunState
from portal.jobs.services import claim, plan, request
from portal.jobs.services.planning import newest_end
from portal.registry.models import System
from tests.portal.jobs.threads import in_threads
from tests.portal.jobs.yard.work import DAILY, HOURLY, NOTE

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 4, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def runs(kind: JobKind) -> list[Run]:
    return list(Run.objects.filter(job=kind.slug).order_by("window_start", "variant"))


@pytest.fixture
def credit(unit: Unit) -> System:
    return System.objects.create(name="Credit", unit=unit)


def test_a_new_subject_starts_with_the_newest_window(churn: System, credit: System) -> None:
    plan(NOON)
    hour = Window(NOON.replace(minute=0) - HOUR, NOON.replace(minute=0))
    assert [(run.subject, run.system, run.window) for run in runs(HOURLY)] == [
        (churn, churn, hour),
        (credit, credit, hour),
    ]


def test_every_variant_is_planned_and_a_window_waits_for_its_delay(churn: System) -> None:
    day = Window.day_of(NOON - DAY)
    plan(NOON)
    assert [(run.variant, run.window) for run in runs(DAILY)] == [("bias", day), ("drift", day)]
    assert {run.available_at for run in runs(DAILY)} == {day.end + DAILY.delay}
    early = NOON.replace(hour=1)
    assert newest_end(DAILY, early) == day.start, "two hours after midnight yesterday is due, not before"


def test_a_job_without_subjects_is_planned_once_a_window() -> None:
    plan(NOON)
    plan(NOON)
    housekeeping = Run.objects.filter(job="tidy")
    assert [run.subject for run in housekeeping] == [None]


def test_a_job_on_request_is_not_planned(churn: System) -> None:
    plan(NOON)
    assert runs(NOTE) == []
    assert newest_end(NOTE, NOON) is None


def test_weeks_begin_on_monday() -> None:
    weekly = JobKind("weekly", "Weekly", lambda _run: None, every=7 * DAY)
    end = newest_end(weekly, NOON)
    assert end is not None
    assert (end.isoweekday(), end.hour) == (1, 0)


def test_planning_again_adds_nothing_and_asks_little(
    churn: System, django_assert_max_num_queries: object
) -> None:
    assert plan(NOON) > 0
    before = Run.objects.count()
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert plan(NOON + timedelta(minutes=1)) == 0
    assert Run.objects.count() == before


def test_three_days_of_downtime_are_caught_up_oldest_first_behind_the_newest(churn: System) -> None:
    plan(NOON)
    Run.objects.update(state=RunState.DONE, ended_at=NOON)
    plan(NOON + 3 * DAY)
    missed = [run for run in runs(HOURLY) if run.state == RunState.QUEUED]
    assert len(missed) == 72
    assert all(early.window_end == late.window_start for early, late in pairwise(missed))
    order = []
    while (run := claim("test")) is not None:
        if run.job == HOURLY.slug:
            order.append(run.window_start)
    assert order == [missed[-1].window_start, *(run.window_start for run in missed[:-1])]


def test_more_than_the_limit_is_skipped_with_the_reason(churn: System) -> None:
    plan(NOON)
    plan(NOON + 10 * DAY)
    states = Counter(run.state for run in runs(DAILY) if run.variant == "drift")
    assert states == {RunState.QUEUED: DAILY.catch_up + 1, RunState.SKIPPED: 7}
    skipped = next(run for run in runs(DAILY) if run.state == RunState.SKIPPED)
    assert "more than 3 windows" in skipped.message
    assert skipped.ended_at is not None


def test_a_window_that_was_asked_for_before_is_not_planned_again(churn: System) -> None:
    yesterday = Window.day_of(NOON - DAY)
    asked = request(DAILY, churn, yesterday, variant="drift")
    plan(NOON)
    assert [run.pk for run in runs(DAILY) if run.variant == "drift"] == [asked.pk]


@pytest.mark.real_commits
def test_planners_at_the_same_time_plan_once(unit: Unit) -> None:
    System.objects.bulk_create(System(name=f"System {n}", unit=unit) for n in range(50))
    in_threads([lambda: plan(NOON)] * 4)
    in_threads([lambda: plan(NOON + DAY)] * 4)
    keys = Counter(Run.objects.values_list("job", "variant", "subject_id", "window_start"))
    assert set(keys.values()) == {1}
    assert Run.objects.filter(job=HOURLY.slug).count() == 50 * 25
    assert Run.objects.filter(job=DAILY.slug).count() == 50 * 2 * 2
