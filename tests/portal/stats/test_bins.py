"""Frozen quantile bins."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.stats.bins import Bins, as_counts, quantile_bins

from .material import drift_expected, drift_samples

NUMERIC = [name for name in drift_expected() if name.startswith("n")]
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("name", [name for name in NUMERIC if name != "n006"])
def test_both_arms_of_the_fixture_are_counted_exactly(name: str) -> None:
    bins = quantile_bins(drift_samples(0)[name])
    expected = drift_expected()[name]
    assert bins.count(drift_samples(0)[name]).tolist() == expected["decile_counts_ref"]
    assert bins.count(drift_samples(1)[name]).tolist() == expected["decile_counts_cur"]


def test_a_constant_has_a_bin_of_its_own_between_two_empty_ones() -> None:
    bins = quantile_bins(drift_samples(0)["n006"])
    assert bins.edges == (5.0, math.nextafter(5.0, math.inf))
    below, at, above = bins.count(drift_samples(1)["n006"]).tolist()
    assert [below, at + above] == drift_expected()["n006"]["decile_counts_cur"]
    assert bins.count([4.9, 5.0, 5.1]).tolist() == [1, 1, 1]


def test_a_value_on_an_edge_belongs_to_the_bin_above() -> None:
    assert Bins((1.0, 2.0)).count([1.0, 2.0]).tolist() == [0, 1, 1]


def test_a_heavy_value_does_not_share_its_bin() -> None:
    zeros_below = [0.0] * 60 + [float(v) for v in range(-20, 0)] + [v / 1000 for v in range(1, 21)]
    bins = quantile_bins(zeros_below)
    assert bins.count([0.0])[bins.count([0.0]) > 0].tolist() == [1]
    place = int(np.flatnonzero(bins.count([0.0]))[0])
    assert bins.count(zeros_below)[place] == 60


def test_mostly_zeros_leave_five_of_ten_bins() -> None:
    values = [0] * 60 + list(range(1, 41))
    assert quantile_bins(values).count(values).tolist() == [60, 10, 10, 10, 10]


@given(st.lists(FINITE, min_size=1, max_size=60), st.integers(2, 12))
def test_no_bin_of_the_reference_is_empty_and_none_is_lost(values: list[float], n: int) -> None:
    bins = quantile_bins(values, n)
    counts = bins.count(values)
    assert counts.sum() == len(values)
    assert len(bins) <= 2 * n
    if len(set(values)) > 1:
        assert counts.min() > 0


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=60))
def test_the_order_of_the_reference_does_not_matter(values: list[int]) -> None:
    assert quantile_bins(values).edges == quantile_bins(sorted(values, reverse=True)).edges


def test_missing_and_infinite_values_are_in_no_bin() -> None:
    values = [1.0, math.nan, math.inf, -math.inf, 2.0, 3.0]
    assert quantile_bins(values, 3).count(values).sum() == 3


def test_zero_has_one_sign() -> None:
    assert math.copysign(1, quantile_bins([-0.0, -0.0]).edges[0]) == 1


def test_the_ends_of_the_float_range_are_binned() -> None:
    assert quantile_bins([-1.7e308, 1.7e308]).count([-1.7e308, 1.7e308]).sum() == 2
    assert quantile_bins([float(np.finfo(float).max)]).count([0.0, np.finfo(float).max]).tolist() == [1, 1]


@pytest.mark.parametrize(
    "edges", [(2.0, 1.0), (1.0, 1.0), (math.nan,), (math.inf,)], ids=["down", "twice", "nan", "infinite"]
)
def test_edges_ascend_and_are_finite(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="Edges"):
        Bins(edges)


def test_bins_need_a_value_and_a_number_of_at_least_two() -> None:
    with pytest.raises(ValueError, match="finite value"):
        quantile_bins([math.nan])
    with pytest.raises(ValueError, match="two bins"):
        quantile_bins([1.0, 2.0], 1)


@pytest.mark.parametrize("counts", [[], [[1]], [-1], [math.nan]])
def test_counts_are_a_vector_of_numbers_not_below_zero(counts: list[float]) -> None:
    with pytest.raises(ValueError, match="counts"):
        as_counts(counts)
