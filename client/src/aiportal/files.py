"""Files of rows as pieces of a body: read piece by piece, never whole where the format allows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from aiportal.errors import PortalError
from aiportal.frames import LARGEST_BODY, NDJSON, ROWS_AT_ONCE, Piece, dumped, pieces

CSV = "text/csv"
Told = Callable[[float], object]
"""Hears the share of the file that has been read, 0 to 1."""


def pieces_of_file(path: Path, *, nests: bool, rename: Mapping[str, str], told: Told) -> Iterator[Piece]:
    """The rows of a CSV, NDJSON, JSON or Parquet file. Raises PortalError for another one."""
    match path.suffix.lower():
        case ".csv":
            yield from _of_csv(path, rename, told)
        case ".ndjson" | ".jsonl":
            yield from _of_lines(path, rename, told)
        case ".json":
            yield from _of_json(path, rename, told)
        case ".parquet" | ".pq":
            yield from _of_parquet(path, nests, rename, told)
        case other:
            raise PortalError(
                f"{other or 'A file without suffix'} is not read; .csv .ndjson .json .parquet are."
            )


def table_of_file(path: Path) -> Any:
    """A CSV or Parquet file as an Arrow table, types inferred."""
    _need_pyarrow(path)
    if path.suffix.lower() == ".csv":
        from pyarrow import csv as arrow_csv  # noqa: PLC0415 - only where it is installed

        return arrow_csv.read_csv(path)
    from pyarrow import parquet  # noqa: PLC0415 - only where it is installed

    return parquet.read_table(path)


def _of_csv(path: Path, rename: Mapping[str, str], told: Told) -> Iterator[Piece]:
    """The records of the file as they stand in it, each piece below the header."""
    whole = path.stat().st_size or 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = _records(file)
        head = _header(next(records, ""), rename)
        read = len(head)
        for group in _groups(records):
            body = (head + "".join(group)).encode()
            read += len(body) - len(head)
            yield Piece(body, CSV, len(group))
            told(min(1.0, read / whole))


def _records(file: IO[str]) -> Iterator[str]:
    """Lines, put together where a line break stands within quotes."""
    record = ""
    for line in file:
        record += line
        if record.count('"') % 2 == 0:
            if record.strip():
                yield record if record.endswith("\n") else f"{record}\n"
            record = ""
    if record.strip():
        yield record


def _header(line: str, rename: Mapping[str, str]) -> str:
    if not rename:
        return line
    names = next(csv.reader([line]), [])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([rename.get(name, name) for name in names])
    return out.getvalue()


def _of_lines(path: Path, rename: Mapping[str, str], told: Told) -> Iterator[Piece]:
    whole = path.stat().st_size or 1
    read = 0
    with path.open(encoding="utf-8-sig") as file:
        lines = (line for line in file if line.strip())
        for group in _groups(lines):
            read += sum(len(line.encode()) for line in group)
            yield _renamed(group, rename)
            told(min(1.0, read / whole))


def _of_json(path: Path, rename: Mapping[str, str], told: Told) -> Iterator[Piece]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise PortalError(f"{path} is not JSON: {error}.") from error
    rows = found if isinstance(found, list) else [found]
    for group in _groups(json.dumps(row, ensure_ascii=False) + "\n" for row in rows):
        yield _renamed(group, rename)
    told(1.0)


def _of_parquet(path: Path, nests: bool, rename: Mapping[str, str], told: Told) -> Iterator[Piece]:  # noqa: FBT001 - as its callers say it
    _need_pyarrow(path)
    import pyarrow as pa  # noqa: PLC0415 - only where it is installed
    from pyarrow import parquet  # noqa: PLC0415 - likewise

    try:
        file = parquet.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise PortalError(f"{path} is not a Parquet file: {error}") from error
    read = 0
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
        yield from pieces(batch, nests=nests, rename=rename)
        read += batch.num_rows
        told(read / file.metadata.num_rows)


def _groups(records: Iterable[str]) -> Iterator[list[str]]:
    """As many records as one request takes."""
    group: list[str] = []
    filled = 0
    for record in records:
        length = len(record.encode())
        if group and (len(group) == ROWS_AT_ONCE or filled + length > LARGEST_BODY):
            yield group
            group, filled = [], 0
        group.append(record)
        filled += length
    if group:
        yield group


def _renamed(lines: list[str], rename: Mapping[str, str]) -> Piece:
    """Lines of JSON with the members of their rows renamed; as they are where nothing is to be renamed."""
    if not rename:
        return Piece("".join(lines).encode(), NDJSON, len(lines))
    rows = [_row(line) for line in lines]
    changed = [dumped({rename.get(name, name): value for name, value in row.items()}) for row in rows]
    return Piece(b"\n".join(changed), NDJSON, len(lines))


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise PortalError(f"{line[:80]!r} is not JSON: {error}.") from error
    if not isinstance(row, dict):
        raise PortalError(f"{line[:80]!r} is not a row.")
    return row


def _need_pyarrow(path: Path) -> None:
    if find_spec("pyarrow") is None:
        raise PortalError(f"To read {path}, install pyarrow: pip install 'aiportal[parquet]'.")
