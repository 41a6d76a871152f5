"""From bytes to named columns: JSON and NDJSON here, CSV and Parquet in a child with limits.

Nothing is guessed: CSV cells stay texts until a declared type reads them, an empty cell is missing and "NA"
is a text. A file that would decode to more than it pretends to dies with the child, not with the portal.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

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
SUFFIXES = {
    ".json": JSON,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".csv": CSV,
    ".parquet": PARQUET,
    ".pq": PARQUET,
}

Column = Any
"""An Arrow array, or a list of JSON values."""
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
    rows = _ndjson(raw) if content_type == NDJSON else _json(raw)
    return body_of_rows(rows, known)


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
    wrong = next((i for i, row in enumerate(rows) if type(row) is not dict), None)
    if wrong is not None:
        raise Invalid(errors=[Problem(f"/{wrong}", "A row is an object.")])
    allowed = {*known, "features", "segment"}
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    if unknown := [name for name in names if name not in allowed]:
        where = next(i for i, row in enumerate(rows) if unknown[0] in row)
        raise Invalid(errors=[Problem(f"/{where}/{unknown[0][:80]}", "is not a field of a row")])
    columns = {name: [row.get(name) for row in rows] for name in known if name in names}
    return Body(len(rows), columns, _nested(rows, "features"), _nested(rows, "segment"))


def _nested(rows: list[Any], field: str) -> dict[str, list[Any]]:
    """The objects of one field, as columns."""
    parts = [row.get(field) or {} for row in rows]
    wrong = next((i for i, part in enumerate(parts) if type(part) is not dict), None)
    if wrong is not None:
        raise Invalid(errors=[Problem(f"/{wrong}/{field}", "is an object")])
    names: dict[str, None] = {}
    for part in parts:
        if len(part) != len(names) or any(name not in names for name in part):
            names.update(dict.fromkeys(part))
    if len(names) > MAX_COLUMNS:
        raise TooLarge(f"A row has at most {MAX_COLUMNS} {field}.")
    return {name: [part.get(name) for part in parts] for name in names}


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
