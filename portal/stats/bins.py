"""Bins frozen on the quantiles of a reference.

Every engine counts them with `x < edge`, so a value on an edge always falls into the bin above it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins `[a, b)` between the edges, with open ends: one more bin than there are edges."""

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        if not all(np.isfinite(self.edges)):
            raise ValueError("Edges are finite numbers.")
        if any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError("Edges ascend strictly.")

    def __len__(self) -> int:
        return len(self.edges) + 1

    def count(self, x: npt.ArrayLike) -> Ints:
        """How many finite values of x fall into each bin; NaN and infinities are in none.

        >>> Bins((0.0, 1.0)).count([-5, 0, 0.5, 1, float("nan"), float("inf")])
        array([1, 2, 1])
        """
        values = np.asarray(x, dtype=np.float64).ravel()
        values = values[np.isfinite(values)]
        places = np.searchsorted(np.asarray(self.edges), values, side="right")
        return np.bincount(places, minlength=len(self)).astype(np.int64, copy=False)


def quantile_bins(x: npt.ArrayLike, n: int = 10) -> Bins:
    """At most n bins of about equal mass on the finite values of x, by linear quantiles.

    A value so frequent that it repeats among the quantiles gets a bin of its own, closed above by the next
    floating-point number; an edge that would leave an empty bin is dropped. A constant c gets
    `[c, next(c))` between two empty bins, so that a move either way shows.
    Raises ValueError without a finite value, or for fewer than two bins.

    >>> quantile_bins([0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 5).count([0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
    array([6, 2, 2])
    >>> quantile_bins([7, 7, 7]).count([6, 7, 8])
    array([1, 1, 1])
    """
    if n < 2:
        raise ValueError("There are at least two bins.")
    values = np.asarray(x, dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        raise ValueError("Bins need at least one finite value.")
    values = np.sort(values) + 0.0  # adding zero makes -0.0 and 0.0 one edge, as they are one value
    if values[0] == values[-1]:
        return Bins(_finite(values[0], math.nextafter(values[0], math.inf)))
    with np.errstate(over="ignore", invalid="ignore"):  # two ends of the float range have no midpoint
        quantiles = np.quantile(values, np.linspace(0, 1, n + 1)[1:-1])
    edges, repeats = np.unique(quantiles[np.isfinite(quantiles)], return_counts=True)
    return Bins(_without_empty_bins(values, _with_heavy_values_apart(values, edges, repeats)))


def _with_heavy_values_apart(ordered: Floats, edges: Floats, repeats: Ints) -> Floats:
    """The edges, and one right above every repeated edge that shares its bin with greater values."""
    ends = np.append(np.searchsorted(ordered, edges[1:], side="left"), len(ordered))
    shares = np.searchsorted(ordered, edges, side="right") < ends
    return np.union1d(edges, np.nextafter(edges[(repeats > 1) & shares], np.inf))


def _without_empty_bins(ordered: Floats, edges: Floats) -> tuple[float, ...]:
    """The edges that have a value of the sorted sample on either side, up to the neighbouring kept edge."""
    kept: list[float] = []
    below = 0
    for edge, rank in zip(edges, np.searchsorted(ordered, edges, side="left"), strict=True):
        if below < rank < len(ordered):
            kept.append(float(edge))
            below = rank
    return tuple(kept)


def _finite(*edges: float) -> tuple[float, ...]:
    return tuple(float(edge) for edge in edges if np.isfinite(edge))


def as_counts(values: Sequence[int] | npt.ArrayLike, name: str = "counts") -> Floats:
    """A vector of counts as floats; raises ValueError unless all are finite and none negative."""
    counts = np.asarray(values, dtype=np.float64)
    if counts.ndim != 1 or not counts.size:
        raise ValueError(f"The {name} are a vector.")
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError(f"The {name} are finite and not negative.")
    return counts
