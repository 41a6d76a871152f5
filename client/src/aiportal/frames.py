"""Frames of whatever library, as columns and as pieces of a body; no library is imported before it is met."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec
from typing import Any

ROWS_AT_ONCE = 50_000
LARGEST_BODY = 19_000_000
"""Bytes the portal loads before it answers; a larger piece is halved."""
NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
ROW_FIELDS = frozenset({"prediction_id", "event_time", "score", "prediction", "route", "outcome"})
NESTED = ("features", "segment")


@dataclass(frozen=True, slots=True)
class Piece:
    """So many rows, as the body of one request."""

    body: bytes
    content_type: str
    rows: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column as Python values, None where one is missing. ``levels`` is a closed set the frame declares."""

    name: str
    values: list[Any]
    levels: tuple[str, ...] | None = None


def columns(frame: Any, names: Sequence[str] = (), *, most: int | None = None) -> list[Column]:
    """The columns of the first ``most`` rows. ``names`` serve an array, which has none. Raises TypeError."""
    if _is_rows(frame):
        rows = frame[:most]
        found = dict.fromkeys(name for row in rows for name in row)
        return [Column(name, [missing_as_none(row.get(name)) for row in rows]) for name in found]
    start = frame if most is None else head(frame, most)
    if _is_arrow(frame):
        return [_column(name, start.column(i).to_pylist()) for i, name in enumerate(frame.schema.names)]
    if _is_pandas(frame):
        return [_of_pandas(start[name]) for name in start.columns]
    if _is_polars(frame):
        return [_column(series.name, series.to_list()) for series in start.get_columns()]
    if hasattr(frame, "toarray"):
        start = start.toarray()
    if len(getattr(start, "shape", ())) == 2 and hasattr(start, "tolist"):
        return _of_array(start, names)
    raise TypeError(_unknown(frame))


def head(frame: Any, rows: int) -> Any:
    """The first rows, as the same kind of frame."""
    if _is_pandas(frame):
        return frame.iloc[:rows]
    if _is_arrow(frame) or _is_polars(frame):
        return frame.slice(0, rows)
    return frame[:rows]


def thinned(frame: Any, most: int) -> Any:
    """At most so many rows, evenly over the whole frame, as the same kind of frame."""
    step = math.ceil(size(frame) / most) or 1
    if step == 1:
        return frame
    if _is_pandas(frame):
        return frame.iloc[::step]
    if _is_arrow(frame):
        return frame.take(list(range(0, frame.num_rows, step)))
    return frame.gather_every(step) if _is_polars(frame) else frame[::step]


def size(frame: Any) -> int:
    """How many rows there are."""
    shape = getattr(frame, "shape", None)
    return int(shape[0]) if shape else len(frame)


def pieces(
    frame: Any,
    *,
    nests: bool,
    rename: Mapping[str, str] | None = None,
    constants: Mapping[str, datetime | None] | None = None,
) -> Iterator[Piece]:
    """The rows as bodies of at most 50 000 rows each: Parquet where pyarrow is installed, else NDJSON.

    ``rename`` maps columns to fields; ``constants`` are instants for rows that have none of their own.
    ``nests``: in JSON, what is no field of a prediction is a feature. Raises TypeError for no frame at all.
    """
    instants = {name: at for name, at in (constants or {}).items() if at is not None}
    for name, at in instants.items():
        if at.tzinfo is None:
            raise ValueError(f"{name} needs a time zone, as in datetime.now(UTC).")
    if _is_rows(frame) or find_spec("pyarrow") is None:
        rows = frame if _is_rows(frame) else _dicts(frame)
        yield from _json_pieces(rows, nests=nests, rename=rename or {}, instants=instants)
    else:
        yield from _parquet_pieces(_table(frame, rename or {}, instants))


def reference_piece(features: list[Column], beside: Mapping[str, list[Any]]) -> Piece:
    """The body that freezes a reference: feature columns, and score, prediction or outcome beside them."""
    rows = len(features[0].values)
    if find_spec("pyarrow") is not None:
        import pyarrow as pa  # noqa: PLC0415 - where it is installed

        named = {column.name: column.values for column in features} | dict(beside)
        return _parquet(pa.table({name: pa.array(values) for name, values in named.items()}))
    lines = [
        {name: values[row] for name, values in beside.items()}
        | {"features": {column.name: column.values[row] for column in features}}
        for row in range(rows)
    ]
    return Piece(b"\n".join(map(dumped, lines)), NDJSON, rows)


def missing_as_none(value: Any) -> Any:
    """A value as Python has it: numpy scalars unpacked, NaN, NaT and NA as None."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return None if type(value).__name__ in {"NAType", "NaTType"} else value


def dumped(row: Mapping[str, Any]) -> bytes:
    """A row as one line of JSON; instants as ISO 8601."""
    return json.dumps(row, default=_text, allow_nan=False, ensure_ascii=False).encode()


def nested(row: Mapping[str, Any], *, nests: bool, rename: Mapping[str, str]) -> dict[str, Any]:
    """A flat row as the API has it: features and ``segment.…`` in objects of their own."""
    shaped: dict[str, Any] = {}
    for given, raw in row.items():
        name, value = rename.get(given, given), _plain(raw)
        if not nests or name in ROW_FIELDS:
            shaped[name] = value
        elif name in NESTED and isinstance(value, dict):
            shaped.setdefault(name, {}).update(value)
        elif name.startswith("segment."):
            shaped.setdefault("segment", {})[name.removeprefix("segment.")] = value
        else:
            shaped.setdefault("features", {})[name.removeprefix("features.")] = value
    return shaped


def _json_pieces(
    rows: Sequence[Mapping[str, Any]],
    *,
    nests: bool,
    rename: Mapping[str, str],
    instants: Mapping[str, datetime],
) -> Iterator[Piece]:
    lines: list[bytes] = []
    filled = 0
    for row in rows:
        line = dumped({**instants, **nested(row, nests=nests, rename=rename)})
        if lines and (len(lines) == ROWS_AT_ONCE or filled + len(line) > LARGEST_BODY):
            yield Piece(b"\n".join(lines), NDJSON, len(lines))
            lines, filled = [], 0
        lines.append(line)
        filled += len(line) + 1
    if lines:
        yield Piece(b"\n".join(lines), NDJSON, len(lines))


def _parquet_pieces(table: Any) -> Iterator[Piece]:
    for start in range(0, table.num_rows, ROWS_AT_ONCE):
        yield from _small_enough(table.slice(start, ROWS_AT_ONCE))


def _small_enough(table: Any) -> Iterator[Piece]:
    piece = _parquet(table)
    if len(piece.body) <= LARGEST_BODY or table.num_rows == 1:
        yield piece
        return
    half = table.num_rows // 2
    yield from _small_enough(table.slice(0, half))
    yield from _small_enough(table.slice(half))


def _parquet(table: Any) -> Piece:
    """Plain columns, without what only Arrow would read; instants in microseconds."""
    from pyarrow import parquet  # noqa: PLC0415 - where it is installed

    sink = io.BytesIO()
    parquet.write_table(
        table, sink, store_schema=False, coerce_timestamps="us", allow_truncated_timestamps=True
    )
    return Piece(sink.getvalue(), PARQUET, table.num_rows)


def _table(frame: Any, rename: Mapping[str, str], instants: Mapping[str, datetime]) -> Any:
    """The frame as an Arrow table whose categories are texts."""
    import pyarrow as pa  # noqa: PLC0415 - where it is installed

    table = _as_arrow(frame)
    table = table.rename_columns([rename.get(name, name) for name in table.column_names])
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = table.column(index).cast(field.type.value_type)
            table = table.set_column(index, field.name, plain.cast(pa.string()))
    for name, at in instants.items():
        if name not in table.column_names:
            values = pa.array([at] * table.num_rows, pa.timestamp("us", tz="UTC"))
            table = table.append_column(name, values)
    return table


def _as_arrow(frame: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - where it is installed

    if isinstance(frame, pa.RecordBatch):
        return pa.Table.from_batches([frame])
    if isinstance(frame, pa.Table):
        return frame
    if _is_pandas(frame):
        return pa.Table.from_pandas(frame, preserve_index=False)
    if hasattr(frame, "to_arrow"):
        return frame.to_arrow()
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    raise TypeError(_unknown(frame))


def _dicts(frame: Any) -> list[dict[str, Any]]:
    found = columns(frame)
    names = [column.name for column in found]
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.values for c in found), strict=True)]


def _column(name: str, values: list[Any]) -> Column:
    return Column(str(name), [missing_as_none(value) for value in values])


def _of_pandas(series: Any) -> Column:
    levels = None
    if hasattr(series.dtype, "categories"):
        levels = tuple(str(level) for level in series.dtype.categories)
        values = [None if value is None else str(value) for value in map(missing_as_none, series.tolist())]
        return Column(str(series.name), values, levels)
    return _column(series.name, series.tolist())


def _of_array(array: Any, names: Sequence[str]) -> list[Column]:
    width = array.shape[1]
    names = [str(name) for name in names] if len(names) == width else [f"x{i}" for i in range(width)]
    return [_column(name, array[:, index].tolist()) for index, name in enumerate(names)]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(below) for name, below in value.items()}
    return missing_as_none(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not a value of a row")


def _is_rows(frame: Any) -> bool:
    return isinstance(frame, list | tuple) and all(isinstance(row, Mapping) for row in frame)


def _is_arrow(frame: Any) -> bool:
    return hasattr(frame, "to_pylist") and hasattr(frame, "schema")


def _is_pandas(frame: Any) -> bool:
    return hasattr(frame, "iloc") and hasattr(frame, "columns")


def _is_polars(frame: Any) -> bool:
    return hasattr(frame, "get_columns") and hasattr(frame, "gather_every")


def _unknown(frame: Any) -> str:
    return f"{type(frame).__name__} is no Arrow table, pandas or polars frame, array or list of dicts"
