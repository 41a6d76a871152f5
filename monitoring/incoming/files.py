"""Files of any size, read in pieces: what the import commands use. No cap, and never all in memory."""

from __future__ import annotations

import csv as lines
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from pyarrow import csv, parquet

from monitoring.incoming.bodies import JSON, NDJSON, PARQUET, SUFFIXES, Body, body_of_rows, body_of_table
from portal.errors import Invalid, Unprocessable

ROWS_AT_ONCE = 50_000


def format_of(path: Path) -> str:
    """The format by the file's ending. Raises Invalid with those that are read."""
    if path.suffix.lower() not in SUFFIXES:
        raise Invalid(f"{path.name} ends in none of {', '.join(SUFFIXES)}.")
    return SUFFIXES[path.suffix.lower()]


def rows_in(path: Path) -> int | None:
    """How many rows the file has, where that is known without reading it.

    Raises Unprocessable where the file is not what its ending says.
    """
    if format_of(path) != PARQUET:
        return None
    try:
        return int(parquet.read_metadata(path).num_rows)
    except pa.ArrowInvalid as error:
        raise _unreadable(path, error) from error


def pieces(path: Path, known: Sequence[str], names: Mapping[str, str]) -> Iterator[Body]:
    """The file in deliveries of 50 000 rows; ``names`` maps its columns to ours.

    Raises Unprocessable where the file is not what its ending says.
    """
    kind = format_of(path)
    try:
        if kind in {JSON, NDJSON}:
            for rows in _objects(path, kind):
                yield body_of_rows([_renamed(row, names, known) for row in rows], known)
            return
        for table in _parquet(path) if kind == PARQUET else _csv(path):
            renamed = table.rename_columns([names.get(name, name) for name in table.column_names])
            yield body_of_table(renamed, known)
    except (pa.ArrowInvalid, UnicodeDecodeError, orjson.JSONDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Unprocessable:
    return Unprocessable(f"{path.name}: {str(error).splitlines()[0]}")


def _parquet(path: Path) -> Iterator[pa.Table]:
    file = parquet.ParquetFile(path)
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
        yield pa.Table.from_batches([batch])


def _csv(path: Path) -> Iterator[pa.Table]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(lines.reader(file), [])
    if double := next((name for name in header if header.count(name) > 1), None):
        raise Unprocessable(f"The column {double!r} stands in {path.name} twice.")
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    with csv.open_csv(path, parse_options=parse, convert_options=options) as reader:
        held: list[pa.RecordBatch] = []
        for batch in reader:
            held.append(batch)
            if sum(b.num_rows for b in held) >= ROWS_AT_ONCE:
                yield pa.Table.from_batches(held)
                held = []
        if held:
            yield pa.Table.from_batches(held)


def _objects(path: Path, kind: str) -> Iterator[list[Any]]:
    if kind == JSON:
        found = orjson.loads(path.read_bytes())
        yield found if isinstance(found, list) else [found]
        return
    with path.open("rb") as file:
        while chunk := list(islice(file, ROWS_AT_ONCE)):
            yield [orjson.loads(line) for line in chunk if line.strip()]


def _renamed(row: Any, names: Mapping[str, str], known: Sequence[str]) -> Any:
    """A flat object as a row: what is no field of a row is a feature."""
    if not isinstance(row, dict):
        return row
    renamed = {names.get(name, name): value for name, value in row.items()}
    fields = {name: value for name, value in renamed.items() if name in {*known, "features", "segment"}}
    other = {name: value for name, value in renamed.items() if name not in fields}
    if other:
        fields["features"] = {**(fields.get("features") or {}), **other}
    return fields
