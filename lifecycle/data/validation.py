"""A declared schema, enforced on a whole batch at once: column by column, never row by row.

Values arrive as Arrow columns of whatever type the reader found, or as lists of JSON values. Each column is
cast to its declared type and checked with vectors; only when a vector fails are single values looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lifecycle.data.schema import FeatureField, FeatureType

MAX_REPORTED = 100
MAX_LISTED = 10
NUL = "holds a NUL character, which no text here may"

ARROW = {
    FeatureType.NUMBER: pa.float64(),
    FeatureType.INTEGER: pa.int64(),
    FeatureType.BOOLEAN: pa.bool_(),
    FeatureType.CATEGORY: pa.string(),
    FeatureType.STRING: pa.string(),
}

Rows = npt.NDArray[np.bool_]
Fault = tuple[Rows, str]
"""The rows that have it, and what it is: the end of a sentence that begins with the value."""
Column = Any
"""An Arrow array, plain or chunked, or a list of JSON values."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one value is refused; ``row`` counts from 0 within the batch."""

    row: int
    column: str
    detail: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A column of the declared type, and which of its rows are refused, for which reason."""

    values: pa.Array
    refusals: tuple[Refusal, ...]
    bad: Rows


def check_feature(field: FeatureField, column: Column | None, rows: int) -> Checked:
    """Cast and check one declared feature. An absent column is a column of missing values."""
    if column is None:
        column = pa.nulls(rows, ARROW[field.type])
    uncast = as_type(column, ARROW[field.type], field.name)
    values = uncast.values
    faults: list[Fault] = []
    if not field.nullable:
        faults.append((mask_of(pc.is_null(values)) & ~uncast.bad, "is missing, but must have a value"))
    if field.type == FeatureType.NUMBER:
        infinite = mask_of(pc.invert(pc.is_finite(values)))
        faults.append((infinite, "is not a finite number; leave it out where there is none"))
    if field.minimum is not None:
        below = f"is below {field.minimum:g}, the declared minimum"
        faults.append((mask_of(pc.less(values, field.minimum)), below))
    if field.maximum is not None:
        above = f"is above {field.maximum:g}, the declared maximum"
        faults.append((mask_of(pc.greater(values, field.maximum)), above))
    if not field.numeric and field.type != FeatureType.BOOLEAN:
        faults.append((mask_of(pc.match_substring(values, "\x00")), NUL))
    if field.categories is not None:
        known = pc.is_in(values, value_set=pa.array(field.categories, pa.string()))
        unknown = mask_of(pc.and_(pc.invert(known), pc.is_valid(values)))
        faults.append((unknown, f"is none of the declared categories {listed(field.categories)}"))
    return refusing(uncast, field.name, *faults)


def as_type(column: Column, wanted: pa.DataType, name: str, what: str | None = None) -> Checked:
    """A column as the wanted type; values that are something else are refused and left missing.

    ``what`` completes the refusal "… is not"; without it, the type does.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    rows = len(column)
    none = np.zeros(rows, dtype=np.bool_)
    try:
        if isinstance(column, pa.Array):
            if pa.types.is_dictionary(column.type):
                column = column.dictionary_decode()
            return Checked(_cast(column, wanted), (), none)
        return Checked(_from_values(column, wanted), (), none)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, OverflowError):
        return _one_by_one(column, wanted, name, what or _named(wanted))


def refusing(part: Checked, name: str, *faults: Fault) -> Checked:
    """The column with more of its rows refused; of each row the first fault is told."""
    bad, refusals = part.bad.copy(), list(part.refusals)
    for mask, reason in faults:
        fresh = np.flatnonzero(mask & ~bad)[:MAX_REPORTED].tolist()
        refusals += [Refusal(row, name, f"{shown(part.values[row])} {reason}".lstrip()) for row in fresh]
        bad |= mask
    return Checked(part.values, tuple(refusals), bad)


def refused_mask(rows: int, parts: Sequence[Checked]) -> Rows:
    """The rows in which any column is refused."""
    bad = np.zeros(rows, dtype=np.bool_)
    for part in parts:
        bad |= part.bad
    return bad


def first_refusals(parts: Sequence[Checked]) -> list[Refusal]:
    """The refusals in row order, at most a hundred of them."""
    found = sorted((r for part in parts for r in part.refusals), key=lambda r: (r.row, r.column))
    return found[:MAX_REPORTED]


def unknown_columns(given: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """Columns the schema does not declare, in their order."""
    declared = set(known)
    return [name for name in given if name not in declared]


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if column.type.equals(wanted):
        return column
    if pa.types.is_boolean(column.type) and not pa.types.is_boolean(wanted):
        raise pa.ArrowInvalid("a truth value is not a number or a text")
    if pa.types.is_string(wanted) and not _textual(column.type):
        raise pa.ArrowInvalid("not a text")
    if pa.types.is_boolean(wanted) and not _textual(column.type):
        raise pa.ArrowInvalid("not a truth value")
    return column.cast(wanted, safe=True)


def _textual(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _from_values(column: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    if not pa.types.is_boolean(wanted) and bool in set(map(type, column)):
        raise TypeError("a truth value is not a number or a text")
    if pa.types.is_integer(wanted):
        return _cast(pa.array(column), wanted)  # made as whole numbers at once, 2.5 would be cut to 2
    return pa.array(column, wanted)


def _one_by_one(column: Column, wanted: pa.DataType, name: str, what: str) -> Checked:
    """The slow way, taken only by batches that hold something wrong: find out which values."""
    values: list[Any] = []
    refusals: list[Refusal] = []
    bad = np.zeros(len(column), dtype=np.bool_)
    for row, item in enumerate(column):
        value = item.as_py() if isinstance(item, pa.Scalar) else item
        try:
            single = _cast(pa.array([value]), wanted) if value is not None else pa.nulls(1, wanted)
            values.append(single[0].as_py())
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, OverflowError):
            values.append(None)
            bad[row] = True
            if len(refusals) < MAX_REPORTED:
                refusals.append(Refusal(row, name, f"{shown(value)} is not {what}"))
    return Checked(pa.array(values, wanted), tuple(refusals), bad)


def mask_of(found: pa.Array) -> Rows:
    """A boolean column as a vector; missing counts as no. By its buffer: ``to_numpy`` imports pandas."""
    found = pc.fill_null(found, False)
    if not len(found):
        return np.zeros(0, dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(found.buffers()[1], np.uint8), bitorder="little")
    return bits[found.offset : found.offset + len(found)].view(np.bool_)


def shown(value: Any) -> str:
    """A value as a refusal shows it, cut to 60 characters; a missing one as nothing."""
    if isinstance(value, pa.Scalar):
        value = value.as_py()
    if value is None:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def listed(names: Sequence[str]) -> str:
    """The names in a sentence, no more than ten of them."""
    return ", ".join(names[:MAX_LISTED]) + (", …" if len(names) > MAX_LISTED else "")


def _named(wanted: pa.DataType) -> str:
    if pa.types.is_floating(wanted):
        return "a number"
    if pa.types.is_integer(wanted):
        return "a whole number"
    return "true or false" if pa.types.is_boolean(wanted) else "a text"
