"""Intervals for shares, their differences and their ratios, and tests that two shares are equal."""

import math
from dataclasses import dataclass

import numpy as np

from portal.stats.distributions import normal_width, two_sided

_Z_FOR_FEW = 5  # expected count in a cell below which the normal approximation is not used


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its bounds; all None, with a reason, where the value is undefined.

    `se` is the standard error on the scale of the method: of the logarithm for a ratio.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float = 0.95
    se: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SharesTest:
    """Two-sided test that two shares are equal; `z` is None for Fisher's exact test."""

    p: float
    z: float | None
    method: str


def wilson(k: float, n: float, level: float = 0.95) -> Interval:
    """Wilson score interval of the share k / n. Undefined without a row.

    Source: Wilson (1927).

    >>> wilson(0, 10).low, round(wilson(0, 10).high, 4)
    (0.0, 0.2775)
    """
    _check(k, n)
    if not n:
        return _undefined(level, "no rows")
    return Interval(k / n, *_score_bounds(k, n, level), level, _standard_error(k, n))


def wilson_finite(k: float, n: float, population: float, level: float = 0.95) -> Interval:
    """Wilson interval of a share when the n rows were drawn from a finite population without replacement.

    Asking everybody leaves no uncertainty. Raises ValueError when n exceeds the population.

    >>> wilson_finite(42, 120, 120).low
    0.35
    """
    _check(k, n)
    if n > population:
        raise ValueError("A sample is no larger than its population.")
    if not n:
        return _undefined(level, "no rows")
    if n == population:
        return Interval(k / n, k / n, k / n, level, 0.0)
    effective = n * (population - 1) / (population - n)
    found = wilson(k / n * effective, effective, level)
    return Interval(k / n, found.low, found.high, level, found.se)


def newcombe(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Interval:
    """Newcombe's hybrid score interval of the difference k1 / n1 - k2 / n2.

    Source: Newcombe (1998), method 10. Undefined when a group has no row.

    >>> round(newcombe(42, 150, 80, 200).low, 7)
    -0.2153732
    """
    _check(k1, n1)
    _check(k2, n2)
    if not n1 or not n2:
        return _undefined(level, "a group without rows")
    p1, p2 = k1 / n1, k2 / n2
    low1, high1 = _score_bounds(k1, n1, level)
    low2, high2 = _score_bounds(k2, n2, level)
    low = p1 - p2 - math.hypot(p1 - low1, high2 - p2)
    high = p1 - p2 + math.hypot(high1 - p1, p2 - low2)
    se = math.hypot(_standard_error(k1, n1), _standard_error(k2, n2))
    return Interval(p1 - p2, max(-1.0, low), min(1.0, high), level, se)


def katz(k1: float, n1: float, k2: float, n2: float, level: float = 0.95) -> Interval:
    """Katz's log interval of the ratio (k1 / n1) / (k2 / n2).

    Half a count is added everywhere if k1 or k2 is 0. Undefined when a group has no row, or when nobody was
    counted in either. Source: Katz et al. (1978).

    >>> round(katz(42, 150, 80, 200).value, 2)
    0.7
    """
    _check(k1, n1)
    _check(k2, n2)
    if not n1 or not n2:
        return _undefined(level, "a group without rows")
    if not k1 and not k2:
        return _undefined(level, "nobody in either group")
    if not k1 or not k2:
        k1, n1, k2, n2 = k1 + 0.5, n1 + 0.5, k2 + 0.5, n2 + 0.5
    ratio = (k1 / n1) / (k2 / n2)
    se = math.sqrt(max(0.0, 1 / k1 - 1 / n1 + 1 / k2 - 1 / n2))
    width = math.exp(normal_width(level) * se)
    return Interval(ratio, ratio / width, ratio * width, level, se)


def equal_shares(k1: int, n1: int, k2: int, n2: int) -> SharesTest:
    """Are two shares equal? The pooled z-test ("2 standard deviations"), or Fisher's exact test for few rows.

    Fisher's where any expected count is below 5. Raises ValueError when a group has no row.

    >>> equal_shares(42, 150, 80, 200).method, round(equal_shares(42, 150, 80, 200).p, 4)
    ('z', 0.0197)
    """
    _check(k1, n1)
    _check(k2, n2)
    if not n1 or not n2:
        raise ValueError("Both groups have rows.")
    pooled = (k1 + k2) / (n1 + n2)
    if min(pooled, 1 - pooled) * min(n1, n2) < _Z_FOR_FEW:
        return SharesTest(fisher(k1, n1, k2, n2), None, "fisher")
    z = (k1 / n1 - k2 / n2) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    return SharesTest(two_sided(z), z, "z")


def fisher(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided p-value of Fisher's exact test: the tables no more probable than this one.

    >>> round(fisher(10, 400, 8, 1600), 5)
    0.00086
    """
    _check(k1, n1)
    _check(k2, n2)
    k, n = k1 + k2, n1 + n2
    possible = np.arange(max(0, k - n2), min(k, n1) + 1)
    logs = np.array([_log_choose(n1, i) + _log_choose(n2, k - i) for i in possible.tolist()])
    chances = np.exp(logs - _log_choose(n, k))
    observed = chances[k1 - possible[0]]
    return float(min(1.0, chances[chances <= observed * (1 + 1e-7)].sum()))


def _score_bounds(k: float, n: float, level: float) -> tuple[float, float]:
    z, p = normal_width(level), k / n
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    middle, width = p + z * z / (2 * n), 1 + z * z / n
    return 0.0 if k == 0 else (middle - spread) / width, 1.0 if k == n else (middle + spread) / width


def _standard_error(k: float, n: float) -> float:
    return math.sqrt(k / n * (1 - k / n) / n)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _undefined(level: float, reason: str) -> Interval:
    normal_width(level)  # refuses a level that is none
    return Interval(None, None, None, level, None, reason)


def _check(k: float, n: float) -> None:
    if not 0 <= k <= n < math.inf:
        raise ValueError("A count lies between 0 and the number of rows.")
