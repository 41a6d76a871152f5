"""Drift measures against published vectors, other packages and the laws they must obey."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from portal.stats.bins import quantile_bins
from portal.stats.drift import (
    adjust,
    chi2,
    coarsen,
    domain_auc,
    hellinger,
    js_distance,
    ks,
    ks_binned,
    l_infinity,
    minimum_rows,
    psi,
    total_variation,
    wasserstein,
)

from .approximate import near, published
from .material import drift_expected, drift_samples

NUMERIC = [name for name in drift_expected() if name.startswith("n")]
CATEGORICAL = [name for name in drift_expected() if name.startswith("c")]
TEN = ([100] * 10, [120, 110, 105, 100, 95, 90, 100, 100, 90, 90])
NEW_BIN = ([50, 30, 20, 0], [40, 30, 20, 10])
MEASURES: list[Callable[..., object]] = [
    psi,
    js_distance,
    hellinger,
    total_variation,
    l_infinity,
    chi2,
    ks_binned,
]
COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=12)


def value_of(measure: Callable[..., object], reference: object, current: object) -> float:
    return float(measure(reference, current).value)  # type: ignore[attr-defined]


def binned(name: str) -> tuple[list[int], list[int]]:
    bins = quantile_bins(drift_samples(0)[name])
    return bins.count(drift_samples(0)[name]).tolist(), bins.count(drift_samples(1)[name]).tolist()


class TestPublishedVectors:
    def test_ten_bins_that_moved_a_little(self) -> None:
        assert psi(*TEN, smoothing=0).value == published("0.0082607657")
        assert chi2(*TEN).value == published("4.1234761")
        assert chi2(*TEN).p == published("0.9030991")
        assert chi2(*TEN).cramers_v == published("0.0454064")
        assert js_distance(*TEN).value == published("0.0385807")
        assert hellinger(*TEN).value == published("0.0321273")
        assert l_infinity(*TEN).value == published("0.02")
        assert total_variation(*TEN).value == published("0.035")

    def test_a_bin_the_reference_never_had(self) -> None:
        assert psi(*NEW_BIN).value == published("0.3201170")
        assert psi(*NEW_BIN, smoothing=1).value == published("0.2515528")
        assert psi(*NEW_BIN, smoothing=0, floor=1e-4).value == published("0.7123991")
        assert psi(*NEW_BIN, smoothing=0, floor=1e-6).value == published("1.1735954")
        assert js_distance(*NEW_BIN).value == published("0.2324129")
        assert hellinger(*NEW_BIN).value == published("0.2297529")
        assert l_infinity(*NEW_BIN).value == published("0.1")
        assert chi2(*NEW_BIN).value == published("11.1111")
        assert chi2(*NEW_BIN).p == published("0.0111400")

    @pytest.mark.parametrize(
        ("n", "m", "bins", "critical"),
        [
            (200, 200, 10, 0.1692),
            (500, 500, 10, 0.0677),
            (1000, 1000, 10, 0.0338),
            (200, 10**12, 10, 0.0848),
            (500, 10**12, 10, 0.0340),
            (1000, 10**12, 10, 0.0171),
            (1000, 1000, 5, 0.0190),
            (1000, 1000, 20, 0.0603),
        ],
    )
    def test_the_critical_value_at_the_sizes_of_the_samples(
        self, n: int, m: int, bins: int, critical: float
    ) -> None:
        found = psi([m / bins] * bins, [n / bins] * bins).critical(0.95)
        assert found == pytest.approx(critical, rel=0.02)
        assert found == near((1 / n + 1 / m) * stats.chi2.ppf(0.95, bins - 1))

    def test_rows_needed_before_a_limit_means_anything(self) -> None:
        assert minimum_rows(0.1) == 339
        assert minimum_rows(0.1, n_reference=math.inf) == 170
        assert minimum_rows(0.25) == 136
        assert minimum_rows(0.25, n_reference=math.inf) == 68
        assert minimum_rows(0.1, n_reference=100) is None

    @pytest.mark.parametrize(
        ("shift", "expected"), [(0.1, 0.0096), (0.25, 0.0598), (0.5, 0.2377), (1, 0.9261)]
    )
    def test_a_normal_that_moves_by_parts_of_its_deviation(self, shift: float, expected: float) -> None:
        edges = stats.norm.ppf(np.linspace(0, 1, 11))
        p, q = np.diff(stats.norm.cdf(edges)), np.diff(stats.norm.cdf(edges - shift))
        assert psi(p * 1e9, q * 1e9).value == pytest.approx(expected, abs=5e-5)

    def test_samples_that_moved_by_two_and_a_half(self) -> None:
        x = np.arange(1, 11)
        assert ks(x, x + 2.5).value == published("0.3")
        assert ks(x, x + 2.5).p == published("0.7869298")
        assert wasserstein(x, x + 2.5).value == published("2.5")
        assert wasserstein(x, x + 2.5, scale="std").value == published("0.8703883")

    def test_adjusted_p_values(self) -> None:
        p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
        found = adjust(p)
        expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057, 0.216, 0.216, 0.216]
        assert found == pytest.approx(expected, abs=5e-5)
        assert sum(value <= 0.05 for value in found if value is not None) == 2
        assert sum(value <= 0.05 for value in adjust(p, method="by") if value is not None) == 1


class TestFixture:
    @pytest.mark.parametrize("name", NUMERIC)
    def test_counts_of_a_numeric_feature(self, name: str) -> None:
        expected, arms = drift_expected()[name], binned(name)
        assert psi(*arms).value == pytest.approx(expected["psi_decile_laplace0.5"], rel=1e-12, abs=1e-15)
        for floor, key in ((1e-4, "psi_decile_clip0.0001"), (1e-6, "psi_decile_clip1e-06")):
            found = psi(*arms, smoothing=0, floor=floor).value
            assert found == pytest.approx(expected[key], rel=1e-12, abs=1e-15)
        js = js_distance(*arms).value, js_distance(*arms, base=math.e).value
        expected_js = expected["js_distance_decile_base2"], expected["js_distance_decile_nat"]
        assert js == pytest.approx(expected_js, rel=1e-10, abs=1e-12)

    @pytest.mark.parametrize("name", NUMERIC)
    def test_rows_of_a_numeric_feature(self, name: str) -> None:
        expected, x, y = drift_expected()[name], drift_samples(0)[name], drift_samples(1)[name]
        assert ks(x, y).value == pytest.approx(expected["ks"], rel=1e-12)
        assert ks(x, y).p == pytest.approx(expected["ks_p_exact_or_auto"], rel=1e-6)
        assert ks(x, y, method="asymp").p == pytest.approx(expected["ks_p_asymp"], rel=1e-6)
        assert wasserstein(x, y).value == pytest.approx(expected["wasserstein"], rel=1e-9)

    @pytest.mark.parametrize("name", [name for name in NUMERIC if name != "n006"])
    def test_distance_in_deviations_of_the_reference(self, name: str) -> None:
        found = wasserstein(drift_samples(0)[name], drift_samples(1)[name], scale="std").value
        assert found == pytest.approx(drift_expected()[name]["wasserstein_over_ref_std0"], rel=1e-9)

    @pytest.mark.parametrize("name", CATEGORICAL)
    def test_counts_of_a_categorical_feature(self, name: str) -> None:
        expected = drift_expected()[name]
        arms = expected["ref"], expected["cur"]
        assert psi(*arms).value == pytest.approx(expected["psi_laplace0.5"], rel=1e-12)
        for floor, key in ((1e-4, "psi_clip0.0001"), (1e-6, "psi_clip1e-06")):
            assert psi(*arms, smoothing=0, floor=floor).value == pytest.approx(expected[key], rel=1e-12)
        assert js_distance(*arms).value == pytest.approx(expected["js_distance_base2"], rel=1e-10)
        assert js_distance(*arms, base=math.e).value == pytest.approx(expected["js_distance_nat"], rel=1e-10)
        assert chi2(*arms).value == pytest.approx(expected["chi2"], rel=1e-12)
        assert chi2(*arms).p == pytest.approx(expected["chi2_p"], rel=1e-6)


class TestLaws:
    @pytest.mark.parametrize("measure", MEASURES)
    def test_identical_shares_are_no_distance(self, measure: Callable[..., object]) -> None:
        assert value_of(measure, [30, 0, 70], [30, 0, 70]) == 0
        assert value_of(measure, [300, 0, 700], [30, 0, 70]) == pytest.approx(0, abs=1e-4)

    @pytest.mark.parametrize("measure", MEASURES)
    def test_a_bin_empty_in_both_arms_is_no_bin(self, measure: Callable[..., object]) -> None:
        assert value_of(measure, [30, 0, 70, 0], [40, 0, 60, 0]) == value_of(measure, [30, 70], [40, 60])

    @pytest.mark.parametrize("measure", [m for m in MEASURES if m is not ks_binned])
    @given(counts=COUNTS, data=st.data())
    def test_the_order_of_the_bins_does_not_matter(
        self, measure: Callable[..., object], counts: list[int], data: st.DataObject
    ) -> None:
        current = data.draw(st.lists(st.integers(0, 500), min_size=len(counts), max_size=len(counts)))
        if not sum(counts) or not sum(current):
            return
        places = data.draw(st.permutations(range(len(counts))))
        found = value_of(measure, [counts[i] for i in places], [current[i] for i in places])
        assert found == pytest.approx(value_of(measure, counts, current), rel=1e-9, abs=1e-12)

    @pytest.mark.parametrize("measure", [js_distance, hellinger, total_variation, l_infinity, ks_binned])
    @given(counts=COUNTS, factor=st.integers(2, 50))
    def test_only_shares_count_for_a_distance(
        self, measure: Callable[..., object], counts: list[int], factor: int
    ) -> None:
        current = counts[::-1]
        if sum(counts):
            more = [factor * count for count in current]
            found = value_of(measure, counts, more)
            assert found == pytest.approx(value_of(measure, counts, current), rel=1e-9, abs=1e-9)

    @pytest.mark.parametrize("measure", MEASURES)
    def test_a_growing_shift_grows(self, measure: Callable[..., object]) -> None:
        reference = np.random.default_rng(1).normal(size=4000)
        bins = quantile_bins(reference)
        shifts = [bins.count(reference + shift) for shift in (0, 0.1, 0.2, 0.4, 0.8, 1.6)]
        values = [value_of(measure, bins.count(reference), shifted) for shifted in shifts]
        assert values == sorted(values)
        assert values[0] == 0
        assert len(set(values)) == len(values)

    @given(st.lists(st.integers(1, 500), min_size=2, max_size=12), st.data())
    def test_the_index_is_symmetric_and_never_negative(self, counts: list[int], data: st.DataObject) -> None:
        current = data.draw(st.lists(st.integers(0, 500), min_size=len(counts), max_size=len(counts)))
        if sum(current):
            found = psi(counts, current)
            assert found.value >= 0
            assert found.value == pytest.approx(psi(current, counts).value, rel=1e-9)
            assert sum(found.contributions) == pytest.approx(found.value)
            assert 0 <= found.p <= 1

    def test_one_extreme_value_does_not_blind_the_index(self) -> None:
        random = np.random.default_rng(7)
        reference, current = random.normal(size=20_000), random.normal(0.5, size=20_000)
        bins = quantile_bins(reference)
        before = psi(bins.count(reference), bins.count(current)).value
        for extreme in (1e3, 1e6, -1e300):
            current[17] = extreme
            after = psi(bins.count(reference), bins.count(current)).value
            assert after == pytest.approx(before, rel=2e-3)
        assert before > 0.2

    def test_an_extreme_value_in_the_reference_does_not_blind_it_either(self) -> None:
        random = np.random.default_rng(8)
        reference, current = random.normal(size=20_000), random.normal(0.5, size=20_000)
        clean = quantile_bins(reference)
        before = psi(clean.count(reference), clean.count(current)).value
        reference[3] = 1e6
        bins = quantile_bins(reference)
        assert psi(bins.count(reference), bins.count(current)).value == pytest.approx(before, rel=2e-2)

    def test_doubling_every_row_halves_the_chance_explanation(self) -> None:
        once, twice = psi([500] * 4, [540, 520, 480, 460]), psi([1000] * 4, [1080, 1040, 960, 920])
        assert twice.value == pytest.approx(once.value, rel=5e-3)
        assert twice.critical() == pytest.approx(once.critical() / 2)
        assert twice.p < once.p

    @given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=40), st.data())
    def test_chi_square_agrees_with_scipy(self, reference: list[str], data: st.DataObject) -> None:
        current = data.draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
        table = np.array([[arm.count(level) for level in "abcd"] for arm in (reference, current)])
        held = table[:, table.sum(axis=0) > 0]
        found = chi2(table[0], table[1])
        if held.shape[1] == 1:
            assert (found.value, found.p) == (0, 1)
            return
        expected = stats.chi2_contingency(held, correction=False)
        assert found.value == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
        assert found.p == pytest.approx(expected.pvalue, rel=1e-9)

    @given(COUNTS)
    def test_jensen_shannon_agrees_with_scipy(self, counts: list[int]) -> None:
        current = counts[::-1]
        if sum(counts):
            expected = jensenshannon(counts, current, 2)
            assert js_distance(counts, current).value == pytest.approx(expected, rel=1e-6, abs=1e-7)

    @given(
        st.lists(st.integers(-20, 20), min_size=1, max_size=40),
        st.lists(st.integers(-20, 20), min_size=1, max_size=40),
    )
    def test_distances_of_samples_agree_with_their_definition(self, x: list[int], y: list[int]) -> None:
        assert wasserstein(x, y).value == pytest.approx(stats.wasserstein_distance(x, y), abs=1e-9)
        both = np.union1d(x, y)
        distances = np.searchsorted(np.sort(x), both, "right") / len(x)
        distances = distances - np.searchsorted(np.sort(y), both, "right") / len(y)
        assert ks(x, y).value == pytest.approx(np.abs(distances).max())
        assert 0 <= ks(x, y).p <= 1

    @given(
        st.lists(st.integers(-20, 20), min_size=2, max_size=60),
        st.lists(st.integers(-20, 20), min_size=1, max_size=60),
    )
    def test_binned_ks_brackets_the_exact_one(self, x: list[int], y: list[int]) -> None:
        bins = quantile_bins(x, 5)
        found = ks_binned(bins.count(x), bins.count(y))
        exact = ks(x, y).value
        assert found.value - 1e-12 <= exact <= found.value + found.error_bound + 1e-12
        assert found.error_bound <= max(bins.count(x)) / len(x) + 1e-12


class TestCoarsening:
    @given(COUNTS, st.data(), st.integers(2, 12))
    def test_nobody_is_lost_and_no_bin_of_the_reference_is_empty(
        self, counts: list[int], data: st.DataObject, bins: int
    ) -> None:
        current = data.draw(st.lists(st.integers(0, 500), min_size=len(counts), max_size=len(counts)))
        if sum(counts) and sum(current):
            reference, window = coarsen(counts, current, bins)
            assert (reference.sum(), window.sum()) == (sum(counts), sum(current))
            assert reference.min() > 0
            assert len(reference) == len(window) <= bins

    def test_a_fine_histogram_of_scores_shows_drift_as_deciles_do(self) -> None:
        random = np.random.default_rng(5)
        before, after = random.beta(2, 3, 20_000), random.beta(2.3, 3, 20_000)
        edges = np.linspace(0, 1, 1025)
        fine = np.histogram(before, edges)[0], np.histogram(after, edges)[0]
        bins = quantile_bins(before)
        expected = psi(bins.count(before), bins.count(after)).value
        assert psi(*coarsen(*fine)).value == pytest.approx(expected, rel=0.05)

    def test_one_bin_compares_nothing(self) -> None:
        with pytest.raises(ValueError, match="two bins"):
            coarsen([1, 2], [1, 2], 1)


class TestFalseAlarms:
    def test_the_critical_value_keeps_its_promise(self) -> None:
        """Of 2000 pairs of samples without drift about 5 % exceed the critical 95 % value."""
        random = np.random.default_rng(11)
        arms = random.multinomial(500, [0.1] * 10, size=(2000, 2))
        found = [psi(reference, current) for reference, current in arms]
        rate = np.mean([result.value > result.critical(0.95) for result in found])
        assert 0.035 < rate < 0.065
        assert np.mean([result.value for result in found]) == pytest.approx(0.036, rel=0.04)

    @pytest.mark.parametrize(("n", "rate"), [(100, 0.83), (200, 0.35), (300, 0.091), (500, 0.003)])
    def test_the_rule_of_thumb_alone_cries_wolf_on_few_rows(self, n: int, rate: float) -> None:
        random = np.random.default_rng(n)
        arms = random.multinomial(n, [0.1] * 10, size=(2000, 2))
        alarms = np.mean([psi(reference, current).value > 0.1 for reference, current in arms])
        assert alarms == pytest.approx(rate, abs=0.04)

    def test_a_p_value_is_uniform_when_nothing_moved(self) -> None:
        random = np.random.default_rng(12)
        arms = random.multinomial(2000, [0.2] * 5, size=(500, 2))
        p = [psi(reference, current).p for reference, current in arms]
        assert stats.kstest(p, "uniform").pvalue > 0.01


class TestRefusals:
    @pytest.mark.parametrize("measure", MEASURES)
    @pytest.mark.parametrize(
        ("reference", "current"), [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([1, 2], [1, 2, 3]), ([1, -1], [1, 1])]
    )
    def test_arms_that_cannot_be_compared(
        self, measure: Callable[..., object], reference: list[int], current: list[int]
    ) -> None:
        with pytest.raises(ValueError, match=r"arms|counts"):
            measure(reference, current)

    def test_an_empty_bin_without_smoothing_would_be_infinite(self) -> None:
        with pytest.raises(ValueError, match="smoothing or a floor"):
            psi(*NEW_BIN, smoothing=0)

    def test_samples_without_a_finite_value(self) -> None:
        with pytest.raises(ValueError, match="finite value"):
            ks([math.nan], [1.0])
        with pytest.raises(ValueError, match="finite value"):
            wasserstein([1.0], [math.inf])

    def test_a_constant_reference_has_no_deviation_to_measure_in(self) -> None:
        with pytest.raises(ValueError, match="scale"):
            wasserstein([5, 5], [6, 6], scale="std")

    def test_p_values_outside_their_range(self) -> None:
        with pytest.raises(ValueError, match="p-value"):
            adjust([0.1, 1.2])

    @pytest.mark.parametrize("call", [lambda: minimum_rows(0), lambda: minimum_rows(0.1, bins=1)])
    def test_limits_that_make_no_sense(self, call: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match="limit"):
            call()

    def test_an_undefined_p_value_is_no_test(self) -> None:
        assert adjust([None, 0.02, None]) == (None, 0.02, None)

    def test_missing_and_infinite_rows_are_left_out_of_samples(self) -> None:
        assert ks([1, 2, math.nan], [1, 2, math.inf]).n_reference == 2
        assert wasserstein([1, 2, math.nan], [2, 3, -math.inf]).value == 1

    def test_the_method_of_a_large_sample_is_the_asymptotic_one_and_says_so(self) -> None:
        assert ks(np.arange(10_001), [1.0]).method == "asymp"


class TestDomainClassifier:
    def test_samples_of_one_population_cannot_be_told_apart(self) -> None:
        random = np.random.default_rng(2)
        found = domain_auc(random.normal(size=(200, 3)), random.normal(size=(200, 3)))
        assert abs(found.value - 0.5) < 4 * found.null_sd
        assert found.null_sd == pytest.approx(math.sqrt(401 / (12 * 200 * 200)))

    def test_it_sees_what_no_single_feature_shows(self) -> None:
        random = np.random.default_rng(3)
        x = random.normal(size=300)
        reference, current = np.column_stack((x, x)), np.column_stack((x, -x))
        found = domain_auc(reference, current)
        assert found.value > 0.8
        assert domain_auc(reference, current) == found

    def test_it_needs_rows_and_the_same_columns(self) -> None:
        with pytest.raises(ValueError, match="five rows"):
            domain_auc([[1.0]] * 4, [[1.0]] * 9)
        with pytest.raises(ValueError, match="columns"):
            domain_auc([[1.0]] * 9, [[1.0, 2.0]] * 9)
