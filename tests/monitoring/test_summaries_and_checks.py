"""Days are counted once, and what is judged on them is certain or says that it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from monitoring.checks.drift import measure_drift
from monitoring.checks.fairness import measure_fairness
from monitoring.checks.performance import measure_performance
from monitoring.gates import has_reference, treats_groups_alike
from monitoring.policies import DriftLimits, FairnessLimits, PerformanceLimits
from monitoring.selectors import window_profile, windows_of
from portal.areas import GateState, Reading, Verdict, Window
from portal.checks.jobs import RUN_CHECK
from portal.jobs.services import run_now
from portal.registry.services import update_system
from tests.monitoring.conftest import START, Desk, Row, people_of, with_outcomes

DAY, WEEK = timedelta(days=1), timedelta(days=7)
FIRST = Window(START, START + WEEK)


def freeze(desk: Desk, *, n: int = 4_000, seed: int = 99, wrong: float = 0.1) -> None:
    """A reference of labelled rows like those of ``people_of``."""
    rows, outcomes = people_of(n, seed=seed, wrong=wrong, prefix="r")
    answer = desk.send("reference", with_outcomes(rows, outcomes))
    assert answer.status_code == 201, answer.content


def arrived(desk: Desk, n: int = 1_400, *, labelled: bool = True, **how: Any) -> list[Row]:
    """Predictions of a week and their outcomes, sent and counted."""
    rows, outcomes = people_of(n, **how)
    desk.stored("predictions", rows)
    if labelled:
        desk.stored("outcomes", outcomes)
    desk.count()
    return rows


def by_feature(readings: Sequence[Reading]) -> dict[str | None, Verdict]:
    return {r.feature: r.verdict for r in readings if r.metric == "psi" and r.segment is None}


def one(readings: Sequence[Reading], metric: str) -> Reading:
    return next(reading for reading in readings if reading.metric == metric)


# Summaries


def test_a_day_is_counted_once(desk: Desk) -> None:
    arrived(desk, 70, seed=1, labelled=False)
    assert [summary.revision for summary in desk.summaries(START)] == [1]
    assert desk.count() == []
    desk.stored("predictions", people_of(70, seed=1)[0])
    assert desk.count() == []
    assert len(desk.summaries(START)) == 1


def test_a_late_outcome_opens_the_next_revision_of_its_day_alone(desk: Desk) -> None:
    arrived(desk, 70, seed=1, labelled=False)
    late = {"prediction_id": "p0", "outcome": "1", "observed_at": (START + 60 * DAY).isoformat()}
    desk.stored("outcomes", [late])
    assert desk.count() == [START.date()]
    old, new = desk.summaries(START)
    assert (old.revision, old.labelled, old.superseded_at is None) == (1, 0, False)
    assert (new.revision, new.labelled, new.superseded_at) == (2, 1, None)
    assert (old.n, new.n) == (10, 10)
    assert [summary.revision for summary in desk.summaries(START + DAY)] == [1]


def test_a_week_is_the_sum_of_its_days(desk: Desk) -> None:
    freeze(desk)
    rows = arrived(desk, 700, seed=1)
    counted = window_profile(desk.version, FIRST)
    assert counted is not None
    days = [desk.summaries(START + k * DAY)[-1] for k in range(7)]
    assert counted.profile.n == sum(day.n for day in days) == 700
    assert counted.profile.labelled == sum(day.labelled for day in days) == 700
    assert sum(counted.profile.pairs.values()) == 700
    plans = [row["features"]["plan"] for row in rows]
    assert sorted(counted.profile.features["plan"].counts)[-3:] == sorted(plans.count(p) for p in set(plans))
    (week,) = windows_of(desk.version, grain="week")
    assert (week.n, week.labelled, week.days, week.state) == (700, 700, 7, "mature")


def test_each_segment_is_counted_beside_the_whole(desk: Desk) -> None:
    rows, _ = people_of(40, seed=1, days=1)
    for row in rows[:10]:
        row["segment"] = {"region": "south"}
    desk.stored("predictions", rows)
    desk.count()
    found = [desk.summaries(START, segment)[-1].n for segment in ("", "region=north", "region=south")]
    assert found == [40, 30, 10]


def test_a_new_reference_counts_the_days_again(desk: Desk) -> None:
    freeze(desk)
    arrived(desk, 70, seed=1)
    freeze(desk, seed=98)
    assert len(desk.count()) == 7
    newest = desk.summaries(START)[-1]
    assert newest.reference is not None
    assert (newest.revision, newest.reference.number) == (2, 2)


# Drift


def test_drift_finds_the_feature_that_moved_and_no_other(desk: Desk) -> None:
    freeze(desk)
    arrived(desk, seed=1, shift=8.0)
    readings = measure_drift(desk.version, FIRST, DriftLimits())
    assert by_feature(readings)["tenure"] == Verdict.BREACH
    assert by_feature(readings)["plan"] == Verdict.OK
    assert one(readings, "drifted_importance").value == pytest.approx(0.7)


@pytest.mark.parametrize("seed", range(1, 4))
def test_drift_is_quiet_where_nothing_moved(desk: Desk, seed: int) -> None:
    freeze(desk)
    arrived(desk, seed=seed)
    verdicts = by_feature(measure_drift(desk.version, FIRST, DriftLimits()))
    assert (verdicts["tenure"], verdicts["plan"]) == (Verdict.OK, Verdict.OK)


def test_a_few_rows_are_never_called_quiet(desk: Desk) -> None:
    freeze(desk)
    arrived(desk, 20, seed=1)
    readings = measure_drift(desk.version, FIRST, DriftLimits())
    tenure = next(r for r in readings if r.feature == "tenure" and r.segment is None)
    assert tenure.verdict == Verdict.INSUFFICIENT
    assert "needed" in (tenure.reason or "")
    assert Verdict.OK not in {r.verdict for r in readings if r.feature == "tenure"}


def test_without_rows_reference_or_schema_there_is_a_reason_and_no_number(desk: Desk) -> None:
    limits = DriftLimits()
    (nothing,) = measure_drift(desk.version, FIRST, limits)
    assert (nothing.verdict, nothing.value) == (Verdict.NO_DATA, None)
    arrived(desk, 70, seed=1, labelled=False)
    (unfrozen,) = measure_drift(desk.version, FIRST, limits)
    assert (unfrozen.verdict, unfrozen.reason) == (Verdict.NO_DATA, "no reference")
    desk.version.schema = None
    for readings in (
        measure_drift(desk.version, FIRST, limits),
        measure_fairness(desk.version, FIRST, FairnessLimits()),
        measure_performance(desk.version, FIRST, PerformanceLimits()),
    ):
        assert [(r.verdict, r.reason) for r in readings] == [(Verdict.INSUFFICIENT, "no schema")]


# Fairness


def judged(desk: Desk, groups: Mapping[str, tuple[int, float]]) -> dict[str, Reading]:
    """The impact ratio of each sex, sent as so many people of whom such a share is selected."""
    rows: list[Row] = []
    attributes = []
    for sex, (n, rate) in groups.items():
        made, _ = people_of(n, seed=3, prefix=sex)
        for i, row in enumerate(made):
            row["prediction"] = "1" if i < round(n * rate) else "0"
            attributes.append({"prediction_id": row["prediction_id"], "sex": sex})
        rows += made
    desk.stored("predictions", rows)
    desk.stored("attributes", attributes)
    desk.count()
    readings = measure_fairness(desk.version, FIRST, FairnessLimits())
    return {
        r.group["sex"]: r
        for r in readings
        if r.metric == "impact_ratio" and r.group is not None and list(r.group) == ["sex"]
    }


def test_a_ratio_of_seven_tenths_breaches(desk: Desk) -> None:
    found = judged(desk, {"M": (1_000, 0.5), "F": (1_000, 0.35)})
    assert found["F"].value == pytest.approx(0.7)
    assert found["F"].verdict == Verdict.BREACH
    assert found["M"].verdict == Verdict.OK
    assert (found["F"].low or 1) < 0.7 < (found["F"].high or 0)


def test_alike_groups_pass(desk: Desk) -> None:
    found = judged(desk, {"M": (1_000, 0.5), "F": (1_000, 0.48)})
    assert {reading.verdict for reading in found.values()} == {Verdict.OK}


def test_a_small_group_never_passes_and_cannot_be_subtracted(desk: Desk) -> None:
    found = judged(desk, {"M": (600, 0.5), "F": (500, 0.5), "X": (4, 0.5)})
    assert found["X"].value is None
    assert found["X"].n is None
    assert found["X"].verdict == Verdict.INSUFFICIENT
    assert sum(reading.n is None for reading in found.values()) >= 2


def test_a_middling_group_is_shown_without_a_verdict(desk: Desk) -> None:
    found = judged(desk, {"M": (600, 0.5), "F": (20, 0.5)})
    assert found["F"].verdict == Verdict.INSUFFICIENT
    assert found["M"].verdict != Verdict.BREACH


# Performance


def test_a_decay_leaves_the_control_limits(desk: Desk) -> None:
    freeze(desk, wrong=0.1)
    arrived(desk, seed=1, wrong=0.1)
    arrived(desk, seed=2, wrong=0.2, first=START + WEEK, prefix="q")
    before = measure_performance(desk.version, FIRST, PerformanceLimits())
    after = measure_performance(desk.version, Window(START + WEEK, START + 2 * WEEK), PerformanceLimits())
    assert one(before, "error_rate").verdict == Verdict.OK
    error = one(after, "error_rate")
    assert error.verdict == Verdict.BREACH
    assert (error.value or 0) > (error.limit_breach or 1)
    accuracy = one(after, "accuracy").value
    assert accuracy is not None
    assert error.value == pytest.approx(1 - accuracy)


def test_few_outcomes_are_too_few_to_judge(desk: Desk) -> None:
    freeze(desk)
    (nothing,) = measure_performance(desk.version, FIRST, PerformanceLimits())
    assert nothing.verdict == Verdict.NO_DATA
    arrived(desk, 70, seed=1)
    (few,) = measure_performance(desk.version, FIRST, PerformanceLimits())
    assert (few.verdict, few.value) == (Verdict.INSUFFICIENT, None)


def test_no_number_of_a_reading_is_nan(desk: Desk) -> None:
    freeze(desk)
    rows = arrived(desk, 200, seed=1)
    sexes = [{"prediction_id": row["prediction_id"], "sex": "FM"[i % 2]} for i, row in enumerate(rows)]
    desk.stored("attributes", sexes)
    desk.count()
    for readings in (
        measure_drift(desk.version, FIRST, DriftLimits()),
        measure_fairness(desk.version, FIRST, FairnessLimits()),
        measure_performance(desk.version, FIRST, PerformanceLimits()),
    ):
        for reading in readings:
            json.dumps(reading.extra, allow_nan=False)
            numbers = [reading.value, reading.low, reading.high, reading.p, reading.limit_breach]
            assert all(np.isfinite(x) for x in numbers if x is not None)


# Gates


def test_a_version_needs_a_reference(desk: Desk) -> None:
    assert has_reference(desk.version).state == GateState.FAILED
    freeze(desk)
    assert has_reference(desk.version).state == GateState.PASSED


def test_a_version_that_decides_about_people_needs_a_measured_fairness(desk: Desk) -> None:
    assert treats_groups_alike(desk.version).state == GateState.PASSED
    desk.version.model.system = update_system(desk.people.churn, actor=desk.people.erin, affects_rights=True)
    assert treats_groups_alike(desk.version).state == GateState.WAITING
    judged(desk, {"M": (1_000, 0.5), "F": (1_000, 0.35)})
    run_now(RUN_CHECK, desk.version, FIRST, variant="fairness")
    answer = treats_groups_alike(desk.version)
    assert answer.state == GateState.FAILED
    assert "sex F" in answer.reason
    assert "0.7" in answer.reason
