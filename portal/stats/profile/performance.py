"""Counts of what a model said and what then happened."""

import math
from dataclasses import astuple, dataclass, field
from typing import Any, Self

import numpy as np

from portal.stats.bins import Floats, Ints
from portal.stats.profile.moments import Moments, MomentSums, Scale

SCORE_BINS = 1024
SCORE_MIDDLES = tuple((place + 0.5) / SCORE_BINS for place in range(SCORE_BINS))
SCORE_STEP = 2.0**-30  # unit of `GroupCounts.score_total`
_SCORE_SCALE = Scale(0.5, -30)
_NO_SCORES = Moments(_SCORE_SCALE)


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """One group's predictions and outcomes, about one positive label.

    `tp fp fn tn` are the rows with prediction and outcome; `positive` and `negative` all predictions by
    label, whether or not the outcome is known. `scored` rows have prediction, outcome and a score; their
    scores add up to `score_total` steps of 2**-30.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    positive: int = 0
    negative: int = 0
    scored: int = 0
    score_total: int = 0

    @property
    def n(self) -> int:
        """Rows with a prediction."""
        return self.positive + self.negative

    @property
    def labelled(self) -> int:
        """Rows with a prediction and an outcome."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def mean_score(self) -> float | None:
        """Beside the share of positive outcomes: calibration in the large. None without a scored row."""
        return self.score_total / self.scored * SCORE_STEP if self.scored else None

    def merge(self, other: "GroupCounts") -> "GroupCounts":
        return GroupCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Scores in 1024 equal bins on [0, 1]; `moments` of the same rows; others are `outside` or `missing`."""

    counts: tuple[int, ...] = (0,) * SCORE_BINS
    outside: int = 0
    missing: int = 0
    moments: Moments = _NO_SCORES

    @property
    def n(self) -> int:
        """Rows with a score in [0, 1]."""
        return self.moments.n

    def merge(self, other: "ScoreCounts") -> "ScoreCounts":
        return ScoreCounts(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            self.outside + other.outside,
            self.missing + other.missing,
            self.moments.merge(other.moments),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "counts": list(self.counts),
            "outside": self.outside,
            "missing": self.missing,
            "moments": self.moments.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        counts = tuple(int(count) for count in data["counts"])
        return cls(counts, int(data["outside"]), int(data["missing"]), Moments.from_dict(data["moments"]))


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Moments over the rows of a regression that have a prediction and an outcome."""

    error: Moments  # prediction - outcome
    absolute: Moments
    outcome: Moments

    @classmethod
    def empty(cls, scale: Scale) -> Self:
        around_zero = Scale(0.0, scale.exponent)
        return cls(Moments(around_zero), Moments(around_zero), Moments(scale))

    @property
    def n(self) -> int:
        return self.error.n

    @property
    def mae(self) -> float | None:
        return self.absolute.mean

    @property
    def rmse(self) -> float | None:
        square = self.error.mean_square
        return None if square is None else math.sqrt(square)

    @property
    def bias(self) -> float | None:
        """Mean of prediction - outcome."""
        return self.error.mean

    @property
    def r_squared(self) -> float | None:
        """None when the outcomes do not vary."""
        square, variance = self.error.mean_square, self.outcome.variance
        if square is None or not variance:
            return None
        return 1 - square * self.n / (variance * (self.n - 1))

    def merge(self, other: "ErrorCounts") -> "ErrorCounts":
        return ErrorCounts(
            self.error.merge(other.error),
            self.absolute.merge(other.absolute),
            self.outcome.merge(other.outcome),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "error": self.error.to_dict(),
            "absolute": self.absolute.to_dict(),
            "outcome": self.outcome.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        return cls(*(Moments.from_dict(data[key]) for key in ("error", "absolute", "outcome")))


@dataclass(slots=True)
class ScoreSums:
    """Adds scores up to `ScoreCounts`."""

    tally: Ints = field(default_factory=lambda: np.zeros(SCORE_BINS, dtype=np.int64))
    outside: int = 0
    missing: int = 0
    moments: MomentSums = field(default_factory=lambda: MomentSums(_SCORE_SCALE))

    def add(self, scores: Floats) -> None:
        """Add scores; NaN is a missing one."""
        missing = int(np.count_nonzero(np.isnan(scores)))
        inside = scores[(scores >= 0) & (scores <= 1)]
        self.missing += missing
        self.outside += len(scores) - missing - len(inside)
        places = np.minimum((inside * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
        self.tally += np.bincount(places, minlength=SCORE_BINS)
        self.moments.add(inside)

    def result(self) -> ScoreCounts:
        return ScoreCounts(tuple(self.tally.tolist()), self.outside, self.missing, self.moments.result())


class ErrorSums:
    """Adds predictions and outcomes of a regression up to `ErrorCounts`."""

    def __init__(self, scale: Scale) -> None:
        around_zero = Scale(0.0, scale.exponent)
        self.error, self.absolute = MomentSums(around_zero), MomentSums(around_zero)
        self.outcome = MomentSums(scale)

    def add(self, predictions: Floats, outcomes: Floats) -> None:
        """Add rows; those where either is not finite are left out."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is left out on the next line
            errors = predictions - outcomes
        held = np.isfinite(errors)
        errors, outcomes = errors[held], outcomes[held]
        self.error.add(errors)
        self.absolute.add(np.abs(errors))
        self.outcome.add(outcomes)

    def result(self) -> ErrorCounts:
        return ErrorCounts(self.error.result(), self.absolute.result(), self.outcome.result())
