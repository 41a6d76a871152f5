"""The frozen reference: bins that current data never move, and what the reference itself counts in them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from portal.stats.bins import Floats, quantile_bins
from portal.stats.profile import columns
from portal.stats.profile.counting import WHOLE, profile
from portal.stats.profile.features import FeatureSpec, Kind
from portal.stats.profile.moments import Scale
from portal.stats.profile.rows import Rows, as_rows, named
from portal.stats.profile.spec import ProfileSpec
from portal.stats.profile.summary import Profile

_NUMERIC = {"number", "numeric", "float", "double", "integer", "int", "long"}
_CATEGORICAL = {"category", "categorical", "string", "str", "boolean", "bool"}
_RARE = 0.01  # a level with a smaller share of the reference counts as "other"
_MOST_LEVELS = 10_000


@dataclass(frozen=True, slots=True)
class Reference:
    """A frozen specification with the profile of the reference rows.

    `unusable` says for each declared feature that has no bins why not: its drift has no data.
    """

    spec: ProfileSpec
    profile: Profile
    unusable: Mapping[str, str] = field(default_factory=dict)

    @property
    def features(self) -> tuple[FeatureSpec, ...]:
        return self.spec.features

    @property
    def n(self) -> int:
        return self.profile.n

    def to_json(self) -> str:
        """Canonical, as that of a profile."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        return cls.from_dict(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        return {
            "spec": self.spec.to_dict(),
            "profile": self.profile.to_dict(),
            "unusable": dict(self.unusable),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        spec = ProfileSpec.from_dict(data["spec"])
        held = Profile.from_dict(data["profile"])
        if held.spec != spec.digest:
            raise ValueError("The profile of the reference was made with another specification.")
        return cls(spec, held, dict(data["unusable"]))


def spec_of(schema: Mapping[str, Any], **fields: Any) -> ProfileSpec:
    """What to count for a version's schema as long as it has no reference: everything but its features.

    Keyword arguments are fields of `ProfileSpec`; by default the columns are called `score`, `prediction` and
    `outcome`, and the label of interest is the schema's `positive`, else its `favourable`.
    """
    positive = schema.get("positive")
    protected = (f["name"] for f in schema.get("features", ()) if f.get("role") in {"protected", "both"})
    defaults: dict[str, Any] = {
        "task": schema["task"],
        "positive": columns.label_text(schema.get("favourable") if positive is None else positive),
        "score": None if schema["task"] == "regression" else "score",
        "prediction": "prediction",
        "outcome": "outcome",
        "protected": tuple(protected),
    }
    return ProfileSpec(**defaults | fields)


def build_reference(
    batches: Iterable[pa.RecordBatch | Rows],
    schema: Mapping[str, Any],
    *,
    bins: int = 10,
    **fields: Any,
) -> Reference:
    """Freeze the reference rows: quantile bins for numbers, levels of at least 1 % for categories.

    `schema` is the version's (task, positive, favourable, features with name, type and role); keyword
    arguments are those of `spec_of`. Holds the batches in memory, of `parquet_rows` one column. A declared
    feature without a value, or with more than 10 000 levels, is listed as unusable. Raises ValueError
    without a row, for a type that is neither numeric nor categorical, and where a column contradicts its
    type.
    """
    rows = [as_rows(batch) for batch in batches]
    if not sum(batch.num_rows for batch in rows):
        raise ValueError("A reference needs at least one row.")
    spec = spec_of(schema, **fields)
    features: list[FeatureSpec] = []
    unusable: dict[str, str] = {}
    for name, kind in _declared(schema):
        found = _numeric(name, rows, bins) if kind == "numeric" else _categorical(name, rows)
        if isinstance(found, str):
            unusable[name] = found
        else:
            features.append(found)
    predicted = (
        _numeric(spec.prediction, rows, bins) if spec.task == "regression" and spec.prediction else None
    )
    spec = replace(
        spec,
        features=tuple(features),
        predicted=predicted if isinstance(predicted, FeatureSpec) else None,
    )
    return Reference(spec, profile(rows, replace(spec, segments={}))[WHOLE], unusable)


def _declared(schema: Mapping[str, Any]) -> Iterable[tuple[str, Kind]]:
    """Name and kind of everything the model sees."""
    for feature in schema.get("features", ()):
        declared = str(feature["type"]).lower()
        if feature.get("role") == "protected":
            continue
        if declared in _NUMERIC:
            yield feature["name"], "numeric"
        elif declared in _CATEGORICAL:
            yield feature["name"], "categorical"
        else:
            raise ValueError(f"Feature {feature['name']!r} has the unknown type {feature['type']!r}.")


def _numeric(name: str, rows: list[Rows], bins: int) -> FeatureSpec | str:
    """The bins, or why there are none."""
    held = [columns.numbers(named(batch, name), name) for batch in rows]
    values: Floats = np.concatenate(held)
    values = values[np.isfinite(values)]
    if not values.size:
        return "The reference has no value."
    return FeatureSpec(name, "numeric", quantile_bins(values, bins).edges, Scale.of(values))


def _categorical(name: str, rows: list[Rows]) -> FeatureSpec | str:
    """The levels, or why there are none."""
    seen: Counter[str] = Counter()
    for batch in rows:
        codes, texts = columns.text_codes(named(batch, name), name)
        counts = np.bincount(codes, minlength=len(texts) + 1).tolist()
        for text, n in zip(texts, counts, strict=False):
            if text is not None and n:
                seen[text] += n
        if len(seen) > _MOST_LEVELS:
            return f"More than {_MOST_LEVELS} levels: an identifier, not a category."
    if not seen:
        return "The reference has no value."
    n = seen.total()
    levels = tuple(sorted(level for level, count in seen.items() if count >= _RARE * n))
    return FeatureSpec(name, "categorical", levels=levels, rare=tuple(sorted(seen.keys() - set(levels))))
