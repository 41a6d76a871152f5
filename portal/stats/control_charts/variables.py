"""Charts of measured values: subgroup means with their spread, and single values.

Without centre and sigma they are estimated from the points (phase I); with both they are given.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats
from portal.stats.control_charts.chart import Chart, draw, series
from portal.stats.control_charts.constants import c4, d2, d3


@dataclass(frozen=True, slots=True)
class Capability:
    """How often six standard deviations fit between the tolerances, and three to the nearer one.

    `cp` is None when a tolerance is missing.
    """

    cp: float | None
    cpk: float


def xbar_r_chart(samples: npt.ArrayLike, *, center: float | None = None, sigma: float | None = None) -> Chart:
    """Means of subgroups of one size up to 10, limits from their ranges; `spread` is the range chart."""
    rows, n = _subgroups(samples)
    ranges = np.ptp(rows, axis=1)
    sigma = float(ranges.mean()) / d2(n) if sigma is None else sigma
    spread = _spread("range", ranges, d2(n) * sigma, sigma, d3(n) * sigma)
    return _means("xbar_r", rows, center, sigma, spread)


def xbar_s_chart(samples: npt.ArrayLike, *, center: float | None = None, sigma: float | None = None) -> Chart:
    """Means of subgroups of one size, limits from their standard deviations, whose chart is `spread`."""
    rows, n = _subgroups(samples)
    deviations = rows.std(axis=1, ddof=1)
    sigma = float(deviations.mean()) / c4(n) if sigma is None else sigma
    spread = _spread("deviation", deviations, c4(n) * sigma, sigma, math.sqrt(1 - c4(n) ** 2) * sigma)
    return _means("xbar_s", rows, center, sigma, spread)


def individuals_chart(x: npt.ArrayLike, *, center: float | None = None, sigma: float | None = None) -> Chart:
    """Single values, limits from the mean moving range of two; `spread` is the moving range chart.

    >>> individuals_chart([10, 12, 10, 12, 10, 30]).spread.center
    5.6
    """
    given = center is not None and sigma is not None
    values = series(x, 1 if given else 2)
    ranges = np.abs(np.diff(values))
    sigma = float(ranges.mean()) / d2(2) if sigma is None else sigma
    center = float(values.mean()) if center is None else center
    chart = draw("individuals", values, center, sigma, np.full(len(values), sigma))
    if not len(ranges):
        return chart
    return replace(chart, spread=_spread("moving_range", ranges, d2(2) * sigma, sigma, d3(2) * sigma))


def capability(center: float, sigma: float, lower: float | None, upper: float | None) -> Capability:
    """Process capability between tolerances, one of which may be missing.

    Raises ValueError when sigma is not positive, or both are missing or crossed.

    >>> capability(10, 1, 4, 13)
    Capability(cp=1.5, cpk=1.0)
    """
    if not sigma > 0:
        raise ValueError("Sigma is positive.")
    if lower is not None and upper is not None and lower >= upper:
        raise ValueError("The lower tolerance is below the upper one.")
    above = None if upper is None else (upper - center) / (3 * sigma)
    below = None if lower is None else (center - lower) / (3 * sigma)
    sides = [side for side in (below, above) if side is not None]
    if not sides:
        raise ValueError("There is at least one tolerance.")
    cp = None if lower is None or upper is None else (upper - lower) / (6 * sigma)
    return Capability(cp, min(sides))


def _means(kind: str, rows: Floats, center: float | None, sigma: float, spread: Chart) -> Chart:
    means, n = rows.mean(axis=1), rows.shape[1]
    middle = float(rows.mean()) if center is None else center
    chart = draw(kind, means, middle, sigma, np.full(len(means), sigma / math.sqrt(n)))
    return replace(chart, n=float(n), spread=spread)


def _spread(kind: str, points: Floats, center: float, sigma: float, error: float) -> Chart:
    return draw(kind, points, center, sigma, np.full(len(points), error), least=0.0)


def _subgroups(samples: npt.ArrayLike) -> tuple[Floats, int]:
    try:
        rows = np.asarray(samples, dtype=np.float64)
    except ValueError:
        raise ValueError("Subgroups have one size.") from None
    if rows.ndim != 2 or rows.shape[1] < 2 or not len(rows):
        raise ValueError("Subgroups are the rows of a matrix, of at least two values each.")
    if not np.isfinite(rows).all():
        raise ValueError("Values of a subgroup are finite.")
    return rows, rows.shape[1]
