"""A version's declared inputs: what a prediction may look like.

``{task, positive, favourable, features: [{name, type, nullable, min, max, categories, importance, role}]}``
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.errors import Problem, Unprocessable

RESERVED = frozenset(
    {"prediction_id", "event_time", "score", "prediction", "segment", "outcome", "observed_at"}
)
MAX_FEATURES = 1000
MAX_CATEGORIES = 10_000


class Task(StrEnum):
    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class FeatureType(StrEnum):
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    STRING = "string"


class FeatureRole(StrEnum):
    """``both``: a protected attribute that the model also uses; it is stored restricted only."""

    FEATURE = "feature"
    PROTECTED = "protected"
    BOTH = "both"


NUMERIC = frozenset({FeatureType.NUMBER, FeatureType.INTEGER})


@dataclass(frozen=True, slots=True)
class FeatureField:
    """One declared input. ``minimum`` and ``maximum`` include themselves; ``importance`` is a share."""

    name: str
    type: FeatureType
    nullable: bool = True
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None
    importance: float | None = None
    role: FeatureRole = FeatureRole.FEATURE

    @property
    def numeric(self) -> bool:
        return self.type in NUMERIC


@dataclass(frozen=True, slots=True)
class VersionSchema:
    """What a version declares. ``positive`` is the outcome predicted, ``favourable`` the good one to get."""

    task: Task
    features: tuple[FeatureField, ...]
    positive: str = "1"
    favourable: str = "1"

    def stored_openly(self) -> tuple[FeatureField, ...]:
        """The features that may stand in the prediction segments."""
        return tuple(f for f in self.features if f.role == FeatureRole.FEATURE)

    def protected(self) -> tuple[FeatureField, ...]:
        """The attributes that may stand in the restricted store only."""
        return tuple(f for f in self.features if f.role != FeatureRole.FEATURE)

    def inputs(self) -> tuple[FeatureField, ...]:
        """What the model itself reads."""
        return tuple(f for f in self.features if f.role != FeatureRole.PROTECTED)


def parse_schema(data: Any) -> VersionSchema:
    """Read a declared schema. Raises Unprocessable with every problem and where it stands."""
    problems: list[Problem] = []
    if not isinstance(data, Mapping):
        raise Unprocessable("A schema is an object.", errors=[Problem("", "Not an object.")])
    _unknown(data, {"task", "positive", "favourable", "features"}, "", problems)
    task = _member(data.get("task"), Task, "/task", problems)
    given = data.get("features")
    if not isinstance(given, Sequence) or isinstance(given, str) or not 1 <= len(given) <= MAX_FEATURES:
        problems.append(Problem("/features", f"A list of 1 to {MAX_FEATURES} features."))
        given = []
    features = [field for i, item in enumerate(given) if (field := _field(item, f"/features/{i}", problems))]
    _names(features, problems)
    if problems or task is None:
        raise Unprocessable("The schema has mistakes.", errors=problems)
    positive = str(data.get("positive", "1"))
    return VersionSchema(task, tuple(features), positive, str(data.get("favourable", positive)))


def schema_as_json(schema: VersionSchema) -> dict[str, Any]:
    """The schema as it is stored and shown; absent limits are left out."""
    return {
        "task": schema.task.value,
        "positive": schema.positive,
        "favourable": schema.favourable,
        "features": [_field_as_json(field) for field in schema.features],
    }


def _field_as_json(field: FeatureField) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": field.name,
        "type": field.type.value,
        "nullable": field.nullable,
        "min": field.minimum,
        "max": field.maximum,
        "categories": list(field.categories) if field.categories is not None else None,
        "importance": field.importance,
        "role": field.role.value,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _field(item: Any, at: str, problems: list[Problem]) -> FeatureField | None:
    if not isinstance(item, Mapping):
        problems.append(Problem(at, "A feature is an object."))
        return None
    known = {"name", "type", "nullable", "min", "max", "categories", "importance", "role"}
    _unknown(item, known, at, problems)
    name = item.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 200 or "\x00" in name:
        problems.append(Problem(f"{at}/name", "A name of 1 to 200 characters."))
        return None
    if name in RESERVED:
        problems.append(Problem(f"{at}/name", f"{name!r} is a name of the prediction itself."))
    kind = _member(item.get("type"), FeatureType, f"{at}/type", problems)
    role = _member(item.get("role", "feature"), FeatureRole, f"{at}/role", problems)
    nullable = item.get("nullable", True)
    if not isinstance(nullable, bool):
        problems.append(Problem(f"{at}/nullable", "true or false."))
    minimum = _limit(item.get("min"), f"{at}/min", problems)
    maximum = _limit(item.get("max"), f"{at}/max", problems)
    if minimum is not None and maximum is not None and minimum > maximum:
        problems.append(Problem(f"{at}/min", "Greater than max."))
    importance = _limit(item.get("importance"), f"{at}/importance", problems)
    if importance is not None and not 0 <= importance <= 1:
        problems.append(Problem(f"{at}/importance", "A share from 0 to 1."))
    categories = _categories(item.get("categories"), kind, at, problems)
    if kind is None or role is None:
        return None
    return FeatureField(name, kind, bool(nullable), minimum, maximum, categories, importance, role)


def _categories(
    value: Any, kind: FeatureType | None, at: str, problems: list[Problem]
) -> tuple[str, ...] | None:
    if value is None:
        return None
    if kind not in {FeatureType.CATEGORY, FeatureType.STRING}:
        problems.append(Problem(f"{at}/categories", "Only a category or a string has categories."))
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        problems.append(Problem(f"{at}/categories", "A list of strings."))
        return None
    if not 1 <= len(value) <= MAX_CATEGORIES or len(set(value)) != len(value):
        problems.append(Problem(f"{at}/categories", f"1 to {MAX_CATEGORIES} different strings."))
    return tuple(value)


def _limit(value: Any, at: str, problems: list[Problem]) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        problems.append(Problem(at, "A finite number."))
        return None
    return float(value)


def _member(value: Any, kind: type[StrEnum], at: str, problems: list[Problem]) -> Any:
    try:
        return kind(value)
    except ValueError:
        problems.append(Problem(at, f"One of {', '.join(kind)}."))
        return None


def _unknown(data: Mapping[str, Any], known: set[str], at: str, problems: list[Problem]) -> None:
    problems.extend(Problem(f"{at}/{key}", "Unknown field.") for key in data if key not in known)


def _names(features: Sequence[FeatureField], problems: list[Problem]) -> None:
    seen: set[str] = set()
    for i, field in enumerate(features):
        if field.name in seen:
            problems.append(Problem(f"/features/{i}/name", f"{field.name!r} is declared twice."))
        seen.add(field.name)
