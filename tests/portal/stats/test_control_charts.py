"""Control charts against the NIST examples, published run lengths and their own promises."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from portal.stats import control_charts as charts
from portal.stats.control_charts.constants import c4, d2, d3

from .approximate import near, published
from .material import spc

LANEY = [510, 540, 470, 560, 455, 530, 600, 480, 520, 450, 580, 505]
EWMA = [
    52,
    47,
    53,
    49.3,
    50.1,
    47,
    51,
    50.1,
    51.2,
    50.5,
    49.6,
    47.6,
    49.9,
    51.3,
    47.8,
    51.2,
    52.6,
    52.4,
    53.6,
    52.1,
]
CUSUM = [
    324.925, 324.675, 324.725, 324.35, 325.35, 325.225, 324.125, 324.525, 325.225, 324.6, 324.625, 325.15,
    328.325, 327.25, 327.825, 328.5, 326.675, 327.775, 326.875, 328.35,
]  # fmt: skip


def motors() -> tuple[list[float], list[float]]:
    rows = spc("nist_motors_p_chart_variable_n.csv")
    return [row["defective"] for row in rows], [row["n"] for row in rows]


def thickness() -> list[list[float]]:
    rows = spc("nist_specimen_thickness_xbar_r_s.csv")
    return [[row["thickness"] for row in day] for _, day in groupby(rows, key=lambda row: row["day"])]


class TestPublishedCharts:
    def test_motors_of_varying_lots(self) -> None:
        found = charts.p(*motors())
        assert isinstance(found.lower, tuple)
        assert isinstance(found.upper, tuple)
        assert found.center == published("0.0994014536")
        assert (found.lower[0], found.upper[0]) == (published("0.0191176"), published("0.1796853"))
        assert found.signals == ((13, 1),)
        assert (found.signals[0].index, found.signals[0].rule) == (13, 1)

    def test_mirrors_of_equal_lots(self) -> None:
        rows = spc("nist_mirrors_np_chart.csv")
        found = charts.np([row["defective"] for row in rows], 150)
        assert (found.center, found.lower, found.upper) == (near(5.48), 0, published("12.3733429"))

    def test_defects_on_wafers(self) -> None:
        found = charts.c([row["defects"] for row in spc("nist_wafer_defects_c_chart.csv")])
        assert (found.center, found.lower, found.upper, found.signals) == (16, 4, 28, ((23, 1),))

    def test_thickness_by_ranges_and_by_deviations(self) -> None:
        by_range, by_deviation = charts.xbar_r(thickness()), charts.xbar_s(thickness())
        assert by_range.spread is not None
        assert by_deviation.spread is not None
        assert by_range.center == by_deviation.center == near(23.726)
        assert by_range.spread.center == near(2.05)
        assert by_deviation.spread.center == published("0.8206582")
        assert (by_range.lower, by_range.upper) == (published("22.5435204"), published("24.9084796"))
        assert (by_deviation.lower, by_deviation.upper) == (published("22.5546752"), published("24.8973248"))
        assert by_range.sigma == near(2.05 / 2.325929)

    def test_a_big_lot_whose_variation_is_real(self) -> None:
        found = charts.laney_p(LANEY, 10_000)
        assert (found.center, found.sigma_z) == (published(".0516667"), published("3.1858149"))
        assert (found.lower, found.upper) == (published(".0305110"), published(".0728224"))
        assert found.signals == ()
        assert charts.p(LANEY, 10_000).signals == ((6, 1), (9, 1))

    def test_a_moving_average(self) -> None:
        found = charts.ewma(EWMA, 50, 2.0539, 0.3, 3)
        assert isinstance(found.lower, tuple)
        assert isinstance(found.upper, tuple)
        assert found.points[-1] == published("51.99")
        assert (found.lower[-1], found.upper[-1]) == (published("47.4116"), published("52.5884"))
        assert found.signals == ()

    def test_a_cumulative_sum(self) -> None:
        found = charts.cusum(CUSUM, 325, 1, 0.3175, 4.1959)
        assert (found.high[12], found.high[13]) == (published("3.0075"), published("4.94"))
        assert found.signals[0] == (13, 1)
        assert min(*found.high, *found.low) == 0

    @pytest.mark.parametrize(
        ("n", "constants"),
        [
            (2, "1.1284 .8525 .7979 1.8800 2.6587 0 3.2665 0 3.2665"),
            (3, "1.6926 .8884 .8862 1.0233 1.9544 0 2.5682 0 2.5746"),
            (4, "2.0588 .8798 .9213 .7286 1.6281 0 2.2660 0 2.2821"),
            (5, "2.3259 .8641 .9400 .5768 1.4273 0 2.0890 0 2.1145"),
            (6, "2.5344 .8480 .9515 .4832 1.2871 .0304 1.9696 0 2.0038"),
            (8, "2.8472 .8198 .9650 .3725 1.0991 .1851 1.8149 .1362 1.8638"),
            (10, "3.0775 .7971 .9727 .3083 .9754 .2837 1.7163 .2230 1.7770"),
        ],
    )
    def test_constants_of_subgroups(self, n: int, constants: str) -> None:
        by_deviation, by_range = 3 * (1 - c4(n) ** 2) ** 0.5 / c4(n), 3 * d3(n) / d2(n)
        found = [
            d2(n), d3(n), c4(n), 3 / d2(n) / n**0.5, 3 / c4(n) / n**0.5,
            max(0, 1 - by_deviation), 1 + by_deviation, max(0, 1 - by_range), 1 + by_range,
        ]  # fmt: skip
        assert found == [published(value) for value in constants.split()]

    def test_single_values_use_the_usual_factors(self) -> None:
        found = charts.individuals([10, 12, 11, 13, 9])
        assert found.spread is not None
        assert list(found.spread.points) == [2, 1, 2, 4]
        assert found.upper == pytest.approx(11 + 2.66 * 2.25, rel=1e-3)
        assert found.spread.lower == 0
        assert found.spread.upper == pytest.approx(3.267 * 2.25, rel=1e-3)


class TestLimits:
    def test_limits_stay_in_the_range_of_a_share(self) -> None:
        found = charts.p([0, 1, 2, 1], [9, 9, 8, 9])
        assert np.min(found.lower) >= 0
        assert np.max(found.upper) <= 1

    @pytest.mark.parametrize("n", [20, 50, 90])
    def test_few_expected_events_have_exact_limits(self, n: int) -> None:
        found = charts.p([1] * 20, n)
        k = stats.binom.ppf([0.00135, 0.99865], n, found.center)
        assert (found.lower, found.upper) == (near(k[0] / n), near(k[1] / n))
        counts = charts.np([1] * 20, n)
        assert (counts.lower, counts.upper) == tuple(k)

    @pytest.mark.parametrize("mean", [0.2, 1.7, 4.9])
    def test_rare_events_too(self, mean: float) -> None:
        found = charts.c([1, 1], center=mean)
        assert (found.lower, found.upper) == tuple(stats.poisson.ppf([0.00135, 0.99865], mean))
        rates = charts.u([1, 2], [2, 2], center=mean / 2)
        assert (rates.lower, rates.upper) == (0, near(stats.poisson.ppf(0.99865, mean) / 2))

    def test_only_the_small_subgroups_get_them(self) -> None:
        found = charts.p([2, 100], [20, 1000])
        share = 102 / 1020
        assert isinstance(found.upper, tuple)
        assert found.upper[0] == near(stats.binom.ppf(0.99865, 20, share) / 20)
        assert found.upper[1] == near(share + 3 * (share * (1 - share) / 1000) ** 0.5)

    def test_all_alike_leaves_no_room(self) -> None:
        nothing, everything = charts.p([0, 0], 500), charts.p([3, 3], 3)
        assert (nothing.lower, nothing.upper, nothing.signals) == (0, 0, ())
        assert (everything.lower, everything.upper, everything.signals) == (1, 1, ())

    def test_a_point_on_the_limit_is_no_signal(self) -> None:
        assert charts.c([28], center=16).signals == ()
        assert charts.c([29], center=16).signals == ((0, 1),)

    def test_rates_per_exposure(self) -> None:
        found = charts.u([10, 20, 60], [1, 2, 3])
        assert (found.center, found.sigma) == (15, near(15**0.5))
        assert list(found.points) == [10, 10, 20]
        assert isinstance(found.upper, tuple)
        assert found.upper[1] == near(15 + 3 * (15 / 2) ** 0.5)

    @given(st.lists(st.integers(0, 40), min_size=2, max_size=20), st.integers(40, 90))
    def test_a_p_chart_and_an_np_chart_of_equal_lots_signal_alike(self, x: list[int], n: int) -> None:
        assert charts.p(x, n).signals == charts.np(x, n).signals

    def test_capability(self) -> None:
        found = charts.capability(10, 1, 4, 13)
        assert (found.cp, found.cpk) == (1.5, 1.0)
        assert charts.capability(10, 1, None, 13) == charts.Capability(None, 1.0)


class TestPhaseTwo:
    CASES: tuple[tuple[Callable[..., Any], tuple[Any, ...], tuple[Any, ...]], ...] = (
        (charts.p, ([5, 9, 30, 7], [100, 90, 110, 100]), ([60], [100])),
        (charts.np, ([5, 9, 30, 7], 100), ([60], 100)),
        (charts.c, ([16, 12, 20, 15],), ([60],)),
        (charts.u, ([16, 12, 20, 15], [2, 2, 3, 2]), ([60], [2])),
        (charts.laney_p, (LANEY, 10_000), ([990], 10_000)),
        (charts.xbar_r, ([[1, 2, 3], [2, 3, 1], [1, 2, 2]],), ([[9, 9, 9]],)),
        (charts.xbar_s, ([[1, 2, 3], [2, 3, 1], [1, 2, 2]],), ([[9, 9, 9]],)),
        (charts.individuals, ([10, 12, 11, 13, 9],), ([40],)),
        (charts.ewma, ([10, 12, 11], 10, 1), ([40],)),
        (charts.cusum, ([10, 12, 11], 10, 1), ([40],)),
    )

    @pytest.mark.parametrize(("draw", "quiet", "new"), CASES, ids=lambda case: getattr(case, "__name__", ""))
    def test_new_points_are_judged_by_frozen_limits(
        self, draw: Callable[..., Any], quiet: tuple[Any, ...], new: tuple[Any, ...]
    ) -> None:
        chart = draw(*quiet)
        limits = charts.freeze(chart)
        data = quiet if draw not in {charts.ewma, charts.cusum} else quiet[:1]
        assert limits.apply(*data) == chart, "the points of phase I give their own chart back"
        found = limits.apply(*new)
        assert found.signals == ((0, 1),)
        assert (found.center, found.sigma) == (chart.center, chart.sigma)
        assert charts.freeze(found) == limits
        assert charts.Frozen.from_dict(limits.to_dict()) == limits

    def test_limits_need_what_they_were_made_with(self) -> None:
        with pytest.raises(ValueError, match="sizes"):
            charts.freeze(charts.p([5, 9], 100)).apply([5])
        with pytest.raises(ValueError, match="subgroups of 3"):
            charts.freeze(charts.xbar_s([[1, 2, 3], [2, 3, 1]])).apply([[1, 2]])
        with pytest.raises(ValueError, match="spread"):
            charts.freeze(charts.individuals([1, 2, 3]).spread)  # type: ignore[arg-type]


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "points"),
        [
            (1, [0, 3.1]),
            (2, [2.1, 0, 2.1]),
            (3, [1.1, 1.1, -1, 1.1, 1.1]),
            (4, [-0.1] * 8),
        ],
    )
    def test_western_electric(self, rule: int, points: list[float]) -> None:
        last = len(points) - 1
        assert charts.western_electric(points) == ((last, rule),)
        assert charts.western_electric([-point for point in points]) == ((last, rule),)
        assert charts.western_electric(points[:-1]) == ()

    @pytest.mark.parametrize(
        ("rule", "points"),
        [
            (1, [0, 3.1]),
            (2, [0.1, 0.2] + [0.1] * 7),
            (3, [-0.5, -0.4, 0, 0.1, 0.2, 0.3]),
            (4, [0.5, -0.5] * 7),
            (5, [2.1, 0, 2.1]),
            (6, [1.1, 1.1, -1, 1.1, 1.1]),
            (7, [0.1, 0.1, -0.1] * 5),
            (8, [1.1, 1.1, -1.1, -1.1] * 2),
        ],
    )
    def test_nelson(self, rule: int, points: list[float]) -> None:
        last = len(points) - 1
        assert charts.nelson(points, rules=[rule]) == ((last, rule),)
        assert charts.nelson([-point for point in points], rules=[rule]) == ((last, rule),)
        assert charts.nelson(points[:-1], rules=[rule]) == ()

    def test_two_far_points_on_opposite_sides_are_no_pattern(self) -> None:
        assert charts.western_electric([2.1, -2.1, 2.1], rules=[2]) == ((2, 2),)
        assert charts.western_electric([2.1, -2.1, 0], rules=[2]) == ()

    def test_a_chart_brings_its_own_limits(self) -> None:
        x, n = motors()
        chart = charts.p(x, n)
        assert (13, 1) in charts.western_electric(chart)
        assert charts.western_electric(chart, rules=[1]) == chart.signals
        assert charts.western_electric([12.0], 10, 0.5) == ((0, 1), )  # fmt: skip

    def test_only_rule_one_signals_by_default(self) -> None:
        assert charts.individuals([1, 2] * 3 + [2.1] * 9).signals == ()

    @pytest.mark.parametrize(
        "call", [lambda: charts.nelson([1.0], rules=[9]), lambda: charts.nelson([1.0], 0, 0)]
    )
    def test_unknown_rules_are_refused(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"rules|Sigma"):
            call()


def run_length(
    signals: Callable[[Any], Any], shift: float, runs: int, longest: int, seed: int
) -> tuple[float, float]:
    """Mean number of points up to the first signal, and its standard error."""
    random = np.random.default_rng(seed)
    lengths = []
    for _ in range(runs):
        found = signals(random.normal(shift, 1, longest))
        lengths.append(found[0].index + 1 if found else longest)
    return float(np.mean(lengths)), float(np.std(lengths) / runs**0.5)


class TestFalseAlarms:
    """Simulated with fixed seeds; published values within four standard errors."""

    @pytest.mark.parametrize(
        ("signals", "in_control", "shifted"),
        [
            (charts.western_electric, 91.75, 9.3),
            (charts.nelson, 73.3, 9.8),
            (lambda x: charts.ewma(x, 0, 1).signals, 370, 9.8),
            (lambda x: charts.cusum(x, 0, 1).signals, 465.4, 10.38),
            (lambda x: charts.cusum(x, 0, 1, 0.5, 4).signals, 167.7, 8.38),
            (lambda x: charts.western_electric(x, rules=[1]), 370.4, 43.9),
        ],
        ids=["western_electric", "nelson", "ewma", "cusum_5", "cusum_4", "rule_1"],
    )
    def test_run_lengths_are_those_of_the_literature(
        self, signals: Callable[[Any], Any], in_control: float, shifted: float
    ) -> None:
        quiet, quiet_error = run_length(signals, 0, 250, 2500, seed=1)
        assert abs(quiet - in_control) < 4 * quiet_error
        moved, moved_error = run_length(signals, 1, 400, 400, seed=2)
        assert abs(moved - shifted) < 4 * moved_error

    def test_a_p_chart_of_varying_lots_rarely_cries_wolf(self) -> None:
        random = np.random.default_rng(3)
        n = random.integers(50, 2000, 4000)
        x = random.binomial(n, 0.03)
        alarms = len(charts.p(x, n, center=0.03).signals) / len(n)
        assert alarms < 0.006

    def test_a_shift_of_one_sigma_is_seen_sooner_with_a_memory(self) -> None:
        plain, _ = run_length(lambda x: charts.western_electric(x, rules=[1]), 1, 300, 500, seed=4)
        remembering, _ = run_length(lambda x: charts.ewma(x, 0, 1).signals, 1, 300, 500, seed=4)
        assert remembering < plain / 3


class TestRefusals:
    @pytest.mark.parametrize(
        "call",
        [
            lambda: charts.p([5], [4]),
            lambda: charts.p([1], [0]),
            lambda: charts.p([-1], [4]),
            lambda: charts.p([1, 2], [4]),
            lambda: charts.p([], []),
            lambda: charts.p([1], [4], center=1.5),
            lambda: charts.np([1, 1], [4, 5]),
            lambda: charts.c([float("nan")]),
            lambda: charts.laney_p([0, 0], 5),
            lambda: charts.individuals([1]),
            lambda: charts.xbar_r([[1, 2], [1]]),
            lambda: charts.xbar_s([[1], [2]]),
            lambda: charts.xbar_s([[1, float("inf")]]),
            lambda: charts.ewma([1], 0, 0),
            lambda: charts.ewma([1], 0, 1, 1.5),
            lambda: charts.cusum([1], 0, -1),
            lambda: charts.cusum([1], 0, 1, -1),
            lambda: charts.capability(0, 0, 0, 1),
            lambda: charts.capability(0, 1, None, None),
            lambda: charts.capability(0, 1, 2, 1),
            lambda: c4(1),
        ],
    )
    def test_data_that_make_no_chart(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            call()
