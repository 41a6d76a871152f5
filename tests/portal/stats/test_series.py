"""Windows, quantiles, trends, breaks, survival and links."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from portal.stats.series import (
    change_point,
    decay_crossing,
    kaplan_meier,
    lagged_link,
    mann_kendall,
    quantile,
    theil_sen,
    windows,
)

from .approximate import near, published

MONTHS = list(range(12))
QUALITY = [0.852, 0.849, 0.851, 0.846, 0.843, 0.845, 0.839, 0.838, 0.835, 0.836, 0.831, 0.829]
VALUES = st.lists(st.integers(-50, 50), min_size=4, max_size=40)


class TestWindows:
    def test_a_month_begins_at_midnight_of_its_zone(self) -> None:
        late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
        assert windows([late], "month").starts == (datetime(2026, 1, 1, tzinfo=UTC),)
        there = windows([late], "month", zone="Europe/Vienna")
        assert there.starts[0].isoformat() == "2026-02-01T00:00:00+01:00"

    def test_windows_between_the_first_and_the_last_are_all_there(self) -> None:
        found = windows([date(2026, 5, 3), date(2026, 1, 9)], "month")
        assert [start.month for start in found.starts] == [1, 2, 3, 4, 5]
        assert found.index == (4, 0)

    @pytest.mark.parametrize(
        ("grain", "starts"),
        [("day", "2026-11-11"), ("week", "2026-11-09"), ("month", "2026-11-01"), ("quarter", "2026-10-01"),
         ("year", "2026-01-01")],
    )  # fmt: skip
    def test_every_grain_has_its_first_day(self, grain: Any, starts: str) -> None:
        assert windows(["2026-11-11T10:00:00Z"], grain).starts[0].date().isoformat() == starts

    def test_a_day_of_a_changing_clock_is_one_window(self) -> None:
        hours = [datetime(2026, 3, 29, tzinfo=UTC) + timedelta(hours=h) for h in range(-1, 22)]
        found = windows(hours, "day", zone="Europe/Vienna")
        assert (len(found.starts), set(found.index)) == (1, {0})

    def test_all_ways_to_say_a_time_agree(self) -> None:
        moment = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)
        ways: list[Any] = [
            moment, moment.isoformat(), np.datetime64("2026-07-01T00:30"), moment.replace(tzinfo=None)
        ]  # fmt: skip
        assert windows(ways, "day").index == (0, 0, 0, 0)
        array = np.array(["2026-07-01T00:30", "2026-06-30T23:59:59"], dtype="datetime64[ns]")
        assert windows(array, "day").index == (1, 0)
        assert windows(array, "day", zone="Asia/Kathmandu").index == (0, 0)

    @given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)), min_size=1, max_size=20))  # noqa: DTZ001
    def test_every_time_lies_in_its_window(self, times: list[datetime]) -> None:
        for grain in ("month", "quarter", "year"):
            found = windows(times, grain)
            ends = [*found.starts[1:], datetime.max.replace(tzinfo=UTC)]
            for moment, place in zip(times, found.index, strict=True):
                assert found.starts[place] <= moment.replace(tzinfo=UTC) < ends[place]

    def test_no_time_has_no_window(self) -> None:
        assert windows([], "day").starts == ()

    def test_a_missing_time_and_another_grain_are_refused(self) -> None:
        with pytest.raises(ValueError, match="missing"):
            windows(np.array(["NaT"], dtype="datetime64[s]"), "day")
        with pytest.raises(ValueError, match="Windows are one of"):
            windows([], "fortnight")  # type: ignore[arg-type]


class TestQuantiles:
    def test_of_a_hundred_latencies(self) -> None:
        assert quantile(range(1, 101), 0.99) == near(99.01)
        assert quantile(range(1, 101), 0.99, method="nearest_rank") == 99

    @given(VALUES, st.integers(1, 99))
    def test_the_nearest_rank_is_a_value_that_occurred(self, values: list[int], percent: int) -> None:
        found = quantile(values, percent / 100, method="nearest_rank")
        assert found == sorted(values)[math.ceil(percent * len(values) / 100) - 1]

    @pytest.mark.parametrize(
        "call", [lambda: quantile([], 0.5), lambda: quantile([math.nan], 0.5), lambda: quantile([1], 2)]
    )
    def test_nonsense_is_refused(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match="quantile"):
            call()


class TestTrends:
    def test_the_published_decay(self) -> None:
        found = decay_crossing(MONTHS, QUALITY, 0.80)
        assert found.slope == published("-.00208392")
        assert (found.at, found.low, found.high) == (
            published("25.2545"), published("22.694"), published("28.675")
        )  # fmt: skip
        assert found.g == published(".0213129")
        assert (found.robust.slope, found.robust_at) == (near(-0.002), near(26))
        assert found.trend.tau == published("-.9091")
        assert found.reason is None

    @given(VALUES)
    def test_mann_kendall_agrees_with_scipy(self, values: list[int]) -> None:
        found = mann_kendall(values)
        expected = stats.kendalltau(range(len(values)), values)
        if len(set(values)) > 1:
            assert found.tau == near(expected.statistic)
        else:
            assert (found.tau, found.p) == (0, 1)

    @given(VALUES)
    def test_theil_sen_agrees_with_scipy(self, values: list[int]) -> None:
        found, expected = theil_sen(range(len(values)), values), stats.theilslopes(values)
        assert (found.slope, found.intercept) == (near(expected.slope), near(expected.intercept))
        assert found.low <= found.slope <= found.high

    def test_the_bounds_of_a_slope_without_ties_agree_with_scipy(self) -> None:
        values = np.random.default_rng(1).normal(size=25)
        found, expected = theil_sen(range(25), values), stats.theilslopes(values)
        assert (found.low, found.high) == (near(expected.low_slope), near(expected.high_slope))

    def test_a_metric_that_does_not_fall_gets_no_date(self) -> None:
        assert decay_crossing(MONTHS, QUALITY[::-1], 0.8).reason == "not falling"
        assert decay_crossing(MONTHS, [0.85] * 12, 0.8).at is None

    def test_a_fall_that_may_be_chance_gets_no_date(self) -> None:
        noise = np.random.default_rng(2).normal(0.85, 0.01, 12) - 1e-4 * np.arange(12)
        found = decay_crossing(MONTHS, noise, 0.8)
        assert (found.at, found.low, found.high) == (None, None, None)
        assert found.reason in {"the fall may be chance", "not falling"}

    def test_a_date_is_bracketed_as_often_as_promised(self) -> None:
        random = np.random.default_rng(3)
        times, covered, dated = np.arange(24), 0, 0
        for _ in range(400):
            found = decay_crossing(times, 0.9 - 0.004 * times + random.normal(0, 0.008, 24), 0.75)
            if found.low is not None and found.high is not None:
                dated += 1
                covered += found.low <= 37.5 <= found.high
        assert dated > 390
        assert 0.92 < covered / dated < 0.98

    def test_white_noise_seldom_has_a_trend(self) -> None:
        random = np.random.default_rng(4)
        alarms = np.mean([mann_kendall(random.normal(size=20)).p < 0.05 for _ in range(1000)])
        assert 0.03 < alarms < 0.07

    def test_times_in_any_order_give_the_same_date(self) -> None:
        order = np.random.default_rng(5).permutation(12)
        shuffled = decay_crossing(order, [QUALITY[i] for i in order], 0.8)
        assert shuffled.at == near(25.254474272930725)
        assert shuffled.trend == mann_kendall(QUALITY)

    @pytest.mark.parametrize(
        "call",
        [
            lambda: theil_sen([1], [1]),
            lambda: theil_sen([1, 1], [1, 2]),
            lambda: mann_kendall([1, 2]),
            lambda: change_point([1, 2, 3]),
            lambda: decay_crossing([1, 2], [1, 2], 0),
            lambda: theil_sen([1, 2], [1, math.nan]),
        ],
    )
    def test_too_little_to_see_anything(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"series|slope|finite"):
            call()


class TestChangePoint:
    def test_it_finds_the_break_and_both_levels(self) -> None:
        random = np.random.default_rng(6)
        found = change_point(np.concatenate((random.normal(10, 1, 30), random.normal(7, 1, 20))))
        assert abs(found.index - 30) <= 1
        assert found.mean_before == pytest.approx(10, abs=0.7)
        assert found.mean_after == pytest.approx(7, abs=0.7)
        assert found.p < 0.001

    def test_the_index_is_that_of_the_first_value_after_it(self) -> None:
        assert change_point([0, 0, 0, 9, 9, 9]).index == 3

    def test_a_series_without_a_break_seldom_has_one(self) -> None:
        random = np.random.default_rng(7)
        alarms = np.mean([change_point(random.normal(size=15)).p < 0.05 for _ in range(100)])
        assert 0.01 <= alarms < 0.12

    def test_a_constant_has_no_break(self) -> None:
        assert change_point([5, 5, 5, 5, 5]).p == 1

    def test_the_same_series_has_the_same_p_value(self) -> None:
        assert change_point(QUALITY) == change_point(QUALITY)


class TestSurvival:
    def test_the_published_fleet(self) -> None:
        found = kaplan_meier(
            [5, 6, 8, 9, 12, 12, 15, 18, 20, 24, 24, 24], [1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0]
        )
        assert found.median == 15
        assert (found.at(12), found.at(24), found.at(4)) == (published(".5833333"), published(".3888889"), 1)

    @given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=30))
    def test_it_agrees_with_scipy(self, rows: list[tuple[int, bool]]) -> None:
        durations, events = (np.array(part) for part in zip(*rows, strict=True))
        found = kaplan_meier(durations, events)
        expected = stats.ecdf(stats.CensoredData.right_censored(durations, ~events)).sf
        for time in range(11):
            assert found.at(time) == near(float(expected.evaluate(time)))

    def test_without_an_end_there_is_no_median(self) -> None:
        found = kaplan_meier([3, 4], [0, 0])
        assert (found.median, found.at(9), found.events) == (None, 1, 0)

    @pytest.mark.parametrize(
        ("durations", "events"), [([], []), ([1], [1, 0]), ([-1], [1]), ([math.inf], [1])]
    )
    def test_durations_that_make_no_sense(self, durations: list[float], events: list[int]) -> None:
        with pytest.raises(ValueError, match="uration"):
            kaplan_meier(durations, events)


class TestLinks:
    def test_a_driver_two_periods_ahead_is_found(self) -> None:
        random = np.random.default_rng(8)
        moves = random.normal(size=80)
        answer = 0.8 * np.concatenate(([0, 0], moves[:-2])) + random.normal(0, 0.3, 80)
        found = lagged_link(np.cumsum(moves), np.cumsum(answer))
        assert (found.status, found.lag) == ("supported", 2)
        assert found.low is not None
        assert found.high is not None
        assert found.low < 0.8 < found.high

    def test_two_random_walks_seldom_seem_linked(self) -> None:
        """Correlating them undifferenced finds a link in four of five."""
        random = np.random.default_rng(9)
        walks = np.cumsum(random.normal(size=(200, 2, 104)), axis=2)
        found = [lagged_link(driver, outcome).status for driver, outcome in walks]
        assert found.count("supported") / 200 < 0.06
        naive = [stats.pearsonr(driver, outcome).pvalue < 0.05 for driver, outcome in walks]
        assert np.mean(naive) > 0.6

    def test_too_short_a_series_shows_no_number(self) -> None:
        found = lagged_link(range(8), range(8))
        assert (found.status, found.coefficient) == ("insufficient", None)

    def test_a_short_one_shows_its_number_without_a_verdict(self) -> None:
        random = np.random.default_rng(10)
        driver = np.cumsum(random.normal(size=16))
        found = lagged_link(driver, 2 * driver + random.normal(0, 0.1, 16), max_lag=2)
        assert (found.status, found.reason, found.lag) == ("insufficient", "too short", 0)
        assert found.coefficient == pytest.approx(2, abs=0.3)

    def test_a_link_in_one_half_only_is_none(self) -> None:
        random = np.random.default_rng(11)
        moves = random.normal(size=80)
        answer = np.where(np.arange(80) < 40, moves, 0) + random.normal(0, 0.2, 80)
        assert lagged_link(np.cumsum(moves), np.cumsum(answer)).status == "not_supported"

    def test_a_perfect_line_is_a_link(self) -> None:
        driver = np.cumsum(np.random.default_rng(12).normal(size=60))
        assert lagged_link(driver, 3 * driver, max_lag=0).status == "supported"

    def test_a_driver_that_never_moves_drives_nothing(self) -> None:
        assert lagged_link([1.0] * 60, range(60)).status == "insufficient"

    @pytest.mark.parametrize(
        "call",
        [
            lambda: lagged_link([1, 2], [1]),
            lambda: lagged_link([1, math.nan], [1, 2]),
            lambda: lagged_link([1, 2], [1, 2], max_lag=-1),
        ],
    )
    def test_series_that_do_not_match(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"series|lag"):
            call()
