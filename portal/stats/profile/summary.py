"""The mergeable summary of a set of rows."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

from portal.stats.profile.features import FeatureCounts
from portal.stats.profile.moments import Scale
from portal.stats.profile.performance import ErrorCounts, GroupCounts, ScoreCounts
from portal.stats.profile.spec import ProfileSpec

Part = TypeVar("Part", FeatureCounts, ScoreCounts, ErrorCounts)
Attributes = tuple[str, ...]
Group = tuple[str | None, ...]  # a value for each attribute; None where it is unknown


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts of a set of rows: one version, one window, one segment.

    Profiles of the same specification add up, in any order and any grouping, to exactly the profile of all
    their rows. Equal content has equal JSON, so the digest identifies it.
    """

    spec: str  # the digest of the specification
    n: int = 0
    features: Mapping[str, FeatureCounts] = field(default_factory=dict)
    predictions: Mapping[str, int] = field(default_factory=dict)  # rows by predicted label
    pairs: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (prediction, outcome) -> rows
    groups: Mapping[Attributes, Mapping[Group, GroupCounts]] = field(default_factory=dict)
    score: ScoreCounts | None = None
    score_positive: ScoreCounts | None = None  # of the rows whose outcome is the positive label
    score_negative: ScoreCounts | None = None  # of the rows with another outcome
    predicted: FeatureCounts | None = None  # of a regression
    errors: ErrorCounts | None = None  # of a regression

    @classmethod
    def empty(cls, spec: ProfileSpec) -> Self:
        """The profile of no row: the neutral element of `merge`."""
        by_outcome = spec.score and spec.outcome and spec.positive is not None
        regression = spec.task == "regression"
        return cls(
            spec.digest,
            features={feature.name: FeatureCounts.empty(feature) for feature in spec.features},
            groups={attributes: {} for attributes in spec.combinations},
            score=ScoreCounts() if spec.score else None,
            score_positive=ScoreCounts() if by_outcome else None,
            score_negative=ScoreCounts() if by_outcome else None,
            predicted=FeatureCounts.empty(spec.predicted) if regression and spec.predicted else None,
            errors=ErrorCounts.empty(error_scale(spec)) if regression and spec.outcome else None,
        )

    @property
    def confusion(self) -> GroupCounts:
        """Everybody's predictions and outcomes, about the positive label."""
        return self.groups.get((), {}).get((), GroupCounts())

    @property
    def labelled(self) -> int:
        """Rows with a prediction and an outcome."""
        return self.errors.n if self.errors else sum(self.pairs.values())

    def merge(self, other: "Profile") -> "Profile":
        """The profile of both sets of rows. Raises ValueError when they were counted differently."""
        if self.spec != other.spec:
            raise ValueError("Profiles of different specifications do not add up.")
        return Profile(
            self.spec,
            self.n + other.n,
            {name: counts.merge(other.features[name]) for name, counts in self.features.items()},
            Counter(self.predictions) + Counter(other.predictions),
            Counter(self.pairs) + Counter(other.pairs),
            {
                attributes: _merge_cells(cells, other.groups[attributes])
                for attributes, cells in self.groups.items()
            },
            _merge_parts(self.score, other.score),
            _merge_parts(self.score_positive, other.score_positive),
            _merge_parts(self.score_negative, other.score_negative),
            _merge_parts(self.predicted, other.predicted),
            _merge_parts(self.errors, other.errors),
        )

    __add__ = merge

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Canonical JSON: keys sorted, no spaces, floats in their shortest exact form."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        return cls.from_dict(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        parts = (self.score, self.score_positive, self.score_negative, self.predicted, self.errors)
        names = ("score", "score_positive", "score_negative", "predicted", "errors")
        return {
            "spec": self.spec,
            "n": self.n,
            "features": {name: counts.to_dict() for name, counts in self.features.items()},
            "predictions": dict(self.predictions),
            "pairs": [[*pair, n] for pair, n in sorted(self.pairs.items())],
            "groups": [_table_to_dict(table, cells) for table, cells in sorted(self.groups.items())],
            **{name: part.to_dict() for name, part in zip(names, parts, strict=True) if part is not None},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what `to_dict` did not make."""
        return cls(
            data["spec"],
            int(data["n"]),
            {name: FeatureCounts.from_dict(counts) for name, counts in data["features"].items()},
            {label: int(n) for label, n in data["predictions"].items()},
            {(prediction, outcome): int(n) for prediction, outcome, n in data["pairs"]},
            {tuple(table["attributes"]): _cells_from_dict(table["cells"]) for table in data["groups"]},
            ScoreCounts.from_dict(data["score"]) if "score" in data else None,
            ScoreCounts.from_dict(data["score_positive"]) if "score_positive" in data else None,
            ScoreCounts.from_dict(data["score_negative"]) if "score_negative" in data else None,
            FeatureCounts.from_dict(data["predicted"]) if "predicted" in data else None,
            ErrorCounts.from_dict(data["errors"]) if "errors" in data else None,
        )


def error_scale(spec: ProfileSpec) -> Scale:
    """The grid for the outcomes of a regression: that of its predictions."""
    return spec.predicted.scale if spec.predicted else Scale()


def _merge_parts(one: Part | None, other: Part | None) -> Part | None:
    return one.merge(other) if one is not None and other is not None else None


def _merge_cells(
    cells: Mapping[Group, GroupCounts], others: Mapping[Group, GroupCounts]
) -> Mapping[Group, GroupCounts]:
    nobody = GroupCounts()
    return {group: cells.get(group, nobody).merge(others.get(group, nobody)) for group in {**cells, **others}}


def _table_to_dict(attributes: Attributes, cells: Mapping[Group, GroupCounts]) -> dict[str, Any]:
    ordered = sorted(cells, key=lambda group: [(value is None, value or "") for value in group])
    return {
        "attributes": list(attributes),
        "cells": [{"values": list(group), **asdict(cells[group])} for group in ordered],
    }


def _cells_from_dict(cells: list[dict[str, Any]]) -> dict[Group, GroupCounts]:
    return {
        tuple(cell["values"]): GroupCounts(**{name: int(n) for name, n in cell.items() if name != "values"})
        for cell in cells
    }
