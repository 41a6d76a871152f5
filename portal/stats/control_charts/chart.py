"""What a control chart is: points, limits, and the points that signal."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats

Limit = float | tuple[float, ...]


class Signal(NamedTuple):
    """A point, counted from 0, and the rule it breaks; rule 1 is a point beyond the limits."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a signal
    rule: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Points with their limits: numbers, or vectors where the limits differ from point to point.

    `sigma` is the standard deviation of one observation. `z` are the points in standard errors from the
    centre, which is what run rules look at. `spread` is the range, standard deviation or moving range chart
    beside a chart of means or single values; its first moving range is that between points 0 and 1.
    """

    kind: str
    center: float
    sigma: float
    lower: Limit
    upper: Limit
    points: tuple[float, ...]
    z: tuple[float, ...]
    signals: tuple[Signal, ...]
    n: Limit | None = None  # sizes of the subgroups
    spread: "Chart | None" = None
    sigma_z: float | None = None  # of a Laney chart: variation between subgroups over that within
    lam: float | None = None  # of an EWMA chart, as is the width
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Cusum:
    """Cumulative sums above (`high`) and below (`low`) the target, in standard deviations, both ≥ 0.

    A signal is a point where one of them exceeds h. A low sum may be drawn downwards, to the limit `lower`.
    """

    center: float
    sigma: float
    lower: float
    upper: float
    points: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    signals: tuple[Signal, ...]
    k: float
    h: float
    kind: str = "cusum"


def draw(
    kind: str,
    points: Floats,
    center: float,
    sigma: float,
    errors: Floats,
    *,
    width: float = 3.0,
    least: float = -np.inf,
    most: float = np.inf,
) -> Chart:
    """A chart with limits at `width` standard errors, no lower than `least` and no higher than `most`."""
    lower = np.maximum(least, center - width * errors)
    upper = np.minimum(most, center + width * errors)
    apart = points - center
    z = np.divide(apart, errors, out=np.sign(apart) * 1e300, where=errors > 0)
    chart = Chart(kind, center, sigma, 0.0, 0.0, tuple(points.tolist()), tuple(z.tolist()), ())
    return with_limits(chart, lower, upper)


def with_limits(chart: Chart, lower: Floats, upper: Floats) -> Chart:
    """The chart with these limits, one for each point, and the points beyond them as signals."""
    points = np.asarray(chart.points)
    beyond = np.flatnonzero((points < lower) | (points > upper)).tolist()
    signals = tuple(Signal(index, 1) for index in beyond)
    return replace(chart, lower=limit(lower), upper=limit(upper), signals=signals)


def limit(values: Floats) -> Limit:
    """One number where all are the same, otherwise a vector."""
    listed = tuple(values.tolist())
    return listed[0] if len(set(listed)) == 1 else listed


def series(x: npt.ArrayLike, least: int = 1) -> Floats:
    """A vector of at least so many finite values, or ValueError."""
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != 1 or len(values) < least:
        raise ValueError(f"A chart needs a vector of at least {least} points.")
    if not np.isfinite(values).all():
        raise ValueError("Points of a chart are finite; leave out what was not observed.")
    return values
