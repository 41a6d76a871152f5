"""Whether one metric leads another. Both are differenced: two that merely grow would always seem linked."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats

Status = Literal["supported", "not_supported", "insufficient"]
_FEWEST = 8  # paired differences below which no number is shown
_ROUNDING = 1e-12  # least relative error of a slope, so that a perfect line has bounds
_ENOUGH = 24  # paired differences from which there is a verdict on support


@dataclass(frozen=True, slots=True)
class Link:
    """Change of the outcome for a change of the driver by 1, `lag` periods earlier.

    An association, not a cause. Bounds are corrected for having looked at every lag. "supported" when they
    exclude 0 and both halves of the series, each on its own, say the same. No number at all with fewer
    than 8 paired differences.
    """

    status: Status
    lag: int | None
    coefficient: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Fit:
    lag: int
    slope: float
    se: float
    n: int

    def bounds(self, level: float) -> tuple[float, float]:
        from scipy.special import stdtrit  # noqa: PLC0415 - costs more to import than this does to compute

        width = float(stdtrit(self.n - 2, (1 + level) / 2)) * self.se
        return self.slope - width, self.slope + width

    def sign(self, level: float) -> int:
        """Of the slope where its bounds exclude 0, otherwise 0."""
        low, high = self.bounds(level)
        return (low > 0) - (high < 0)


def lagged_link(
    driver: npt.ArrayLike, outcome: npt.ArrayLike, *, max_lag: int = 6, level: float = 0.95
) -> Link:
    """The strongest link of the changes of two series of the same periods, the driver 0 to `max_lag` earlier.

    Least squares with Newey-West errors, Bonferroni over the lags. Raises ValueError unless both series
    have the same length and finite values.
    """
    x, y = np.asarray(driver, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("Both series are finite and have the same periods.")
    if max_lag < 0:
        raise ValueError("A lag is not negative.")
    changes = np.diff(x), np.diff(y)
    pairs = [_pairs(*changes, lag) for lag in range(max_lag + 1)]
    fits = [fit for lag, pair in enumerate(pairs) if len(pair[0]) >= _FEWEST and (fit := _fit(*pair, lag))]
    if not fits:
        n = len(changes[0])
        return Link("insufficient", None, None, None, None, n, "too short, or a series that never changes")
    best = max(fits, key=lambda fit: abs(fit.slope) / fit.se)
    corrected = 1 - (1 - level) / len(fits)
    low, high = best.bounds(corrected)
    if best.n < _ENOUGH:
        return Link("insufficient", best.lag, best.slope, low, high, best.n, "too short")
    halves = [_fit(*half, best.lag) for half in _halves(*pairs[best.lag])]
    signs = {fit.sign(level) if fit else 0 for fit in halves} | {best.sign(corrected)}
    status: Status = "supported" if len(signs) == 1 and 0 not in signs else "not_supported"
    return Link(status, best.lag, best.slope, low, high, best.n)


def _pairs(x: Floats, y: Floats, lag: int) -> tuple[Floats, Floats]:
    return x[: max(0, len(x) - lag)], y[lag:]


def _halves(x: Floats, y: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    middle = len(x) // 2
    return (x[:middle], y[:middle]), (x[middle:], y[middle:])


def _fit(x: Floats, y: Floats, lag: int) -> _Fit | None:
    """Least squares with Newey-West errors; None where either never changes."""
    n, apart = len(x), x - x.mean()
    spread = float((apart**2).sum())
    if not spread or not np.ptp(y):
        return None
    slope = float((apart * y).sum()) / spread
    scores = apart * (y - y.mean() - slope * apart)
    bandwidth = math.floor(4 * (n / 100) ** (2 / 9))
    variance = float((scores**2).sum())
    for step in range(1, min(bandwidth, n - 1) + 1):
        weight = 1 - step / (bandwidth + 1)
        variance += 2 * weight * float((scores[step:] * scores[:-step]).sum())
    se = math.sqrt(max(0.0, variance)) / spread
    return _Fit(lag, slope, max(se, abs(slope) * _ROUNDING), n)
