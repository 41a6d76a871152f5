"""Whether probabilities mean what they say, and what they promise while outcomes are not known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats, Ints, as_counts
from portal.stats.classification import Auc, Confusion, auc_from_histogram
from portal.stats.distributions import normal_width, two_sided
from portal.stats.intervals import Interval

_BINS = 10
_ROWS_A_BIN = 20
_LEAST = float(np.finfo(np.float64).eps)  # what a logarithm takes 0 for
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Score:
    """A score of n probabilities: lower is better."""

    value: float
    n: int


@dataclass(frozen=True, slots=True)
class Ece:
    """Expected calibration error, with the mean probability, share of positives and rows of each bin."""

    value: float
    n: int
    probabilities: tuple[float, ...]
    shares: tuple[float, ...]
    rows: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spiegelhalter:
    """Spiegelhalter's z: 0 in the mean for calibrated probabilities; None when all are 0, 1 or one half."""

    value: float | None
    p: float | None
    n: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LogitFit:
    """Logistic regression of the outcomes on the logit of the probabilities.

    Slope 1 and intercept 0 when calibrated. A slope below 1 means probabilities too extreme. All None,
    with a reason, when no finite line fits.
    """

    slope: float | None
    intercept: float | None
    slope_se: float | None
    intercept_se: float | None
    n: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Cbpe:
    """Performance expected from calibrated probabilities, without outcomes.

    Holds under a change of the population only: it is blind to a change of what the features mean.
    `accuracy` carries its interval at three standard errors.
    """

    expected: Confusion
    accuracy_interval: Interval
    auc: float | None
    n: float

    @property
    def accuracy(self) -> float | None:
        return self.expected.accuracy

    @property
    def precision(self) -> float | None:
        return self.expected.ppv

    @property
    def recall(self) -> float | None:
        return self.expected.tpr

    @property
    def specificity(self) -> float | None:
        return self.expected.tnr

    @property
    def f1(self) -> float | None:
        return self.expected.f1


@dataclass(frozen=True, slots=True)
class Conformal:
    """The score that a new one exceeds with probability at most alpha: the `rank`-th smallest of n.

    None, with a reason, when n is too small: the interval is then infinite.
    """

    value: float | None
    rank: int
    n: int
    reason: str | None = None


def brier(p: npt.ArrayLike, y: npt.ArrayLike) -> Score:
    """Mean squared difference of probability and outcome: 0 to 1.

    >>> brier([0.5, 1.0], [1, 1]).value
    0.125
    """
    chances, outcomes = _rows(p, y)
    return Score(float(((chances - outcomes) ** 2).mean()), len(chances))


def log_loss(p: npt.ArrayLike, y: npt.ArrayLike) -> Score:
    """Mean negative logarithm of the probability given to what happened, in nats.

    >>> round(log_loss([0.5, 0.25], [1, 0]).value, 4)
    0.4904
    """
    chances, outcomes = _rows(p, y)
    given = np.clip(np.where(outcomes == 1, chances, 1 - chances), _LEAST, 1)
    return Score(float(-np.log(given).mean()), len(chances))


def ece(p: npt.ArrayLike, y: npt.ArrayLike, bins: int | None = None) -> Ece:
    """Mean distance of probability and share of positives over bins of equal mass, weighted by rows: 0 to 1.

    By default ten bins, or as many as have 20 rows each. Equal probabilities share a bin.

    >>> ece([0.1, 0.1, 0.9, 0.9], [0, 0, 1, 0], 2).value
    0.25
    """
    chances, outcomes = _rows(p, y)
    n = len(chances)
    wanted = max(1, min(_BINS, n // _ROWS_A_BIN)) if bins is None else bins
    if wanted < 1:
        raise ValueError("There is at least one bin.")
    distinct, places, rows = np.unique(chances, return_inverse=True, return_counts=True)
    middles = (np.cumsum(rows) - rows / 2) / n
    bin_of = np.minimum((middles * wanted).astype(np.int64), wanted - 1)
    mass = np.bincount(bin_of, rows, minlength=wanted)
    held = mass > 0
    promised = np.bincount(bin_of, rows * distinct, minlength=wanted)[held]
    happened = np.bincount(bin_of[places], outcomes, minlength=wanted)[held]
    mass = mass[held]
    return Ece(
        float(np.abs(promised - happened).sum() / n),
        n,
        tuple((promised / mass).tolist()),
        tuple((happened / mass).tolist()),
        tuple(mass.tolist()),
    )


def spiegelhalter(p: npt.ArrayLike, y: npt.ArrayLike) -> Spiegelhalter:
    """Test that the Brier score is what calibrated probabilities would have. Source: Spiegelhalter (1986)."""
    chances, outcomes = _rows(p, y)
    spread = float(((1 - 2 * chances) ** 2 * chances * (1 - chances)).sum())
    if not spread > 0:
        return Spiegelhalter(None, None, len(chances), "the probabilities leave nothing to chance")
    z = float(((outcomes - chances) * (1 - 2 * chances)).sum()) / math.sqrt(spread)
    return Spiegelhalter(z, two_sided(z), len(chances))


def slope_intercept(p: npt.ArrayLike, y: npt.ArrayLike) -> LogitFit:
    """Calibration slope and intercept, fitted together by maximum likelihood."""
    chances, outcomes = _rows(p, y)
    clipped = np.clip(chances, _LEAST, 1 - _LEAST)
    design = np.column_stack((np.ones(len(clipped)), np.log(clipped / (1 - clipped))))
    if np.ptp(design[:, 1]) == 0 or np.ptp(outcomes) == 0:
        return LogitFit(None, None, None, None, len(clipped), "one probability or one outcome only")
    weights = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        information = design.T @ (design * (fitted * (1 - fitted))[:, None])
        step = np.linalg.lstsq(information, design.T @ (outcomes - fitted), rcond=None)[0]
        weights = weights + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-10:
            errors = np.sqrt(np.diag(np.linalg.inv(information))).tolist()
            return LogitFit(float(weights[1]), float(weights[0]), errors[1], errors[0], len(clipped))
    return LogitFit(None, None, None, None, len(clipped), "the probabilities separate the outcomes")


def cbpe(
    p: npt.ArrayLike,
    threshold: float = 0.5,
    *,
    weights: npt.ArrayLike | None = None,
    scores: npt.ArrayLike | None = None,
) -> Cbpe:
    """Expected performance of predicting positive where the score reaches the threshold.

    `p` are calibrated probabilities, ascending scores if no `scores` are given; `weights` are rows, for
    probabilities by bin. Raises ValueError without a row.

    >>> cbpe([0.75, 0.625, 0.25]).accuracy
    0.7083333333333334
    """
    chances = _probabilities(p)
    rows = np.ones(len(chances)) if weights is None else as_counts(np.asarray(weights), "weights")
    order = chances if scores is None else np.asarray(scores, dtype=np.float64).ravel()
    if not len(rows) == len(order) == len(chances):
        raise ValueError("There are as many weights and scores as probabilities.")
    n = float(rows.sum())
    if not n:
        raise ValueError("There is at least one row.")
    said = order >= threshold
    ups, downs = rows * chances, rows * (1 - chances)
    expected = Confusion(
        float(ups[said].sum()), float(downs[said].sum()), float(ups[~said].sum()), float(downs[~said].sum())
    )
    return Cbpe(expected, _accuracy(expected, rows, chances, n), _expected_auc(order, ups, downs).value, n)


def isotonic(positive: Sequence[int] | Ints, negative: Sequence[int] | Ints) -> tuple[float | None, ...]:
    """A calibrator: the non-decreasing share of positives by ascending score bin that fits best.

    A bin without rows gets the share of the next one above that has rows, at the end of the last one.
    All None without a row. By pooling adjacent violators.

    >>> isotonic([0, 2, 1, 3], [3, 1, 2, 0])
    (0.0, 0.5, 0.5, 1.0)
    """
    ups = as_counts(positive, "positive counts")
    rows = ups + as_counts(negative, "negative counts")
    blocks: list[tuple[float, float, int]] = []  # positives, rows, last bin
    for place in np.flatnonzero(rows).tolist():
        block = (float(ups[place]), float(rows[place]), place)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], place)
        blocks.append(block)
    if not blocks:
        return (None,) * len(rows)
    lasts = [last for _, _, last in blocks]
    shares = [share_ups / share_rows for share_ups, share_rows, _ in blocks]
    found = np.minimum(np.searchsorted(lasts, np.arange(len(rows)), side="left"), len(blocks) - 1)
    return tuple(shares[block] for block in found.tolist())


def conformal_quantile(scores: npt.ArrayLike, alpha: float) -> Conformal:
    """Split-conformal bound: the ⌈(n + 1)(1 - alpha)⌉-th smallest score of the calibration rows.

    >>> conformal_quantile(range(1, 100), 0.1).value
    90.0
    """
    if not 0 < alpha < 1:
        raise ValueError("Alpha lies between 0 and 1.")
    values = np.sort(np.asarray(scores, dtype=np.float64).ravel())
    if not np.isfinite(values).all():
        raise ValueError("Scores are finite.")
    n = len(values)
    rank = math.ceil((n + 1) * (1 - alpha) - 1e-9)  # (n + 1)(1 - alpha) may be whole but for rounding
    if rank > n:
        return Conformal(None, rank, n, "too few rows: the interval is infinite")
    return Conformal(float(values[rank - 1]), rank, n)


def _accuracy(expected: Confusion, rows: Floats, chances: Floats, n: float) -> Interval:
    value = (expected.tp + expected.tn) / n
    se = math.sqrt(float((rows * chances * (1 - chances)).sum())) / n
    level = 1 - two_sided(3.0)
    width = normal_width(level) * se
    return Interval(value, max(0.0, value - width), min(1.0, value + width), level, se)


def _expected_auc(scores: Floats, ups: Floats, downs: Floats) -> Auc:
    distinct, places = np.unique(scores, return_inverse=True)
    by_score = [np.bincount(places, part, minlength=len(distinct)) for part in (ups, downs)]
    return auc_from_histogram(*by_score)


def _rows(p: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    chances = _probabilities(p)
    outcomes = np.asarray(y, dtype=np.float64).ravel()
    if chances.shape != outcomes.shape:
        raise ValueError("There are as many outcomes as probabilities.")
    if not np.isin(outcomes, (0, 1)).all():
        raise ValueError("Outcomes are 0 or 1.")
    return chances, outcomes


def _probabilities(p: npt.ArrayLike) -> Floats:
    chances = np.asarray(p, dtype=np.float64).ravel()
    if not chances.size:
        raise ValueError("There is at least one probability.")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("Probabilities lie between 0 and 1.")
    return chances
