"""From bytes to named columns: JSON and NDJSON here, CSV and Parquet in a child with limits.

Nothing is guessed: CSV cells stay texts until a declared type reads them, an empty cell is missing and "NA"
is a text. A file that would decode to more than it pretends to dies with the child, not with the portal.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

import orjson
import pyarrow as pa

from lifecycle.data.validation import shown
from portal.errors import Invalid, Problem, TooLarge, Unprocessable

MAX_ROWS_AT_ONCE = 100_000
MAX_ROWS = 2_000_000
MAX_COLUMNS = 1_020
DECODE_SECONDS = 60
DECODE_BYTES = 3 * 1024**3

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
NAMES = {
    JSON: JSON,
    NDJSON: NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    CSV: CSV,
    PARQUET: PARQUET,
    "application/x-parquet": PARQUET,
}
ARROW = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
"""How a JSON value stands in a column of its kind."""
SUFFIXES = {
    ".json": JSON,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".csv": CSV,
    ".parquet": PARQUET,
    ".pq": PARQUET,
}

Column = Any
"""An Arrow array, or a sequence of JSON values of several kinds."""
Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Body:
    """What came, as columns: those of the row itself, and its nested features and segment keys apart."""

    rows: int
    columns: Columns
    features: Columns
    segment: Columns


def content_type_of(given: str) -> str:
    """The format a content type names. Raises Invalid for another one, with those that are read."""
    name = given.partition(";")[0].strip().lower()
    if name not in NAMES:
        raise Invalid(
            f"The content type {name or 'none'!r} is not read here.",
            errors=[Problem("Content-Type", f"One of {', '.join(NAMES)}.")],
        )
    return NAMES[name]


def read_body(raw: bytes, content_type: str, known: Sequence[str]) -> Body:
    """Decode a request body. ``known`` are the names a row itself has; other CSV columns are features.

    Raises Invalid where it is not what it says it is, TooLarge over a cap.
    """
    if content_type in {CSV, PARQUET}:
        with tempfile.NamedTemporaryFile(suffix=".body") as file:
            file.write(raw)
            file.flush()
            return read_file(Path(file.name), content_type, known)
    with _uncollected():
        return body_of_rows(_ndjson(raw) if content_type == NDJSON else _json(raw), known)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put off the search for reference cycles while JSON is read.

    JSON has none, yet its many objects would set off a search through everything the process holds, which
    takes longer than reading them.
    """
    found = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if found:
            gc.enable()


def read_file(path: Path, content_type: str, known: Sequence[str]) -> Body:
    """Decode a file; CSV and Parquet by a child that may use so much memory and time, and no more."""
    if content_type in {JSON, NDJSON}:
        return read_body(path.read_bytes(), content_type, known)
    with tempfile.NamedTemporaryFile(suffix=".arrow") as decoded:
        _decode_in_child(path, content_type, Path(decoded.name))
        with pa.memory_map(decoded.name) as source:
            table = pa.ipc.open_file(source).read_all()
    return body_of_table(table, known)


def _decode_in_child(path: Path, content_type: str, target: Path) -> None:
    command = [
        sys.executable,
        "-I",
        str(Path(__file__).with_name("decode.py")),
        "csv" if content_type == CSV else "parquet",
        str(path),
        str(target),
        *map(str, (MAX_ROWS, MAX_COLUMNS, DECODE_BYTES, DECODE_SECONDS)),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and file, arguments made here
            command, capture_output=True, text=True, timeout=DECODE_SECONDS + 5, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TooLarge("The file takes too long to decode.") from error
    if done.returncode == 0:
        return
    if done.returncode == REFUSED:
        raise Unprocessable(done.stderr.strip().splitlines()[-1])
    raise TooLarge("The file needs more memory or time to decode than is allowed.")


REFUSED = 65
"""The child's exit code for a file that is not what it says it is."""


def _json(raw: bytes) -> list[Any]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        raise Invalid("The body is a row or a list of rows.")
    return found


def _ndjson(raw: bytes) -> list[Any]:
    rows = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            raise Invalid(f"Line {number} is not JSON: {error.msg}.") from error
    return rows


def body_of_rows(rows: list[Any], known: Sequence[str]) -> Body:
    """The rows of a JSON body as columns. Raises Invalid with the place of what is no row."""
    _all_objects(rows, "")
    given = _columns(rows)
    fields = (*known, "features", "segment")
    if unknown := next((name for name in given if name not in fields), None):
        where = next(i for i, row in enumerate(rows) if unknown in row)
        told = f"is no field of a row; its fields are {', '.join(fields)}"
        raise Invalid(errors=[Problem(f"/{where}/{unknown[:80]}", told)])
    columns = {name: _column(given[name]) for name in known if name in given}
    return Body(len(rows), columns, _nested(given, "features"), _nested(given, "segment"))


def _all_objects(values: Sequence[Any], field: str) -> None:
    """Raise Invalid with the place of the first value that is no object."""
    if set(map(type, values)) <= {dict}:
        return
    place, value = next((i, v) for i, v in enumerate(values) if type(v) is not dict)
    what = field or "a row"
    raise Invalid(
        errors=[Problem(f"/{place}/{field}".rstrip("/"), f"{shown(value)} is no object, as {what} is")]
    )


def _nested(given: Mapping[str, Sequence[Any]], field: str) -> dict[str, Column]:
    """The objects of one field, as columns. An absent one is an empty one."""
    if field not in given:
        return {}
    parts = [{} if part is None else part for part in given[field]]
    _all_objects(parts, field)
    return {name: _column(values) for name, values in _columns(parts, field).items()}


def _columns(rows: Sequence[dict[str, Any]], what: str = "fields") -> dict[str, Sequence[Any]]:
    """Objects as columns, in the order their names first appear; where a name is absent stands None."""
    shapes = dict.fromkeys(map(tuple, rows))
    names = dict.fromkeys(name for shape in shapes for name in shape)
    if len(names) > MAX_COLUMNS:
        raise TooLarge(f"A row has at most {MAX_COLUMNS} {what}; these have {len(names)}.")
    if len(shapes) == 1:  # as good as always, and three times quicker
        return dict(zip(names, zip(*map(dict.values, rows), strict=True), strict=True))
    return {name: [row.get(name) for row in rows] for name in names}


def _column(values: Sequence[Any]) -> Column:
    """A column of one kind as Arrow; one of several kinds as it is, to be looked at value by value."""
    kinds = set(map(type, values)) - {NoneType}
    if len(kinds) > 1:
        return values
    try:
        return pa.array(values, ARROW.get(kinds.pop()) if kinds else pa.null())
    except (pa.ArrowException, OverflowError):
        return values


def body_of_table(table: pa.Table, known: Sequence[str]) -> Body:
    columns: dict[str, pa.Array] = {}
    features: dict[str, pa.Array] = {}
    segment: dict[str, pa.Array] = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if name in known:
            columns[name] = column
        elif name.startswith("segment."):
            segment[name.removeprefix("segment.")] = column
        elif name in {"features", "segment"} and pa.types.is_struct(column.type):
            target = features if name == "features" else segment
            target.update(zip(column.type.names, column.flatten(), strict=True))
        else:
            features[name.removeprefix("features.")] = column
    return Body(table.num_rows, columns, features, segment)
