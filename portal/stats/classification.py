"""How well labels are predicted, and whether one model is better than another on the same rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats, Ints, as_counts
from portal.stats.distributions import chi2_sf, normal_quantile, normal_width, two_sided
from portal.stats.intervals import Interval

_FEW_DISCORDANT = 50  # below, the mid-p value replaces the conservative exact one


@dataclass(frozen=True, slots=True)
class Confusion:
    """Predictions by outcome about one positive label, as counts or expected counts.

    Every rate is None where its denominator is empty.
    """

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        return self.tp + self.fp + self.fn + self.tn

    @property
    def selection_rate(self) -> float | None:
        """Share predicted positive."""
        return _share(self.tp + self.fp, self.n)

    @property
    def prevalence(self) -> float | None:
        """Share positive in truth."""
        return _share(self.tp + self.fn, self.n)

    @property
    def accuracy(self) -> float | None:
        return _share(self.tp + self.tn, self.n)

    @property
    def tpr(self) -> float | None:
        """Recall, sensitivity."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def fnr(self) -> float | None:
        return _share(self.fn, self.tp + self.fn)

    @property
    def fpr(self) -> float | None:
        return _share(self.fp, self.fp + self.tn)

    @property
    def tnr(self) -> float | None:
        """Specificity."""
        return _share(self.tn, self.fp + self.tn)

    @property
    def ppv(self) -> float | None:
        """Precision."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def npv(self) -> float | None:
        return _share(self.tn, self.fn + self.tn)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None when nothing is positive, in prediction or truth."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def balanced_accuracy(self) -> float | None:
        if self.tpr is None or self.tnr is None:
            return None
        return (self.tpr + self.tnr) / 2


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve with its DeLong interval, clipped to [0, 1].

    All None, with a reason, when only one label occurs; without bounds when a label occurs once.
    """

    value: float | None
    se: float | None
    low: float | None
    high: float | None
    n_positive: float
    n_negative: float
    level: float = 0.95
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DeLong:
    """Comparison of two scores on the same rows. `z` is None when the difference has no variance."""

    first: Auc
    second: Auc
    difference: float | None
    low: float | None
    high: float | None
    z: float | None
    p: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class McNemar:
    """Comparison of two classifiers on the same rows, by the rows only one of them got right.

    `p` is the mid-p value with fewer than 50 such rows, the exact one otherwise. `chi2` is corrected for
    continuity; None without such a row.
    """

    p: float
    exact: float
    mid_p: float
    chi2: float | None
    chi2_p: float | None


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Loss of share correct, and the most it may be at the one-sided level.

    `holds` when that is below the margin.
    """

    loss: float
    bound: float
    margin: float
    level: float
    holds: bool


def confusion(tp: float, fp: float, fn: float, tn: float) -> Confusion:
    """The rates of a confusion table. Raises ValueError for a negative count.

    >>> confusion(60, 20, 15, 105).tpr
    0.8
    """
    if not all(0 <= count < math.inf for count in (tp, fp, fn, tn)):
        raise ValueError("Counts are finite and not negative.")
    return Confusion(tp, fp, fn, tn)


def auc(scores: npt.ArrayLike, labels: npt.ArrayLike, *, level: float = 0.95) -> Auc:
    """Probability that a positive row scores higher than a negative one, ties counting half.

    Labels are 1 or True for positive. Raises ValueError for scores that are not finite.
    Source: DeLong, DeLong and Clarke-Pearson (1988).

    >>> auc([0.9, 0.8, 0.3, 0.2], [1, 0, 1, 0]).value
    0.75
    """
    values, positive = _scored(scores, labels)
    distinct, places = np.unique(values, return_inverse=True)
    by_label = np.bincount(places + len(distinct) * positive, minlength=2 * len(distinct))
    return auc_from_histogram(by_label[len(distinct) :], by_label[: len(distinct)], level=level)


def auc_from_histogram(
    positive: Sequence[float] | Ints | Floats,
    negative: Sequence[float] | Ints | Floats,
    *,
    level: float = 0.95,
) -> Auc:
    """AUC of counts by ascending score bin, as if all scores of a bin were equal.

    Raises ValueError unless both are counted over the same bins.

    >>> auc_from_histogram([0, 1, 1], [1, 1, 0]).value
    0.875
    """
    width = normal_width(level)
    ups, downs = as_counts(positive, "positive counts"), as_counts(negative, "negative counts")
    if ups.shape != downs.shape:
        raise ValueError("Both labels are counted over the same bins.")
    n_up, n_down = float(ups.sum()), float(downs.sum())
    if not n_up or not n_down:
        return Auc(None, None, None, None, n_up, n_down, level, "only one label occurs")
    beaten = (np.cumsum(downs) - downs / 2) / n_down  # by a positive of each bin, as a share of the negatives
    beating = 1 - (np.cumsum(ups) - ups / 2) / n_up
    value = float((ups * beaten).sum() / n_up)
    if n_up <= 1 or n_down <= 1:
        return Auc(value, None, None, None, n_up, n_down, level, "a label occurs once: no interval")
    spread_up = float((ups * (beaten - value) ** 2).sum()) / (n_up - 1)
    spread_down = float((downs * (beating - value) ** 2).sum()) / (n_down - 1)
    se = math.sqrt(spread_up / n_up + spread_down / n_down)
    return Auc(value, se, max(0.0, value - width * se), min(1.0, value + width * se), n_up, n_down, level)


def delong(
    first: npt.ArrayLike, second: npt.ArrayLike, labels: npt.ArrayLike, *, level: float = 0.95
) -> DeLong:
    """Are the areas of two scores on the same rows equal? The difference is first - second.

    Source: DeLong, DeLong and Clarke-Pearson (1988). Undefined with fewer than two rows of a label.
    """
    one, positive = _scored(first, labels)
    two, _ = _scored(second, labels)
    areas = auc(one, positive, level=level), auc(two, positive, level=level)
    if areas[0].value is None or areas[1].value is None or areas[0].se is None:
        return DeLong(*areas, None, None, None, None, None, "needs two rows of either label")
    ups = np.vstack([_placements(scores[positive == 1], scores[positive == 0]) for scores in (one, two)])
    downs = np.vstack([_placements(scores[positive == 0], scores[positive == 1]) for scores in (one, two)])
    covariance = np.cov(ups) / ups.shape[1] + np.cov(downs) / downs.shape[1]
    difference = areas[0].value - areas[1].value
    se = math.sqrt(max(0.0, float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])))
    spread = normal_width(level) * se
    bounds = max(-1.0, difference - spread), min(1.0, difference + spread)
    if se < 1e-12:
        return DeLong(*areas, difference, *bounds, None, 1.0 if abs(difference) < 1e-12 else 0.0)
    return DeLong(*areas, difference, *bounds, difference / se, two_sided(difference / se))


def mcnemar(b: int, c: int) -> McNemar:
    """Are two classifiers equally often right? From the b rows only the first got right, c only the second.

    >>> round(mcnemar(25, 12).exact, 7), round(mcnemar(25, 12).mid_p, 7)
    (0.047031, 0.0335524)
    """
    if b < 0 or c < 0:
        raise ValueError("Counts are not negative.")
    n = b + c
    if not n:
        return McNemar(1.0, 1.0, 1.0, None, None)
    chances = [_fair_coin(n, k) for k in range(min(b, c) + 1)]
    tail = math.fsum(chances)
    exact, mid_p = min(1.0, 2 * tail), min(1.0, 2 * tail - chances[-1])
    value = max(0, abs(b - c) - 1) ** 2 / n
    return McNemar(mid_p if n < _FEW_DISCORDANT else exact, exact, mid_p, value, chi2_sf(value, 1))


def paired_difference(b: int, c: int, n: int, *, level: float = 0.95) -> Interval:
    """Difference of two shares correct on the same n rows, (b - c) / n, with its Wald interval.

    >>> round(paired_difference(25, 12, 187).low, 4)
    0.0065
    """
    difference, se = _paired(b, c, n)
    width = normal_width(level) * se
    return Interval(difference, max(-1.0, difference - width), min(1.0, difference + width), level, se)


def non_inferiority(b: int, c: int, n: int, margin: float, *, level: float = 0.95) -> NonInferiority:
    """Is the new model at most `margin` worse? b rows only the old one got right, c only the new one, of n.

    >>> non_inferiority(38, 30, 2000, 0.01).holds
    False
    """
    if not margin > 0:
        raise ValueError("The margin is positive.")
    loss, se = _paired(b, c, n)
    bound = loss + normal_quantile(level) * se
    return NonInferiority(loss, bound, margin, level, bound < margin)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _scored(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, Ints]:
    values = np.asarray(scores, dtype=np.float64).ravel()
    marks = np.asarray(labels).ravel()
    if values.shape != marks.shape or not values.size:
        raise ValueError("There are as many labels as scores, at least one.")
    if not np.isfinite(values).all():
        raise ValueError("Scores are finite.")
    if not np.isin(marks, (0, 1)).all():
        raise ValueError("Labels are 0 or 1.")
    return values, marks.astype(np.int64)


def _placements(these: Floats, those: Floats) -> Floats:
    """For each of these the share of those it exceeds, ties counting half."""
    ordered = np.sort(those)
    below = np.searchsorted(ordered, these, side="left") + np.searchsorted(ordered, these, side="right")
    shares: Floats = below / (2 * len(those))
    return shares


def _fair_coin(n: int, k: int) -> float:
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))


def _paired(b: int, c: int, n: int) -> tuple[float, float]:
    if b < 0 or c < 0 or n < max(1, b + c):
        raise ValueError("The discordant rows are among the n rows.")
    return (b - c) / n, math.sqrt(b + c - (b - c) ** 2 / n) / n
