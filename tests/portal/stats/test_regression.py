"""Errors of forecasts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from portal.stats.regression import mae, mape, rmse

from .approximate import near

VALUES = st.floats(-1e6, 1e6)
ROWS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=40)


@given(ROWS)
def test_errors_agree_with_scikit_learn(rows: list[tuple[float, float]]) -> None:
    y, forecast = zip(*rows, strict=True)
    assert mae(y, forecast).value == near(metrics.mean_absolute_error(y, forecast))
    assert rmse(y, forecast).value == near(metrics.root_mean_squared_error(y, forecast))
    if all(abs(value) > 1e-3 for value in y):
        assert mape(y, forecast).value == near(metrics.mean_absolute_percentage_error(y, forecast))


@given(ROWS)
def test_neither_order_nor_repetition_of_rows_matters(rows: list[tuple[float, float]]) -> None:
    for measure in (mae, rmse):
        once = measure(*zip(*rows, strict=True))
        twice = measure(*zip(*reversed(rows * 2), strict=True))
        assert twice.value == near(once.value or 0)
        assert twice.n == 2 * once.n


def test_a_perfect_forecast_has_no_error_and_a_worse_one_more() -> None:
    y = np.arange(1.0, 20)
    for measure in (mae, rmse, mape):
        values = [measure(y, y + shift).value or 0 for shift in (0, 1, 2)]
        assert values[0] == 0
        assert values == sorted(values)


def test_a_share_of_nothing_is_undefined() -> None:
    found = mape([0, 1], [1, 1])
    assert (found.value, found.reason) == (None, "an actual value is 0")


@pytest.mark.parametrize(("y", "forecast"), [([], []), ([1], [1, 2]), ([math.nan], [1]), ([1], [math.inf])])
def test_rows_that_make_no_sense(y: list[float], forecast: list[float]) -> None:
    with pytest.raises(ValueError, match=r"forecasts"):
        mae(y, forecast)
