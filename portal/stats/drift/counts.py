"""Measures on counts over the frozen bins of the reference.

Both arms are vectors of one length; a bin empty in both arms is no bin. Every function raises ValueError when
an arm is empty or the bins differ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats, as_counts
from portal.stats.distributions import chi2_quantile, chi2_sf

Counts = Sequence[int] | Sequence[float] | npt.NDArray[np.int64] | Floats


@dataclass(frozen=True, slots=True)
class Psi:
    """Population stability index, in nats, with what a chart of it needs.

    `contributions` has the part of every bin of the input; shares are those after smoothing, None for a bin
    that is empty in both arms.
    """

    value: float
    n_reference: float
    n: float
    bins: int
    contributions: tuple[float, ...]
    reference_shares: tuple[float | None, ...]
    shares: tuple[float | None, ...]
    smoothing: float
    floor: float

    def critical(self, level: float = 0.95) -> float:
        """What the index stays below with this probability when nothing has moved, at these sizes."""
        return self._noise * chi2_quantile(level, self.bins - 1)

    @property
    def p(self) -> float:
        """Probability of at least this value when nothing has moved."""
        return chi2_sf(self.value / self._noise, self.bins - 1) if self.bins > 1 else 1.0

    @property
    def _noise(self) -> float:
        return 1 / self.n_reference + 1 / self.n


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance between two distributions; `base` is that of the logarithm where there is one."""

    value: float
    n_reference: float
    n: float
    base: float | None = None


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """Pearson's test of homogeneity of two samples over the bins."""

    value: float
    p: float
    cramers_v: float
    df: int
    n_reference: float
    n: float


@dataclass(frozen=True, slots=True)
class BinnedKs:
    """Distance of the distribution functions at the edges of the bins.

    The distance of the rows themselves lies between `value` and `value + error_bound`; the bound is
    never more than the heaviest bin of the reference.
    """

    value: float
    error_bound: float
    n_reference: float
    n: float


def psi(reference: Counts, current: Counts, *, smoothing: float = 0.5, floor: float = 0.0) -> Psi:
    """Population stability index of counts over the frozen bins of the reference.

    In nats; 0 for identical shares, unbounded above. Every bin gets `smoothing` observations in both arms, so
    an empty bin is finite; `floor` is the least share instead, where a peer is to be reproduced. Raises
    ValueError when neither is given and a bin is empty in one arm.
    Source: Yurdakul and Naranjo (2020), critical values included.

    >>> psi([100] * 10, [100] * 10).value
    0.0
    >>> round(psi([50, 30, 20, 0], [40, 30, 20, 10]).value, 7)
    0.320117
    """
    if smoothing < 0 or not 0 <= floor < 1:
        raise ValueError("Smoothing and floor are not negative, the floor is below 1.")
    reference_counts, counts, held = _arms(reference, current)
    p = np.maximum(_smoothed(reference_counts[held], smoothing), floor)
    q = np.maximum(_smoothed(counts[held], smoothing), floor)
    if not (p.all() and q.all()):
        raise ValueError("A bin is empty in one arm: the index needs smoothing or a floor.")
    parts = np.zeros(len(held))
    parts[held] = (q - p) * np.log(q / p)
    return Psi(
        float(parts.sum()),
        float(reference_counts.sum()),
        float(counts.sum()),
        int(held.sum()),
        tuple(parts.tolist()),
        _spread(p, held),
        _spread(q, held),
        smoothing,
        floor,
    )


def minimum_rows(
    limit: float, bins: int = 10, level: float = 0.95, n_reference: float | None = None
) -> int | None:
    """Fewest rows of a window for which the critical PSI is no greater than the limit.

    Without `n_reference` both arms have that many rows; None when no number is enough for so small a
    reference.

    >>> minimum_rows(0.1), minimum_rows(0.1, n_reference=math.inf)
    (339, 170)
    """
    if limit <= 0 or bins < 2:
        raise ValueError("The limit is positive and there are at least two bins.")
    noise = limit / chi2_quantile(level, bins - 1)
    rest = noise / 2 if n_reference is None else noise - 1 / n_reference
    return math.ceil(1 / rest) if rest > 0 else None


def coarsen(reference: Counts, current: Counts, bins: int = 10) -> tuple[Floats, Floats]:
    """Both vectors over at most so many bins of about equal mass in the reference, joined from neighbours.

    For a histogram too fine to compare bin by bin, such as that of scores.

    >>> [counts.tolist() for counts in coarsen([1, 1, 4, 0, 2, 2], [0, 5, 0, 1, 0, 1], 3)]
    [[6.0, 2.0, 2.0], [5.0, 1.0, 1.0]]
    """
    if bins < 2:
        raise ValueError("There are at least two bins.")
    reference_counts, counts, _ = _arms(reference, current)
    below = np.cumsum(reference_counts)
    total = float(below[-1])
    cuts = np.searchsorted(below, total * np.arange(1, bins) / bins, side="left")
    starts = np.unique(np.append(0, cuts[below[cuts] < total] + 1))
    return np.add.reduceat(reference_counts, starts), np.add.reduceat(counts, starts)


def js_distance(reference: Counts, current: Counts, base: float = 2) -> Distance:
    """Jensen-Shannon distance of two vectors of counts: 0 to √log(2), which is 1 in base 2.

    The root of the divergence, not the divergence. The base is part of the result: in nats the same
    counts give 0.83 of the value.

    >>> round(js_distance([50, 30, 20, 0], [40, 30, 20, 10]).value, 7)
    0.2324129
    """
    if base <= 1:
        raise ValueError("The base of a logarithm is above 1.")
    reference_counts, counts, _ = _arms(reference, current)
    p, q = reference_counts / reference_counts.sum(), counts / counts.sum()
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2 / math.log(base)
    return _distance(math.sqrt(max(0.0, divergence)), reference_counts, counts, base)


def hellinger(reference: Counts, current: Counts) -> Distance:
    """Hellinger distance of two vectors of counts: 0 to 1."""
    reference_counts, counts, _ = _arms(reference, current)
    p, q = reference_counts / reference_counts.sum(), counts / counts.sum()
    return _distance(float(np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2)), reference_counts, counts)


def total_variation(reference: Counts, current: Counts) -> Distance:
    """Total variation distance of two vectors of counts, half the sum of the differences: 0 to 1."""
    reference_counts, counts, _ = _arms(reference, current)
    differences = np.abs(reference_counts / reference_counts.sum() - counts / counts.sum())
    return _distance(float(differences.sum() / 2), reference_counts, counts)


def l_infinity(reference: Counts, current: Counts) -> Distance:
    """Greatest difference of a share between two vectors of counts: 0 to 1."""
    reference_counts, counts, _ = _arms(reference, current)
    differences = np.abs(reference_counts / reference_counts.sum() - counts / counts.sum())
    return _distance(float(differences.max()), reference_counts, counts)


def chi2(reference: Counts, current: Counts) -> ChiSquare:
    """Pearson's chi-square test that two samples share one distribution, without continuity correction.

    Both arms are samples: a test that takes the reference for exact has p-values far too small. With a single
    occupied bin there is nothing to differ in: value 0, p 1.

    >>> round(chi2([50, 30, 20, 0], [40, 30, 20, 10]).p, 7)
    0.01114
    """
    reference_counts, counts, held = _arms(reference, current)
    table = np.vstack((reference_counts[held], counts[held]))
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    value = float(((table - expected) ** 2 / expected).sum())
    df = int(held.sum()) - 1
    return ChiSquare(
        value,
        chi2_sf(value, df) if df else 1.0,
        math.sqrt(value / n),
        df,
        float(reference_counts.sum()),
        float(counts.sum()),
    )


def ks_binned(reference: Counts, current: Counts) -> BinnedKs:
    """Kolmogorov-Smirnov distance as far as counts over ordered bins show it.

    >>> ks_binned([50, 50], [25, 75])
    BinnedKs(value=0.25, error_bound=0.5, n_reference=100.0, n=100.0)
    """
    reference_counts, counts, _ = _arms(reference, current)
    p, q = reference_counts / reference_counts.sum(), counts / counts.sum()
    after = np.cumsum(p - q)
    before = after - (p - q)
    value = float(np.abs(after[:-1]).max(initial=0.0))
    above = np.minimum(before + p, after + q)  # both functions only rise inside a bin
    below = np.minimum(q - before, p - after)
    highest = max(value, float(above.max()), float(below.max()))
    return BinnedKs(value, highest - value, float(reference_counts.sum()), float(counts.sum()))


def _arms(reference: Counts, current: Counts) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Both vectors, and which bins at least one of them occupies."""
    reference_counts, counts = as_counts(reference, "counts of the reference"), as_counts(current)
    if reference_counts.shape != counts.shape:
        raise ValueError("Both arms are counted over the same bins.")
    if not reference_counts.sum() or not counts.sum():
        raise ValueError("Both arms have rows.")
    return reference_counts, counts, (reference_counts > 0) | (counts > 0)


def _smoothed(counts: Floats, smoothing: float) -> Floats:
    shares: Floats = (counts + smoothing) / (counts.sum() + smoothing * len(counts))
    return shares


def _spread(shares: Floats, held: npt.NDArray[np.bool_]) -> tuple[float | None, ...]:
    values = iter(shares.tolist())
    return tuple(next(values) if occupied else None for occupied in held)


def _relative_entropy(p: Floats, q: Floats) -> float:
    held = p > 0
    return float((p[held] * np.log(p[held] / q[held])).sum())


def _distance(value: float, reference: Floats, current: Floats, base: float | None = None) -> Distance:
    return Distance(value, float(reference.sum()), float(current.sum()), base)
