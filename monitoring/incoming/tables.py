"""Named columns to checked tables: types, ranges, categories, ids and times, whole columns at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lifecycle.data.schema import FeatureField, FeatureRole, FeatureType, Task, VersionSchema
from lifecycle.data.validation import (
    NUL,
    Checked,
    Refusal,
    Rows,
    as_type,
    check_feature,
    first_refusals,
    listed,
    mask_of,
    refused_mask,
    refusing,
    unknown_columns,
)
from monitoring.incoming.bodies import Body, Column
from portal.errors import Invalid, Problem, Unprocessable

PREDICTION = ("prediction_id", "event_time", "score", "prediction", "route")
OUTCOME = ("prediction_id", "outcome", "observed_at")
TIME = pa.timestamp("us", tz="UTC")
EARLIEST = datetime.fromisoformat("1990-01-01T00:00:00+00:00")
AHEAD = timedelta(minutes=5)
LONGEST_ID = 200
LONGEST_SEGMENT = 100
MOST_SEGMENT_KEYS = 8
INSTANT = "a time with its zone, such as 2026-06-01T12:00:00Z"
TOO_LONG = f"is longer than {LONGEST_SEGMENT} characters"
LABEL = "a label: a text, a number, or true or false"
SEGMENT = "segment:"
"""How the column of a segment key is called in a segment file."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a body, checked. ``bad`` marks the refused ones; their values are missing in ``rows``."""

    rows: pa.Table
    bad: Rows
    refusals: list[Refusal]
    protected: Mapping[str, pa.Array] = field(default_factory=dict)

    @property
    def accepted(self) -> pa.Table:
        return self.rows if not self.bad.any() else self.rows.filter(pa.array(~self.bad))

    def accepted_protected(self) -> dict[str, pa.Array]:
        keep = None if not self.bad.any() else pa.array(~self.bad)
        return {n: v if keep is None else v.filter(keep) for n, v in self.protected.items()}


def prediction_table(
    body: Body, schema: VersionSchema | None, *, now: datetime, outcome: bool = False
) -> Table:
    """The predictions of a body; of a reference file with its outcomes, if it has any.

    Raises Invalid where a required column is absent.
    """
    _require(body, "prediction_id", "event_time")
    parts = {
        "prediction_id": _id(body.columns["prediction_id"]),
        "event_time": _time(body.columns["event_time"], "event_time", now),
        "score": _score(body.columns.get("score"), body.rows),
        "prediction": _prediction(body.columns.get("prediction"), body.rows, schema),
        "route": _short(body.columns.get("route"), body.rows, "route"),
    }
    parts |= _segment(body)
    if outcome and "outcome" in body.columns:
        parts["outcome"] = _prediction(body.columns["outcome"], body.rows, schema)
    features, protected = _features(body, schema)
    checked = [*parts.values(), *features.values(), *protected.values()]
    table = pa.table({name: part.values for name, part in (parts | features).items()})
    kept = {name: part.values for name, part in protected.items()}
    return Table(table, refused_mask(body.rows, checked), first_refusals(checked), kept)


def outcome_table(body: Body, *, now: datetime) -> Table:
    """The outcomes of a body; ``observed_at`` defaults to now."""
    _require(body, "prediction_id", "outcome")
    _refuse_other(body)
    times = body.columns.get("observed_at")
    seen = _time(times, "observed_at", now) if times is not None else _constant(now, body.rows)
    parts = {
        "prediction_id": _id(body.columns["prediction_id"]),
        "outcome": _label(body.columns["outcome"], "outcome", required=True),
        "observed_at": seen,
    }
    checked = list(parts.values())
    table = pa.table({name: part.values for name, part in parts.items()})
    return Table(table, refused_mask(body.rows, checked), first_refusals(checked))


def attribute_table(body: Body, schema: VersionSchema) -> Table:
    """The protected attributes of a body: only those the schema declares."""
    _require(body, "prediction_id")
    declared = {f.name: f for f in schema.protected()}
    given = {**body.columns, **body.features}
    del given["prediction_id"]
    if unknown := unknown_columns(given, list(declared)):
        known = listed(list(declared)) or "none"
        raise Unprocessable(
            f"{unknown[0]!r} is not a declared protected attribute; declared are {known}.",
            errors=[Problem(f"/{name}", "not a declared protected attribute") for name in unknown],
        )
    ids = _id(body.columns["prediction_id"])
    parts = {name: check_feature(declared[name], column, body.rows) for name, column in given.items()}
    checked = [ids, *parts.values()]
    table = pa.table({"prediction_id": ids.values, **{n: p.values for n, p in parts.items()}})
    return Table(table, refused_mask(body.rows, checked), first_refusals(checked))


def known_attributes(schema: VersionSchema) -> tuple[str, ...]:
    """The row fields of an attribute delivery: every declared attribute stands beside the id."""
    return ("prediction_id", *(f.name for f in schema.protected()))


def _require(body: Body, *names: str) -> None:
    if absent := [name for name in names if name not in body.columns]:
        raise Invalid(errors=[Problem(f"/{name}", "is missing; every row needs one") for name in absent])


def _refuse_other(body: Body) -> None:
    if other := [*body.features, *body.segment]:
        told = f"is no field of an outcome; its fields are {listed(OUTCOME)}"
        raise Invalid(errors=[Problem(f"/{name}", told) for name in other])


def _features(body: Body, schema: VersionSchema | None) -> tuple[dict[str, Checked], dict[str, Checked]]:
    """The features by name, and the protected ones apart."""
    if schema is None:
        return {name: _undeclared(column, name) for name, column in body.features.items()}, {}
    declared = {f.name: f for f in schema.features}
    if unknown := unknown_columns(body.features, list(declared)):
        raise Unprocessable(
            f"{unknown[0]!r} is not a declared feature; declared are {listed(list(declared))}.",
            errors=[Problem(f"/features/{name}", "is not declared in the schema") for name in unknown[:100]],
        )
    found = {
        f.name: check_feature(f, body.features.get(f.name), body.rows)
        for f in schema.features
        if f.name in body.features or f.role == FeatureRole.FEATURE
    }
    apart = {f.name for f in schema.protected()}
    return (
        {name: part for name, part in found.items() if name not in apart},
        {name: part for name, part in found.items() if name in apart},
    )


def _undeclared(column: Column, name: str) -> Checked:
    """A feature nobody declared keeps the type it came with: number, truth value or text."""
    if isinstance(column, pa.Array) and not pa.types.is_dictionary(column.type):
        kind = column.type
    else:
        kind = _kind_of(column)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if number:
        declared = FeatureField(name, FeatureType.NUMBER)
    elif pa.types.is_boolean(kind):
        declared = FeatureField(name, FeatureType.BOOLEAN)
    else:
        declared = FeatureField(name, FeatureType.STRING)
    return check_feature(declared, column, len(column))


def _kind_of(column: Column) -> pa.DataType:
    first = next((v for v in column if v is not None), None)
    if isinstance(first, bool):
        return pa.bool_()
    return pa.float64() if isinstance(first, int | float) else pa.string()


def _segment(body: Body) -> dict[str, Checked]:
    if len(body.segment) > MOST_SEGMENT_KEYS:
        told = f"has {len(body.segment)} keys; at most {MOST_SEGMENT_KEYS} are taken"
        raise Invalid(errors=[Problem("/segment", told)])
    if wrong := [key for key in body.segment if not _names_a_segment(key)]:
        told = f"is no key of a segment: 1 to {LONGEST_SEGMENT} characters, without '=', ':' and NUL"
        raise Invalid(errors=[Problem(f"/segment/{wrong[0][:80]}", told)])
    return {
        SEGMENT + key: _short(column, body.rows, f"segment.{key}") for key, column in body.segment.items()
    }


def _names_a_segment(key: str) -> bool:
    return 1 <= len(key) <= LONGEST_SEGMENT and not {"=", ":", "\x00"} & set(key)


def _id(column: Column) -> Checked:
    texts = _text(column, "prediction_id")
    length = pc.utf8_length(texts.values)
    return refusing(
        texts,
        "prediction_id",
        (mask_of(pc.is_null(texts.values)) & ~texts.bad, "is missing"),
        (mask_of(pc.equal(length, 0)), "is empty"),
        (mask_of(pc.greater(length, LONGEST_ID)), f"is longer than {LONGEST_ID} characters"),
        (mask_of(pc.match_substring(texts.values, "\x00")), NUL),
    )


def _text(column: Column, name: str) -> Checked:
    """A text; whole numbers are written out."""
    if isinstance(column, pa.Array):
        if pa.types.is_integer(column.type):
            column = column.cast(pa.string())
    elif int in set(map(type, column)):
        column = [str(value) if type(value) is int else value for value in column]
    return as_type(column, pa.string(), name)


def _time(column: Column, name: str, now: datetime) -> Checked:
    if isinstance(column, pa.Array) and pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            raise Unprocessable(
                f"The times of {name} have no zone; write them as instants in UTC.",
                errors=[Problem(f"/{name}", "needs a time zone")],
            )
        times = as_type(column, TIME, name)
    else:
        texts = as_type(column, pa.string(), name, INSTANT)
        parsed = as_type(texts.values, TIME, name, INSTANT)
        times = Checked(parsed.values, (*texts.refusals, *parsed.refusals), texts.bad | parsed.bad)
    values = times.values
    missing = mask_of(pc.is_null(values)) & ~times.bad
    late = mask_of(pc.greater(values, pa.scalar(now + AHEAD, TIME)))
    early = mask_of(pc.less(values, pa.scalar(EARLIEST, TIME)))
    return refusing(
        times,
        name,
        (missing, "is missing"),
        (late, f"lies in the future; here it is {now:%FT%TZ}"),
        (early, "lies before 1990, the earliest year that is taken"),
    )


def _score(column: Column | None, rows: int) -> Checked:
    return check_feature(FeatureField("score", FeatureType.NUMBER), column, rows)


def _prediction(column: Column | None, rows: int, schema: VersionSchema | None) -> Checked:
    if schema is not None and schema.task == Task.REGRESSION:
        return check_feature(FeatureField("prediction", FeatureType.NUMBER), column, rows)
    return _label(column if column is not None else pa.nulls(rows, pa.string()), "prediction")


def _label(column: Column, name: str, *, required: bool = False) -> Checked:
    """A label as text: 1, 1.0 and "1" are the same label, true is "true"."""
    labels = _as_label(column, name)
    missing = mask_of(pc.is_null(labels.values)) & ~labels.bad
    long = mask_of(pc.greater(pc.utf8_length(labels.values), LONGEST_SEGMENT))
    null = mask_of(pc.match_substring(labels.values, "\x00"))
    faults = [(long, TOO_LONG), (null, NUL)]
    return refusing(labels, name, *faults, *([(missing, "is missing")] if required else []))


def _as_label(column: Column, name: str) -> Checked:
    if not isinstance(column, pa.Array):
        column = [_label_text(value) for value in column]
    elif pa.types.is_boolean(column.type) or pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    elif pa.types.is_floating(column.type):
        column = [_label_text(value) for value in column.to_pylist()]
    return as_type(column, pa.string(), name, LABEL)


def _label_text(value: Any) -> Any:
    """How a JSON value is written as a label; what is no label stays and is refused."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return value


def _short(column: Column | None, rows: int, name: str) -> Checked:
    texts = _as_label(column if column is not None else pa.nulls(rows, pa.string()), name)
    long = mask_of(pc.greater(pc.utf8_length(texts.values), LONGEST_SEGMENT))
    null = mask_of(pc.match_substring(texts.values, "\x00"))
    return refusing(texts, name, (long, TOO_LONG), (null, NUL))


def _constant(value: datetime, rows: int) -> Checked:
    return Checked(pa.array([value] * rows, TIME), (), np.zeros(rows, dtype=np.bool_))


def segment_keys(columns: Sequence[str]) -> dict[str, str]:
    """Segment key to column, of the columns of a segment file."""
    return {name.removeprefix(SEGMENT): name for name in columns if name.startswith(SEGMENT)}
