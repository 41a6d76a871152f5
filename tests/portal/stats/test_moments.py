"""Sums that do not depend on who added what first."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.stats.profile.moments import BLOCK, Moments, MomentSums, Scale

WILD = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e40, max_value=1e40)
SCALES = st.builds(Scale, WILD, st.integers(-120, 120))


def added(values: list[float], scale: Scale) -> Moments:
    sums = MomentSums(scale)
    sums.add(np.array(values, dtype=np.float64))
    return sums.result()


def steps(value: float, scale: Scale) -> int:
    """The definition: the distance from the centre, as a float, in whole steps, at most 2**100."""
    exact = round(Fraction(value - scale.center) / Fraction(scale.step))
    return max(-(2**100), min(2**100, exact))


@given(st.lists(WILD, max_size=40), SCALES)
def test_sums_are_those_of_whole_numbers(values: list[float], scale: Scale) -> None:
    found = added(values, scale)
    whole = [steps(value, scale) for value in values]
    assert (found.n, found.total, found.squares) == (len(whole), sum(whole), sum(w * w for w in whole))
    assert (found.low, found.high) == (min(values, default=None), max(values, default=None))


@given(st.lists(WILD, max_size=40), st.integers(0, 40), SCALES, st.randoms())
def test_any_order_and_any_cut_gives_the_same_moments(
    values: list[float], cut: int, scale: Scale, random: "np.random.Generator"
) -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)
    parts = added(shuffled[:cut], scale).merge(added(shuffled[cut:], scale))
    assert parts == added(values, scale)


def test_a_mean_over_many_blocks_is_that_of_numpy() -> None:
    values = np.random.default_rng(1).lognormal(size=5 * BLOCK + 17)
    found = added(values.tolist(), Scale.of(values))
    assert found.mean == pytest.approx(values.mean(), rel=1e-9)
    assert found.std == pytest.approx(values.std(ddof=1), rel=1e-8)
    assert found.mean_square == pytest.approx((values**2).mean(), rel=1e-8)
    assert found.sum == pytest.approx(values.sum(), rel=1e-9)


def test_a_timestamp_keeps_its_spread() -> None:
    """A sum of squares of raw values would lose it altogether."""
    values = 1.7e9 + np.random.default_rng(2).normal(size=5000)
    found = added(values.tolist(), Scale.of(values))
    assert found.variance == pytest.approx(values.var(ddof=1), rel=1e-6)


def test_a_constant_does_not_vary() -> None:
    assert added([3.3] * 1000, Scale(0.0, -30)).variance == 0
    assert added([3.3] * 1000, Scale.of(np.array([3.3]))).mean == 3.3


def test_a_wrong_unit_is_counted_exactly_too() -> None:
    values = np.random.default_rng(3).normal(size=1000)
    found = added((values * 1e6).tolist(), Scale.of(values))
    assert found.mean == pytest.approx(values.mean() * 1e6, rel=1e-12)
    assert found.std == pytest.approx(values.std(ddof=1) * 1e6, rel=1e-12)


def test_nothing_has_no_mean_and_one_value_no_spread() -> None:
    nothing, single = added([], Scale()), added([5.0], Scale())
    assert (nothing.mean, nothing.variance, nothing.std, nothing.low) == (None, None, None, None)
    assert (single.mean, single.variance) == (5.0, None)
    assert nothing.merge(single) == single


def test_a_spread_beyond_the_float_range_is_undefined() -> None:
    assert added([1e308, -1e308], Scale.of(np.array([1e308, -1e308]))).variance is None


def test_moments_on_different_grids_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="scales"):
        added([1.0], Scale()).merge(added([1.0], Scale(1.0)))


@pytest.mark.parametrize(("center", "exponent"), [(math.nan, 0), (math.inf, 0), (0.0, 500)])
def test_a_grid_has_a_place_and_a_width(center: float, exponent: int) -> None:
    with pytest.raises(ValueError, match="scale"):
        Scale(center, exponent)


@given(st.lists(WILD, max_size=10), SCALES)
def test_moments_survive_being_written_down(values: list[float], scale: Scale) -> None:
    found = added(values, scale)
    assert Moments.from_dict(found.to_dict()) == found
