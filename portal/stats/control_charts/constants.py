"""Constants of the range and the standard deviation of normal subgroups, computed instead of tabled."""

import math
from functools import lru_cache

import numpy as np

from portal.stats.bins import Floats
from portal.stats.distributions import normal_sf

_EDGE = 9.0  # standard deviations beyond which a normal variable adds nothing to 12 digits
_NODES = 160


def c4(n: int) -> float:
    """Mean of the standard deviation of n standard normal values.

    >>> round(c4(5), 4)
    0.94
    """
    _check(n)
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


@lru_cache(maxsize=64)
def d2(n: int) -> float:
    """Mean of the range of n standard normal values.

    >>> round(d2(2), 4), round(d2(10), 4)
    (1.1284, 3.0775)
    """
    _check(n)
    points, weights = _legendre(-_EDGE, _EDGE)
    below = 1 - _sf(points)
    return float((weights * (1 - below**n - (1 - below) ** n)).sum())


@lru_cache(maxsize=64)
def d3(n: int) -> float:
    """Standard deviation of the range of n standard normal values.

    >>> round(d3(2), 4), round(d3(10), 4)
    (0.8525, 0.7971)
    """
    _check(n)
    x, x_weights = _legendre(-_EDGE, _EDGE)
    gap, gap_weights = _legendre(0.0, 2 * _EDGE)
    above_x = _sf(x)[:, None]
    above_y = _sf(x[:, None] + gap)
    both = 1 - (1 - above_y) ** n - above_x**n + (above_x - above_y) ** n
    mean_square = 2 * float(x_weights @ both @ gap_weights)
    return math.sqrt(mean_square - d2(n) ** 2)


def _legendre(low: float, high: float) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (high - low) / 2
    return low + half * (nodes + 1), half * weights


def _sf(x: Floats) -> Floats:
    return np.array([normal_sf(value) for value in x.ravel().tolist()]).reshape(x.shape)


def _check(n: int) -> None:
    if n < 2:
        raise ValueError("A subgroup has at least two values.")
