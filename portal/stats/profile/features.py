"""How one feature is counted, and its counts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np

from portal.stats.bins import Bins, Floats, Ints
from portal.stats.profile.columns import Bools, Codes
from portal.stats.profile.moments import AROUND_ZERO, BLOCK, Moments, MomentSums, Scale, scratch_for

Kind = Literal["numeric", "categorical"]
COMPARED = 4 * BLOCK
"""Values compared with the edges at once: enough that the calls do not count, and still in the cache."""
OTHER = "other"
NEW = "__new__"


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """The frozen bins of a feature.

    Numeric: `edges` as in `Bins`, and the scale of its moments. Categorical: a bin for each of `levels`, one
    for the `rare` levels together ("other"), one for what the reference never held ("__new__").
    """

    name: str
    kind: Kind
    edges: tuple[float, ...] = ()
    scale: Scale = AROUND_ZERO
    levels: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each bin, in the order of the counts."""
        if self.kind == "categorical":
            return (*self.levels, OTHER, NEW)
        if not self.edges:
            return ("any",)
        inner = (f"[{a:g}, {b:g})" for a, b in zip(self.edges, self.edges[1:], strict=False))
        return (f"< {self.edges[0]:g}", *inner, f"≥ {self.edges[-1]:g}")

    @property
    def size(self) -> int:
        """Number of bins."""
        return len(self.levels) + 2 if self.kind == "categorical" else len(self.edges) + 1

    def places(self, texts: Sequence[str | None]) -> Ints:
        """Where texts of a categorical feature are counted, a missing one right after the bins.

        One place more than texts, for the code that stands for a missing one.
        """
        n = len(self.levels)
        known = {level: place for place, level in enumerate(self.levels)} | dict.fromkeys(self.rare, n)
        places = [n + 2 if text is None else known.get(text, n + 1) for text in texts]
        return np.array([*places, n + 2], dtype=np.int64)

    def to_dict(self) -> dict[str, Any]:
        if self.kind == "categorical":
            return {
                "name": self.name,
                "kind": self.kind,
                "levels": list(self.levels),
                "rare": list(self.rare),
            }
        return {
            "name": self.name,
            "kind": self.kind,
            "edges": list(self.edges),
            "center": self.scale.center,
            "exponent": self.scale.exponent,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        if data["kind"] == "categorical":
            return cls(data["name"], "categorical", levels=tuple(data["levels"]), rare=tuple(data["rare"]))
        return cls(
            data["name"],
            "numeric",
            edges=Bins(tuple(float(edge) for edge in data["edges"])).edges,
            scale=Scale(float(data["center"]), int(data["exponent"])),
        )


@dataclass(frozen=True, slots=True)
class FeatureCounts:
    """The rows of a feature: those with a value by bin, the others by what is wrong with them.

    `moments` is None for a categorical feature.
    """

    counts: tuple[int, ...]
    missing: int = 0
    neg_inf: int = 0
    pos_inf: int = 0
    moments: Moments | None = None

    @classmethod
    def empty(cls, spec: FeatureSpec) -> Self:
        moments = Moments(spec.scale) if spec.kind == "numeric" else None
        return cls((0,) * spec.size, moments=moments)

    @property
    def n(self) -> int:
        """Rows with a finite value or a level: what the bins add up to."""
        return sum(self.counts)

    @property
    def rows(self) -> int:
        """Every row, with a value or not."""
        return self.n + self.missing + self.neg_inf + self.pos_inf

    @property
    def missing_rate(self) -> float | None:
        """Share of rows without a value; None without a row."""
        return self.missing / self.rows if self.rows else None

    def merge(self, other: "FeatureCounts") -> "FeatureCounts":
        return FeatureCounts(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            self.missing + other.missing,
            self.neg_inf + other.neg_inf,
            self.pos_inf + other.pos_inf,
            self.moments.merge(other.moments) if self.moments and other.moments else None,
        )

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {"counts": list(self.counts), "missing": self.missing}
        if self.moments is not None:
            data |= {"neg_inf": self.neg_inf, "pos_inf": self.pos_inf, "moments": self.moments.to_dict()}
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(
            tuple(int(count) for count in data["counts"]),
            int(data["missing"]),
            int(data.get("neg_inf", 0)),
            int(data.get("pos_inf", 0)),
            Moments.from_dict(data["moments"]) if "moments" in data else None,
        )


@dataclass(slots=True)
class NumericSums:
    """Adds values of a numeric feature up to `FeatureCounts`."""

    spec: FeatureSpec
    missing: int = 0
    neg_inf: int = 0
    pos_inf: int = 0
    edges: Floats = field(init=False)  # a column
    below: list[int] = field(init=False)  # for each edge, the finite values below it
    moments: MomentSums = field(init=False)

    def __post_init__(self) -> None:
        self.moments = MomentSums(self.spec.scale)
        self.edges = np.array(self.spec.edges, dtype=np.float64).reshape(-1, 1)
        self.below = [0] * len(self.spec.edges)

    def add(self, values: Floats) -> None:
        """Add values; NaN is a missing one. Compared in blocks that stay in the cache of a core."""
        scratch = scratch_for(values)
        hits = np.empty((len(self.below), min(COMPARED, len(values))), dtype=np.bool_)
        for start in range(0, len(values), COMPARED):
            block = values[start : start + COMPARED]
            low, high = float(block.min()), float(block.max())
            if not (math.isfinite(low) and math.isfinite(high)):
                block = self._finite(block)
                if not len(block):
                    continue
                low, high = float(block.min()), float(block.max())
            self._compare(block, hits[:, : len(block)])
            for first in range(0, len(block), BLOCK):
                self.moments.add_block(block[first : first + BLOCK], low, high, scratch)

    def _compare(self, block: Floats, hits: Bools) -> None:
        np.less(block, self.edges, out=hits)
        for place, below in enumerate(hits):
            self.below[place] += int(np.count_nonzero(below))

    def _finite(self, block: Floats) -> Floats:
        """The finite values; the others are counted by kind."""
        finite = np.isfinite(block)
        rest = block[~finite]
        above, under = int(np.count_nonzero(rest == np.inf)), int(np.count_nonzero(rest == -np.inf))
        self.pos_inf += above
        self.neg_inf += under
        self.missing += len(rest) - above - under
        return block[finite]

    def result(self) -> FeatureCounts:
        counts = np.diff([0, *self.below, self.moments.n]).tolist()
        return FeatureCounts(tuple(counts), self.missing, self.neg_inf, self.pos_inf, self.moments.result())


@dataclass(slots=True)
class CategoricalSums:
    """Adds coded texts of a categorical feature up to `FeatureCounts`."""

    spec: FeatureSpec
    tally: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.tally = np.zeros(self.spec.size + 1, dtype=np.int64)

    def add(self, codes: Codes, places: Ints) -> None:
        """Add codes of texts that are counted in the given places."""
        np.add.at(self.tally, places, np.bincount(codes, minlength=len(places)))

    def result(self) -> FeatureCounts:
        *counts, missing = self.tally.tolist()
        return FeatureCounts(tuple(counts), missing)
