"""Checks through the ledger: ordered when due, run behind the fence, an error is a verdict in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.areas import Reading, Verdict, Window
from portal.checks.jobs import ORDER_CHECKS, RUN_CHECK, window_ending_in
from portal.checks.models import Evaluation
from portal.findings.models import Finding
from portal.jobs.models import Run, RunState
from portal.jobs.services import run_now
from portal.metrics.models import Sample
from portal.registry.services import register_version
from tests.portal.cast import Cast, day
from tests.portal.checks.yard.area import TOLD

MIDNIGHT = datetime(2026, 10, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_order_at_midnight_asks_for_the_day_of_every_subject(cast: Cast) -> None:
    register_version(cast.churn_v1.model, actor=cast.erin)
    run = run_now(ORDER_CHECKS, None, Window(MIDNIGHT - HOUR, MIDNIGHT))
    ordered = Run.objects.filter(job=RUN_CHECK.slug, variant="shift")
    assert (run.state, run.result) == (RunState.DONE, {"ordered": ordered.count()})
    assert {each.window for each in ordered} == {day(1)}
    assert {str(each.subject) for each in ordered} == {"churn v1", "churn v2"}


def test_an_order_at_another_hour_asks_for_nothing_daily(cast: Cast) -> None:
    run_now(ORDER_CHECKS, None, Window(MIDNIGHT, MIDNIGHT + HOUR))
    assert not Run.objects.filter(job=RUN_CHECK.slug, variant="shift").exists()


def test_the_same_order_twice_asks_once(cast: Cast) -> None:
    for _ in range(2):
        run_now(ORDER_CHECKS, None, Window(MIDNIGHT - HOUR, MIDNIGHT))
    assert Run.objects.filter(job=RUN_CHECK.slug, variant="shift").count() == 1


def test_a_run_ends_with_evaluation_samples_and_finding_that_name_it(cast: Cast) -> None:
    TOLD.answer = [Reading("shift", 0.4, Verdict.BREACH, feature="tenure", n=900)]
    run = run_now(RUN_CHECK, cast.churn_v1, day(1), variant="shift")
    evaluation = Evaluation.objects.get()
    assert run.state == RunState.DONE
    assert run.result == {"evaluation": evaluation.pk, "verdict": "breach"}
    assert run.input_digest == evaluation.digest
    assert evaluation.run == Sample.objects.get().run == Finding.objects.get().run == run


def test_a_passing_run_closes_the_finding_and_is_named_on_it(cast: Cast) -> None:
    TOLD.answer = [Reading("shift", 0.4, Verdict.BREACH, feature="tenure")]
    run_now(RUN_CHECK, cast.churn_v1, day(1), variant="shift")
    TOLD.answer = [Reading("shift", 0.1, Verdict.OK, feature="tenure")]
    passed = run_now(RUN_CHECK, cast.churn_v1, day(2), variant="shift")
    assert Finding.objects.get().closed_by_run == passed


def test_a_check_that_raises_is_tried_three_times_and_then_is_an_error(cast: Cast) -> None:
    def fall(*_: object) -> list[Reading]:
        raise KeyError("tenure")

    TOLD.answer = fall
    run = [run_now(RUN_CHECK, cast.churn_v1, day(1), variant="shift") for _ in range(3)][-1]
    assert (run.state, run.attempt, TOLD.asked) == (RunState.DONE, 3, 3)
    assert Evaluation.objects.get().readings[0]["reason"] == "KeyError: 'tenure'"


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (timedelta(days=1), Window(MIDNIGHT - timedelta(days=1), MIDNIGHT)),
        (timedelta(hours=1), Window(MIDNIGHT - HOUR, MIDNIGHT)),
        (timedelta(days=7), None),
    ],
)
def test_only_a_window_that_just_ended_is_due(every: timedelta, expected: Window | None) -> None:
    assert window_ending_in(every, Window(MIDNIGHT - HOUR, MIDNIGHT)) == expected
