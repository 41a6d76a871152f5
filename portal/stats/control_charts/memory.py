"""Charts with a memory: quick to see a small lasting shift, slow on a single large one."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats
from portal.stats.control_charts.chart import Chart, Cusum, Signal, draw, series


def ewma_chart(x: npt.ArrayLike, target: float, sigma: float, lam: float = 0.2, width: float = 2.86) -> Chart:
    """Exponentially weighted moving average, started at the target, with the exact limits of each point.

    The points are the averages. With the defaults a false alarm comes every 370 points in the mean, and
    a shift by one sigma is seen after 10. Source: Lucas and Saccucci (1990).
    """
    values = series(x)
    _check_sigma(sigma)
    if not 0 < lam <= 1 or not width > 0:
        raise ValueError("The weight of the newest point lies above 0 up to 1, and the width is positive.")
    averages: list[float] = []
    level = target
    for value in values.tolist():
        level += lam * (value - level)
        averages.append(level)
    steps = np.arange(1, len(values) + 1)
    errors = sigma * np.sqrt(lam / (2 - lam) * (1 - (1 - lam) ** (2 * steps)))
    chart = draw("ewma", np.array(averages), target, sigma, errors, width=width)
    return replace(chart, lam=lam, width=width)


def cusum_chart(x: npt.ArrayLike, target: float, sigma: float, k: float = 0.5, h: float = 5.0) -> Cusum:
    """Two-sided cumulative sum of what exceeds k sigma from the target, with a limit of h sigma.

    With the defaults a false alarm comes every 465 points in the mean, and a shift by one sigma is seen
    after 10. Source: Page (1954).

    >>> cusum_chart([0, 3, 3, 3], 0, 1).high
    (0.0, 2.5, 5.0, 7.5)
    """
    values = series(x)
    _check_sigma(sigma)
    if k < 0 or not h > 0:
        raise ValueError("The allowance k is not negative and the limit h is positive.")
    scaled = (values - target) / sigma
    high, low = _sums(scaled - k), _sums(-scaled - k)
    beyond = [index for index, pair in enumerate(zip(high, low, strict=True)) if max(pair) > h]
    signals = tuple(Signal(index, 1) for index in beyond)
    return Cusum(target, sigma, -h, h, tuple(values.tolist()), high, low, signals, k, h)


def _sums(steps: Floats) -> tuple[float, ...]:
    sums: list[float] = []
    level = 0.0
    for step in steps.tolist():
        level = max(0.0, level + step)
        sums.append(level)
    return tuple(sums)


def _check_sigma(sigma: float) -> None:
    if not sigma > 0:
        raise ValueError("Sigma is positive.")
