"""Errors of a forecast of numbers."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats


@dataclass(frozen=True, slots=True)
class Error:
    """A mean error over n rows; None, with a reason, where it is undefined."""

    value: float | None
    n: int
    reason: str | None = None


def mae(y: npt.ArrayLike, forecast: npt.ArrayLike) -> Error:
    """Mean absolute error, in the unit of y.

    >>> mae([1, 2, 3], [1, 2, 6]).value
    1.0
    """
    actual, expected = _pairs(y, forecast)
    return Error(float(np.abs(expected - actual).mean()), len(actual))


def rmse(y: npt.ArrayLike, forecast: npt.ArrayLike) -> Error:
    """Root of the mean squared error, in the unit of y.

    >>> round(rmse([1, 2, 3], [1, 2, 6]).value, 4)
    1.7321
    """
    actual, expected = _pairs(y, forecast)
    return Error(math.sqrt(float(((expected - actual) ** 2).mean())), len(actual))


def mape(y: npt.ArrayLike, forecast: npt.ArrayLike) -> Error:
    """Mean absolute error as a share of the actual value, 0.1 for ten per cent. Undefined when one is 0.

    >>> mape([1, 2, 4], [1, 2, 3]).value, mape([0], [1]).reason
    (0.08333333333333333, 'an actual value is 0')
    """
    actual, expected = _pairs(y, forecast)
    if not actual.all():
        return Error(None, len(actual), "an actual value is 0")
    return Error(float(np.abs((expected - actual) / actual).mean()), len(actual))


def _pairs(y: npt.ArrayLike, forecast: npt.ArrayLike) -> tuple[Floats, Floats]:
    actual = np.asarray(y, dtype=np.float64).ravel()
    expected = np.asarray(forecast, dtype=np.float64).ravel()
    if actual.shape != expected.shape or not actual.size:
        raise ValueError("There are as many forecasts as actual values, at least one.")
    if not (np.isfinite(actual).all() and np.isfinite(expected).all()):
        raise ValueError("Actual values and forecasts are finite.")
    return actual, expected
