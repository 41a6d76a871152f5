"""Sums that come out the same however the rows were cut into batches.

Floating-point addition is not associative, so a sum of sums would depend on who counted what. Values are
therefore put on a grid fixed beforehand and added as integers: exact, in any order, on any machine.
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from portal.stats.bins import Floats

BLOCK = 8192  # stays in the cache of a core, and below what a linear algebra library splits over threads
_COARSE = 18  # a fine step is 2**-18 of a coarse one; products of both add up exactly over a block
_REACH = 2.0**20  # coarse steps from the centre within which sums over a block stay exact in float64
_FARTHEST = 2.0**100  # fine steps from the centre; a value beyond counts as this far away
_MAGIC = 1.5 * 2.0**52  # adding and subtracting this many steps rounds to whole steps


@dataclass(frozen=True, slots=True)
class Scale:
    """The grid of a column: steps of 2**exponent around a centre.

    Made from the reference it has 2**30 steps to the interquartile range, so a mean is right to a billionth
    of it. The default suits numbers around 1.
    """

    center: float = 0.0
    exponent: int = -30

    def __post_init__(self) -> None:
        if not math.isfinite(self.center) or not -480 <= self.exponent <= 480:
            raise ValueError("A scale has a finite centre and an exponent between -480 and 480.")

    @classmethod
    def of(cls, values: Floats) -> "Scale":
        """The grid for finite values: centred on their median, 2**30 steps to their interquartile range."""
        low, center, high = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75), method="lower"))
        spread = high / 2 - low / 2 or float(values.max()) / 2 - float(values.min()) / 2 or abs(center) or 1.0
        return cls(center + 0.0, max(-480, min(480, math.frexp(spread)[1] - 30)))

    @property
    def step(self) -> float:
        return math.ldexp(1.0, self.exponent)


AROUND_ZERO = Scale()


@dataclass(frozen=True, slots=True)
class Moments:
    """Number, sum, sum of squares and range of the finite values of a column.

    `total` and `squares` are whole steps of the scale, measured from its centre.
    """

    scale: Scale = AROUND_ZERO
    n: int = 0
    total: int = 0
    squares: int = 0
    low: float | None = None
    high: float | None = None

    @property
    def mean(self) -> float | None:
        """None without a value."""
        if not self.n:
            return None
        return self.scale.center + self.total / self.n * self.scale.step

    @property
    def variance(self) -> float | None:
        """Of the sample (divisor n - 1); None with fewer than two values or beyond the range of a float."""
        if self.n < 2:
            return None
        scatter = self.n * self.squares - self.total**2
        variance = scatter / (self.n * (self.n - 1)) * self.scale.step * self.scale.step
        return variance if math.isfinite(variance) else None

    @property
    def std(self) -> float | None:
        return None if self.variance is None else math.sqrt(self.variance)

    @property
    def sum(self) -> float:
        return self.scale.center * self.n + self.total * self.scale.step

    @property
    def mean_square(self) -> float | None:
        """Mean of the squared values themselves, not of their distance from the centre; None without one."""
        if not self.n:
            return None
        center, step = self.scale.center, self.scale.step
        return center**2 + 2 * center * (self.total / self.n * step) + self.squares / self.n * step * step

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both sets of rows together. Raises ValueError when the scales differ."""
        if self.scale != other.scale:
            raise ValueError("Moments on different scales do not add up.")
        return Moments(
            self.scale,
            self.n + other.n,
            self.total + other.total,
            self.squares + other.squares,
            min((x for x in (self.low, other.low) if x is not None), default=None),
            max((x for x in (self.high, other.high) if x is not None), default=None),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "center": self.scale.center,
            "exponent": self.scale.exponent,
            "n": self.n,
            "total": str(self.total),  # as text: the integers outgrow what JSON readers agree on
            "squares": str(self.squares),
            "low": self.low,
            "high": self.high,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(
            Scale(float(data["center"]), int(data["exponent"])),
            int(data["n"]),
            int(data["total"]),
            int(data["squares"]),
            None if data["low"] is None else float(data["low"]),
            None if data["high"] is None else float(data["high"]),
        )


def scratch_for(values: Floats) -> Floats:
    """Room for the three vectors of a block."""
    return np.empty(3 * min(BLOCK, len(values)))


class MomentSums:
    """Adds finite values up to `Moments`."""

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.n = self.total = self.squares = 0
        self.low, self.high = math.inf, -math.inf
        self._step = scale.step
        self._coarse_step = math.ldexp(scale.step, _COARSE)

    def add(self, values: Floats) -> None:
        """Add any number of finite values."""
        scratch = scratch_for(values)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            self.add_block(block, float(block.min()), float(block.max()), scratch)

    def add_block(self, block: Floats, low: float, high: float, scratch: Floats) -> None:
        """Add at most `BLOCK` finite values, at least one, which lie between low and high."""
        self.n += len(block)
        self.low, self.high = min(self.low, low), max(self.high, high)
        center, reach = self.scale.center, _REACH * self._coarse_step
        if center - low <= reach and high - center <= reach:
            self._add_near(block, scratch)
            return
        with np.errstate(over="ignore"):  # two ends of the float range are infinitely far: clipped below
            distance = block - center
        far = np.abs(distance) > reach
        self._add_far(distance[far])
        self._add_near(block[~far], scratch)

    def _add_near(self, block: Floats, scratch: Floats) -> None:
        """Split into a coarse and a fine part: every sum of products is then a whole number below 2**53."""
        parts = scratch[: 3 * len(block)].reshape(3, -1)  # in one piece, or the product would copy it
        ones, coarse, fine = parts
        coarse_magic, fine_magic = _MAGIC * self._coarse_step, _MAGIC * self._step
        np.subtract(block, self.scale.center, out=fine)
        np.add(fine, coarse_magic, out=coarse)
        np.subtract(coarse, coarse_magic, out=coarse)
        np.subtract(fine, coarse, out=fine)
        np.add(fine, fine_magic, out=fine)
        np.subtract(fine, fine_magic, out=fine)
        ones.fill(1.0)
        sums, coarse_products, fine_products = np.dot(parts, parts[1:].T).tolist()
        self.total += sum(int(value / self._step) for value in sums)
        for product in (*coarse_products, *fine_products):  # coarse², both mixed products, fine²
            self.squares += int(product / self._step / self._step)

    def _add_far(self, distance: Floats) -> None:
        with np.errstate(over="ignore"):  # what overflows is clipped on the same line
            clipped = np.clip(np.rint(distance / self._step), -_FARTHEST, _FARTHEST)
        steps = [int(step) for step in clipped.tolist()]
        self.total += sum(steps)
        self.squares += sum(step * step for step in steps)

    def result(self) -> Moments:
        if not self.n:
            return Moments(self.scale)
        return Moments(self.scale, self.n, self.total, self.squares, self.low + 0.0, self.high + 0.0)
