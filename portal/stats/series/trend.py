"""Trends of a series of numbers: how steep, how certain, where it broke, when it reaches a floor."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats
from portal.stats.distributions import normal_width, two_sided

_DRAWS = 9_999
_NUMBERS_AT_ONCE = 2_000_000
_MOST_NUMBERS = 20_000_000  # permuted in all, which bounds the time of a long series
_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class TheilSen:
    """Median of the slopes of all pairs with its bounds, and the line through the medians."""

    slope: float
    intercept: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MannKendall:
    """Test of a monotone trend: `tau` from -1, ever falling, to 1, ever rising."""

    tau: float
    s: int
    z: float
    p: float


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The place where the mean changed most: `index` is that of the first value after it."""

    index: int
    mean_before: float
    mean_after: float
    p: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a falling line reaches a floor, with Fieller's bounds in the unit of t.

    `at`, `low` and `high` are None, with a reason, when the fall is not certain enough for a date: when g,
    the squared relative uncertainty of the slope, reaches 1 or Mann-Kendall's p-value 0.05.
    """

    slope: float
    intercept: float
    at: float | None
    low: float | None
    high: float | None
    g: float | None
    trend: MannKendall
    robust: TheilSen
    robust_at: float | None
    reason: str | None = None


def theil_sen(t: npt.ArrayLike, y: npt.ArrayLike, *, level: float = 0.95) -> TheilSen:
    """Theil-Sen line: a third of the points may be anything. Raises ValueError with fewer than two times.

    Source: Sen (1968), bounds without correction for ties.

    >>> theil_sen([0, 1, 2, 3], [1, 3, 5, 99]).slope
    17.333333333333332
    """
    times, values = _paired(t, y, 2)
    earlier, later = np.triu_indices(len(times), 1)
    apart = times[later] - times[earlier]
    held = apart != 0
    if not held.any():
        raise ValueError("A slope needs two different times.")
    slopes = np.sort((values[later] - values[earlier])[held] / apart[held])
    slope, n = float(np.median(slopes)), len(times)
    reach = normal_width(level) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    below = max(0, round((len(slopes) - reach) / 2) - 1)
    above = min(len(slopes) - 1, round((len(slopes) + reach) / 2))
    intercept = float(np.median(values) - slope * np.median(times))
    return TheilSen(slope, intercept, float(slopes[below]), float(slopes[above]))


def mann_kendall(y: npt.ArrayLike) -> MannKendall:
    """Mann-Kendall test of a trend in a series in order, corrected for ties and continuity.

    Assumes independent errors. Raises ValueError with fewer than three values.

    >>> mann_kendall([5, 4, 3, 2, 1]).tau
    -1.0
    """
    _, values = _paired(np.arange(np.size(y)), y, 3)
    n = len(values)
    s = int(np.sign(values[None, :] - values[:, None])[np.triu_indices(n, 1)].sum())
    _, ties = np.unique(values, return_counts=True)
    tied = float((ties * (ties - 1)).sum()) / 2
    pairs = n * (n - 1) / 2
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if not variance:
        return MannKendall(0.0, 0, 0.0, 1.0)
    z = (s - (s > 0) + (s < 0)) / math.sqrt(variance)
    return MannKendall(s / math.sqrt(pairs * (pairs - tied)), s, z, two_sided(z))


def change_point(x: npt.ArrayLike, *, seed: int = 0) -> ChangePoint:
    """The split of a series whose two means differ most, by their difference in standard errors.

    The p-value is the share of random orders of the same values that split as well: right for independent
    values, too small for a series that drifts. Raises ValueError with fewer than four values.

    >>> change_point([1, 2, 1, 2, 1, 8, 9, 8, 9, 8]).index
    5
    """
    _, values = _paired(np.arange(np.size(x)), x, 4)
    centred = values - values.mean()
    contrasts = _contrasts(centred[None, :])[0]
    index = int(np.argmax(contrasts)) + 1
    draws = max(99, min(_DRAWS, _MOST_NUMBERS // len(values)))
    as_good = _as_good(centred, float(contrasts[index - 1]), draws, seed)
    before, after = values[:index], values[index:]
    return ChangePoint(index, float(before.mean()), float(after.mean()), (as_good + 1) / (draws + 1))


def decay_crossing(t: npt.ArrayLike, y: npt.ArrayLike, floor: float, *, level: float = 0.95) -> Crossing:
    """When the least-squares line of a falling metric reaches the floor.

    Raises ValueError with fewer than three points or one time only. Source: Fieller (1954).
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - costs more to import than this does to compute

    times, values = _paired(t, y, 3)
    robust, trend = (
        theil_sen(times, values, level=level),
        mann_kendall(values[np.argsort(times, kind="stable")]),
    )
    n, apart = len(times), times - times.mean()
    spread = float((apart**2).sum())
    slope = float((apart * values).sum()) / spread
    height, intercept = float(values.mean()) - floor, float(values.mean() - slope * times.mean())
    errors = values - intercept - slope * times
    noise = float(stdtrit(n - 2, (1 + level) / 2)) ** 2 * float((errors**2).sum()) / (n - 2)
    g = noise / (slope**2 * spread) if slope else None
    line = Crossing(slope, intercept, None, None, None, g, trend, robust, _reaches(robust, floor))
    if slope >= 0 or g is None:
        return replace(line, reason="not falling")
    if g >= 1 or trend.p >= _SIGNIFICANT:
        return replace(line, reason="the fall may be chance")
    sure = slope**2 - noise / spread
    middle = float(times.mean()) - height * slope / sure
    reach = math.sqrt(noise * (height**2 / spread + sure / n)) / sure
    return replace(line, at=(floor - intercept) / slope, low=middle - reach, high=middle + reach)


def _reaches(line: TheilSen, floor: float) -> float | None:
    return (floor - line.intercept) / line.slope if line.slope < 0 else None


def _contrasts(rows: Floats) -> Floats:
    """For each row of centred values and each split the difference of means in its standard errors."""
    n = rows.shape[1]
    before = np.arange(1, n)
    contrasts: Floats = np.abs(np.cumsum(rows, axis=1)[:, :-1]) * np.sqrt(n / (before * (n - before)))
    return contrasts


def _as_good(centred: Floats, best: float, draws: int, seed: int) -> int:
    """How many random orders have a split at least as good."""
    random = np.random.default_rng(seed)
    found, left = 0, draws
    while left:
        now = min(left, max(1, _NUMBERS_AT_ONCE // len(centred)))
        shuffled = random.permuted(np.tile(centred, (now, 1)), axis=1)
        found += int((_contrasts(shuffled).max(axis=1) >= best * (1 - 1e-12)).sum())
        left -= now
    return found


def _paired(t: npt.ArrayLike, y: npt.ArrayLike, least: int) -> tuple[Floats, Floats]:
    times, values = np.asarray(t, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if times.ndim != 1 or times.shape != values.shape or len(times) < least:
        raise ValueError(f"A series has at least {least} values, each with its time.")
    if not (np.isfinite(times).all() and np.isfinite(values).all()):
        raise ValueError("Times and values are finite; leave out what was not observed.")
    return times, values
