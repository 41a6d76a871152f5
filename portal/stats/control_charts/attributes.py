"""Charts of counts: shares of rows, and events per exposure.

Without a centre the limits are estimated from the points themselves (phase I); with one they are given.
Where fewer than 5 are expected in a subgroup, three standard errors give way to exact quantiles.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats
from portal.stats.control_charts.chart import Chart, draw, limit, series, with_limits

_FEW = 5.0
_TAILS = (0.00135, 0.99865)  # what three standard errors leave out of a normal distribution on either side
_D2 = 1.128  # mean range of two standard normal values, to the digits Laney's method is published with


def p_chart(x: npt.ArrayLike, n: npt.ArrayLike, *, center: float | None = None) -> Chart:
    """Shares x / n of subgroups of any size. Raises ValueError unless 0 ≤ x ≤ n and n > 0.

    >>> p_chart([5, 8, 30], 100).signals
    (Signal(index=2, rule=1),)
    """
    counts, sizes, share = _shares(x, n, center)
    sigma = math.sqrt(share * (1 - share))
    chart = draw("p", counts / sizes, share, sigma, sigma / np.sqrt(sizes), least=0.0, most=1.0)
    quantiles = _exact(sizes, share * sizes, lambda size: _binomial(size, share))
    return replace(_with_exact(chart, quantiles / sizes), n=limit(sizes))


def np_chart(x: npt.ArrayLike, n: npt.ArrayLike, *, center: float | None = None) -> Chart:
    """Counts x of subgroups of one size n. `sigma` is that of a single row."""
    size = float(np.max(_sizes(n, len(series(x)))))
    counts, sizes, share = _shares(x, n, None if center is None else center / size)
    if (sizes != size).any():
        raise ValueError("An np chart is for subgroups of one size; a p chart takes any.")
    sigma = math.sqrt(share * (1 - share))
    chart = draw("np", counts, share * size, sigma, sigma * np.sqrt(sizes), least=0.0, most=size)
    quantiles = _exact(sizes, share * sizes, lambda size: _binomial(size, share))
    return replace(_with_exact(chart, quantiles), n=limit(sizes))


def c_chart(x: npt.ArrayLike, *, center: float | None = None) -> Chart:
    """Events x in subgroups of equal exposure."""
    counts = _events(x)
    mean = float(counts.mean()) if center is None else center
    sigma, ones = math.sqrt(mean), np.ones(len(counts))
    chart = draw("c", counts, mean, sigma, sigma * ones, least=0.0)
    return _with_exact(chart, _exact(ones, mean * ones, lambda _: _poisson(mean)))


def u_chart(x: npt.ArrayLike, n: npt.ArrayLike, *, center: float | None = None) -> Chart:
    """Events x per exposure n. `sigma` is that of one unit of exposure."""
    counts = _events(x)
    sizes = _sizes(n, len(counts))
    rate = float(counts.sum() / sizes.sum()) if center is None else center
    chart = draw("u", counts / sizes, rate, math.sqrt(rate), np.sqrt(rate / sizes), least=0.0)
    quantiles = _exact(sizes, rate * sizes, lambda size: _poisson(rate * size))
    return replace(_with_exact(chart, quantiles / sizes), n=limit(sizes))


def laney_chart(
    x: npt.ArrayLike, n: npt.ArrayLike, *, center: float | None = None, sigma_z: float | None = None
) -> Chart:
    """Laney's p′ chart: shares of big subgroups, whose real variation exceeds that of chance.

    `sigma_z` is the variation between subgroups over that within; above about 1.2 a p chart cries wolf.
    Undefined, a ValueError, when all rows are alike. Source: Laney (2002).
    """
    counts, sizes, share = _shares(x, n, center)
    sigma = math.sqrt(share * (1 - share))
    if not sigma:
        raise ValueError("Where all rows are alike there is no variation to compare.")
    errors = sigma / np.sqrt(sizes)
    z = (counts / sizes - share) / errors
    if sigma_z is None:
        sigma_z = float(np.abs(np.diff(series(z, 2))).mean()) / _D2
    chart = draw("laney_p", counts / sizes, share, sigma, errors * sigma_z, least=0.0, most=1.0)
    return replace(chart, n=limit(sizes), sigma_z=sigma_z)


def _with_exact(chart: Chart, quantiles: Floats) -> Chart:
    """The chart with the given quantiles, where there are any, in place of its limits."""
    if np.isnan(quantiles).all():
        return chart
    normal = np.array([np.full(quantiles.shape[1], bound) for bound in (chart.lower, chart.upper)])
    return with_limits(chart, *np.where(np.isnan(quantiles), normal, quantiles))


def _exact(sizes: Floats, expected: Floats, pmf: Callable[[float], Iterator[float]]) -> Floats:
    """Lower and upper quantile for every subgroup where few are expected, NaN elsewhere."""
    found = {size: _quantiles(pmf(size)) for size in set(sizes[expected < _FEW].tolist())}
    nothing = (math.nan, math.nan)
    return np.array([found.get(size, nothing) for size in sizes.tolist()]).T


def _quantiles(pmf: Iterator[float]) -> tuple[float, float]:
    """The counts at which the distribution function reaches both tails."""
    reached: list[float] = []
    below = 0.0
    for count, chance in enumerate(pmf):
        below += chance
        while len(reached) < 2 and below >= _TAILS[len(reached)]:
            reached.append(float(count))
        if len(reached) == 2:
            break
    return reached[0], reached[1]


def _binomial(n: float, share: float) -> Iterator[float]:
    if share == 1:
        yield from (*[0.0] * int(n), 1.0)
        return
    chance = (1 - share) ** n
    for count in range(int(n) + 1):
        yield chance
        chance *= (n - count) / (count + 1) * share / (1 - share)


def _poisson(mean: float) -> Iterator[float]:
    chance, count = math.exp(-mean), 0
    while True:
        yield chance
        count += 1
        chance *= mean / count


def _shares(x: npt.ArrayLike, n: npt.ArrayLike, center: float | None) -> tuple[Floats, Floats, float]:
    counts = _events(x)
    sizes = _sizes(n, len(counts))
    if (counts > sizes).any():
        raise ValueError("A count is no greater than the size of its subgroup.")
    share = float(counts.sum() / sizes.sum()) if center is None else center
    if not 0 <= share <= 1:
        raise ValueError("The centre of a share lies between 0 and 1.")
    return counts, sizes, share


def _events(x: npt.ArrayLike) -> Floats:
    counts = series(x)
    if (counts < 0).any():
        raise ValueError("Counts are not negative.")
    return counts


def _sizes(n: npt.ArrayLike, length: int) -> Floats:
    sizes = np.asarray(n, dtype=np.float64)
    if sizes.ndim == 0:
        sizes = np.full(length, float(sizes))
    if len(series(sizes)) != length or not (sizes > 0).all():
        raise ValueError("Every subgroup has a size above 0.")
    return sizes
