"""What a profile counts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal, Self

from portal.stats.profile.features import FeatureSpec

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """Which columns of the batches are counted, and how.

    Every name is a column; one that a batch lacks counts as missing in all its rows. `positive` is the
    label, as text, that confusion and group tables are about. Without a prediction column a row is predicted
    positive when its score reaches the `threshold`. `predicted` bins the predictions of a regression.
    `segments` says in which column each segment key stands; it decides who is counted together, not what is
    counted.
    """

    features: tuple[FeatureSpec, ...] = ()
    task: Task = "binary"
    positive: str | None = None
    score: str | None = None
    prediction: str | None = None
    outcome: str | None = None
    threshold: float | None = None
    predicted: FeatureSpec | None = None
    protected: tuple[str, ...] = ()
    segments: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        if len(set(names)) != len(names):
            raise ValueError("Every feature is counted once.")
        if self.predicted and self.predicted.kind != "numeric":
            raise ValueError("The predictions of a regression are numeric.")
        if any("=" in key or not key for key in self.segments):
            raise ValueError("A segment key is a name without an equals sign.")

    @property
    def combinations(self) -> tuple[tuple[str, ...], ...]:
        """The attributes crossed in group tables: none, each alone, every two; nothing without a label."""
        if self.positive is None or self.task == "regression":
            return ()
        singles = ((name,) for name in self.protected)
        return ((), *singles, *combinations(self.protected, 2))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column to read, once."""
        named = (self.score, self.prediction, self.outcome)
        wanted = (f.name for f in self.features)
        every = (*wanted, *(name for name in named if name), *self.protected, *self.segments.values())
        return tuple(dict.fromkeys(every))

    @property
    def digest(self) -> str:
        """Equal for specifications whose profiles add up: everything but the segments decides."""
        data = self.to_dict()
        del data["segments"]
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        return {
            "features": [feature.to_dict() for feature in self.features],
            "task": self.task,
            "positive": self.positive,
            "score": self.score,
            "prediction": self.prediction,
            "outcome": self.outcome,
            "threshold": self.threshold,
            "predicted": self.predicted.to_dict() if self.predicted else None,
            "protected": list(self.protected),
            "segments": dict(self.segments),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            tuple(FeatureSpec.from_dict(feature) for feature in data["features"]),
            data["task"],
            data["positive"],
            data["score"],
            data["prediction"],
            data["outcome"],
            None if data["threshold"] is None else float(data["threshold"]),
            FeatureSpec.from_dict(data["predicted"]) if data["predicted"] else None,
            tuple(data["protected"]),
            dict(data["segments"]),
        )
