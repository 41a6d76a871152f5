"""What a version reads, found from its estimator and the rows it was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aiportal.estimators import accepts_missing, importances, positive_class, task_of
from aiportal.frames import Column, columns

LOOKED_AT = 50_000
"""Rows whose values are looked at."""
MOST_CATEGORIES = 100
"""Different texts above which a column is free text."""


def schema_of(
    estimator: Any, features: Sequence[Column], said: Mapping[str, Any] | None, *, limits: bool
) -> dict[str, Any] | None:
    """The schema to declare, or None where the task or the inputs are unknown and nobody said them.

    ``said`` overrides: ``task``, ``positive``, ``favourable``, and ``features`` either as the whole list or
    as a mapping from name to the members to change, such as ``{"age": {"min": 18}}``. A name of the mapping
    that is no column is added, e.g. a protected attribute that the model does not read.
    """
    said = dict(said or {})
    changes = said.pop("features", {})
    schema: dict[str, Any] = {}
    if task := task_of(estimator):
        schema["task"] = task
    if (positive := positive_class(estimator)) is not None:
        schema["positive"] = positive
    schema |= said
    if isinstance(changes, Mapping):
        schema["features"] = _changed(_fields(estimator, features, limits=limits), changes)
    else:
        schema["features"] = list(changes)
    return schema if schema.get("task") and schema["features"] else None


def features_of(estimator: Any, frame: Any, *, whole: bool) -> list[Column]:
    """The columns of the training rows; an array's are named as the estimator learnt them."""
    if frame is None:
        return []
    names = getattr(estimator, "feature_names_in_", ())
    return columns(frame, [str(name) for name in names], most=None if whole else LOOKED_AT)


def _fields(estimator: Any, features: Sequence[Column], *, limits: bool) -> list[dict[str, Any]]:
    shares = importances(estimator, features)
    tolerant = accepts_missing(estimator)
    found = []
    for column in features:
        field = _field(column, tolerant=tolerant, limits=limits)
        if column.name in shares:
            field["importance"] = shares[column.name]
        found.append(field)
    return found


def _field(column: Column, *, tolerant: bool, limits: bool) -> dict[str, Any]:
    present = [value for value in column.values if value is not None]
    kind = _type_of(column, present)
    field: dict[str, Any] = {"name": column.name, "type": kind}
    field["nullable"] = tolerant or len(present) < len(column.values)
    if limits and kind == "category":
        field["categories"] = sorted(column.levels or set(present))
    if limits and kind in {"number", "integer"}:
        finite = [value for value in present if math.isfinite(value)]
        if finite:
            field |= {"min": min(finite), "max": max(finite)}
    return field


def _type_of(column: Column, present: Sequence[Any]) -> str:
    if column.levels:
        return "category" if len(column.levels) <= MOST_CATEGORIES else "string"
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "integer"
    if not kinds or kinds <= {int, float}:
        return "number"
    return "category" if kinds == {str} and len(set(present)) <= MOST_CATEGORIES else "string"


def _changed(found: list[dict[str, Any]], changes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = [{**field, **changes.get(field["name"], {})} for field in found]
    names = {field["name"] for field in found}
    return known + [{"name": name, **members} for name, members in changes.items() if name not in names]
