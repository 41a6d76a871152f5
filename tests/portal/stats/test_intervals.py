"""Intervals of shares, differences and ratios."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from portal.stats.distributions import chi2_quantile, chi2_sf, normal_quantile, normal_sf, two_sided
from portal.stats.intervals import equal_shares, fisher, katz, newcombe, wilson, wilson_finite

from .approximate import near, published

SHARES = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


class TestPublishedVectors:
    def test_selection_rates_of_two_groups(self) -> None:
        one, two = wilson(80, 200), wilson(42, 150)
        assert (one.low, one.high) == (published(".3346058"), published(".4691633"))
        assert (two.low, two.high) == (published(".2143304"), published(".3566565"))

    def test_their_difference(self) -> None:
        found = newcombe(42, 150, 80, 200)
        assert (found.low, found.high) == (published("-0.2153732"), published("-0.0192398"))

    def test_their_ratio(self) -> None:
        found = katz(42, 150, 80, 200)
        assert (found.value, found.se) == (near(0.7), published(".1569804"))
        assert (found.low, found.high) == (published(".5146074"), published(".9521821"))

    def test_a_ratio_with_nobody_in_one_group(self) -> None:
        found = katz(0, 20, 80, 200)
        assert (found.value, found.low) == (published(".0607"), published(".0039"))
        assert found.high == pytest.approx(0.9437, abs=1e-4), "printed with 1.96 for 1.959964"

    def test_a_small_group_against_the_first(self) -> None:
        found = katz(5, 20, 80, 200)
        assert (found.value, found.low, found.high) == (near(0.625), published(".287"), published("1.36"))

    def test_tests_of_equal_rates(self) -> None:
        found = equal_shares(42, 150, 80, 200)
        assert (found.z, found.p) == (published("-2.3314632"), published(".0197290"))
        assert fisher(42, 150, 80, 200) == published(".0233441")
        assert fisher(10, 400, 8, 1600) == published(".00086")

    def test_the_same_ratio_means_less_with_fewer_rows(self) -> None:
        assert fisher(14, 50, 20, 50) == pytest.approx(0.291, abs=1e-3)
        assert equal_shares(1500, 5000, 2000, 5000).z == published("-10.5")

    def test_an_override_rate(self) -> None:
        found = wilson(37, 500)
        assert (found.low, found.high) == (published(".0542"), published(".1003"))

    def test_a_survey_of_a_finite_staff(self) -> None:
        found = wilson_finite(42, 60, 120)
        assert (found.low, found.high) == (published(".6125"), published(".7750"))


class TestLaws:
    @given(SHARES, st.sampled_from([0.8, 0.95, 0.999]))
    def test_an_interval_holds_its_share_and_stays_in_range(
        self, share: tuple[int, int], level: float
    ) -> None:
        found = wilson(*share, level)
        expected = stats.binomtest(*share).proportion_ci(level, "wilson")
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert (found.low, found.high) == (near(expected.low), near(expected.high))

    @given(SHARES, SHARES)
    def test_a_difference_turned_round_is_its_negative(
        self, one: tuple[int, int], two: tuple[int, int]
    ) -> None:
        there, back = newcombe(*one, *two), newcombe(*two, *one)
        assert there.low is not None
        assert back.high is not None
        assert there.low == pytest.approx(-back.high)

    @given(SHARES, SHARES)
    def test_a_ratio_turned_round_is_its_inverse(self, one: tuple[int, int], two: tuple[int, int]) -> None:
        there, back = katz(*one, *two), katz(*two, *one)
        if there.value is None:
            assert back.reason == there.reason == "nobody in either group"
        else:
            assert there.low is not None
            assert back.high is not None
            assert there.low * back.high == pytest.approx(1)

    @given(SHARES, SHARES)
    def test_fisher_agrees_with_scipy(self, one: tuple[int, int], two: tuple[int, int]) -> None:
        table = [[one[0], one[1] - one[0]], [two[0], two[1] - two[0]]]
        assert fisher(*one, *two) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)

    def test_everybody_asked_leaves_nothing_open(self) -> None:
        found = wilson_finite(42, 120, 120)
        assert (found.low, found.value, found.high) == (0.35, 0.35, 0.35)

    def test_more_rows_make_a_narrower_interval(self) -> None:
        widths = []
        for n in (10, 100, 1000):
            found = wilson(n // 2, n)
            assert found.low is not None
            assert found.high is not None
            widths.append(found.high - found.low)
        assert widths == sorted(widths, reverse=True)

    def test_the_interval_covers_the_truth_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(1)
        covered = 0
        for k in random.binomial(80, 0.1, size=2000).tolist():
            found = wilson(k, 80)
            assert found.low is not None
            assert found.high is not None
            covered += found.low <= 0.1 <= found.high
        assert 0.93 < covered / 2000 < 0.975


class TestUndefined:
    def test_nobody_has_no_rate(self) -> None:
        assert (wilson(0, 0).value, wilson(0, 0).low, wilson(0, 0).reason) == (None, None, "no rows")
        assert newcombe(0, 0, 1, 2).reason == katz(1, 2, 0, 0).reason == "a group without rows"

    @pytest.mark.parametrize(
        "call",
        [
            lambda: wilson(5, 4),
            lambda: wilson(-1, 4),
            lambda: wilson(1, 4, 1.0),
            lambda: wilson(0, 0, 2.0),
            lambda: wilson_finite(5, 10, 9),
            lambda: katz(math.nan, 4, 1, 2),
            lambda: equal_shares(0, 0, 1, 2),
        ],
    )
    def test_counts_that_cannot_be(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"count|level|sample|Both"):
            call()

    def test_two_groups_in_which_all_are_alike_do_not_differ(self) -> None:
        assert equal_shares(0, 500, 0, 300).p == 1


class TestDistributions:
    @given(st.floats(1e-6, 500), st.integers(1, 300))
    def test_the_tail_of_chi_square_agrees_with_scipy(self, x: float, df: int) -> None:
        assert chi2_sf(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-9, abs=1e-300)

    @given(st.floats(0.001, 0.999), st.integers(1, 200))
    def test_its_quantiles_do_too(self, p: float, df: int) -> None:
        assert chi2_quantile(p, df) == pytest.approx(stats.chi2.ppf(p, df), rel=1e-8)

    @given(st.floats(-8, 8))
    def test_the_tails_of_the_normal_do_too(self, z: float) -> None:
        assert normal_sf(z) == pytest.approx(stats.norm.sf(z), rel=1e-9)
        assert two_sided(z) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)

    def test_no_degree_of_freedom_is_certainty(self) -> None:
        assert (chi2_sf(0.0, 0), chi2_sf(1.0, 0), chi2_quantile(0.5, 0)) == (0.0, 0.0, 0.0)
        assert chi2_sf(0.0, 3) == 1

    @pytest.mark.parametrize(
        "call", [lambda: chi2_sf(1.0, -1), lambda: chi2_sf(math.nan, 1), lambda: normal_quantile(1.0)]
    )
    def test_nonsense_is_refused(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"Degrees|level"):
            call()
