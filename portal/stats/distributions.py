"""Tail probabilities and quantiles that checks need on every run.

SciPy has them too, at an import that costs as much as profiling forty million values.
"""

import math
from statistics import NormalDist

_NORMAL = NormalDist()


def normal_sf(z: float) -> float:
    """P(Z > z) of the standard normal."""
    return math.erfc(z / math.sqrt(2)) / 2


def two_sided(z: float) -> float:
    """P(|Z| > |z|) of the standard normal."""
    return math.erfc(abs(z) / math.sqrt(2))


def normal_width(level: float) -> float:
    """Standard deviations either side of the mean that hold the level.

    >>> round(normal_width(0.95), 4)
    1.96
    """
    _check_level(level)
    return -_NORMAL.inv_cdf((1 - level) / 2)


def normal_quantile(p: float) -> float:
    """The value with P(Z ≤ value) = p. Raises ValueError unless 0 < p < 1."""
    _check_level(p)
    return _NORMAL.inv_cdf(p)


def chi2_sf(x: float, df: int) -> float:
    """P(X > x) of the chi-square law with a whole number of degrees of freedom, as a finite sum.

    Source: Abramowitz and Stegun, 26.4.4 and 26.4.5. With no degree of freedom X is 0.

    >>> round(chi2_sf(16.919, 9), 4)
    0.05
    """
    if df < 0 or math.isnan(x):
        raise ValueError("Degrees of freedom are not negative, and x is a number.")
    if x <= 0:
        return 0.0 if df == 0 else 1.0
    half, odd = x / 2, df % 2
    tail = math.erfc(math.sqrt(half)) if odd else 0.0
    powers = (step + odd / 2 for step in range(df // 2))
    terms = (math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return min(1.0, math.fsum((tail, *terms)))


def chi2_quantile(p: float, df: int) -> float:
    """The value with P(X ≤ value) = p. Raises ValueError unless 0 < p < 1.

    >>> round(chi2_quantile(0.95, 9), 4)
    16.919
    """
    _check_level(p)
    if df == 0:
        return 0.0
    low, high = 0.0, max(1.0, float(df))
    while chi2_sf(high, df) > 1 - p:
        low, high = high, 2 * high
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if chi2_sf(middle, df) > 1 - p else (low, middle)
    return high


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError("A level lies between 0 and 1.")
