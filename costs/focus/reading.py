"""A bill as Arrow record batches: texts coded by dictionary as they are decoded, other columns left out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from costs.focus.names import AMOUNTS, chosen, require
from portal.errors import Unprocessable

PIECE = 65_536
"""Rows of Parquet held at a time."""
BLOCK = 2_000_000
"""Bytes of CSV held at a time."""
CODED = pa.dictionary(pa.int32(), pa.string())


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def lines_at_once(path: Path) -> int:
    """How many lines a Parquet file says it has; 0 where only reading it would tell."""
    if not is_parquet(path):
        return 0
    try:
        lines: int = pq.ParquetFile(path).metadata.num_rows
    except (pa.ArrowInvalid, OSError):
        return 0  # whoever reads it says what is wrong with it
    return lines


def batches(path: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    """The rows of a bill, and which share of the file is read. Raises Unprocessable for what is no table."""
    try:
        yield from _parquet(path) if is_parquet(path) else _csv(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise Unprocessable(f"The file is neither a CSV table nor Parquet: {str(error)[:200]}") from error


def _parquet(path: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    names = pq.read_schema(path)
    require(names.names)
    columns = chosen(names.names)
    texts = [
        name
        for ours, name in columns.items()
        if ours not in AMOUNTS and (pa.types.is_string(names.field(name).type))
    ]
    file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
    done = 0
    for batch in file.iter_batches(PIECE, columns=list(columns.values()), use_threads=False):
        done += batch.num_rows
        yield batch, done / file.metadata.num_rows


def _csv(path: Path) -> Iterator[tuple[pa.RecordBatch, float]]:
    with path.open("rb") as file:
        head = file.readline(100_000).decode("utf-8-sig").rstrip("\r\n")
    names = next(csv.reader(io.StringIO(head)), [])
    if not names:
        raise Unprocessable("The file is empty.")
    require(names)
    columns = chosen(names)
    types = {name: pa.string() if ours in AMOUNTS else CODED for ours, name in columns.items()}
    reader = arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=list(columns.values()),
            strings_can_be_null=False,
            null_values=[],
        ),
    )
    whole, done, first = path.stat().st_size / BLOCK, 0, 0
    with reader:
        for batch in reader:
            done += batch.num_rows
            first = first or batch.num_rows
            yield batch, min(done / max(first * whole, 1), 0.99)  # the first block's lines tell how many come
