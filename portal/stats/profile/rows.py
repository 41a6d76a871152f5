"""Where the kernel finds its columns: in a record batch, or one at a time in a Parquet file."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

PIECE = 1 << 17
"""Rows of a column decoded at once."""


class Rows(Protocol):
    """A batch of rows whose columns are asked for one by one, each at most a few times."""

    @property
    def num_rows(self) -> int: ...

    def column(self, name: str) -> pa.Array | None:
        """The column, as long as there are rows; None when there is no such column."""

    def pieces(self, name: str) -> Iterable[pa.Array]:
        """The column in its order, in as many pieces as suits; without any value when there is none."""


@dataclass(frozen=True, slots=True)
class BatchRows:
    """The rows of a record batch."""

    batch: pa.RecordBatch

    @property
    def num_rows(self) -> int:
        return int(self.batch.num_rows)

    def column(self, name: str) -> pa.Array | None:
        """Raises ValueError when the batch has two columns of the name."""
        found = self.batch.schema.get_all_field_indices(name)
        if len(found) > 1:
            raise ValueError(f"Column {name!r} stands in the batch twice.")
        return self.batch.column(found[0]) if found else None

    def pieces(self, name: str) -> Iterable[pa.Array]:
        return (named(self, name),)


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group of a Parquet file, decoded column by column: memory is a piece of one, not a batch."""

    file: Any  # pyarrow.parquet.ParquetFile
    group: int
    names: frozenset[str]

    @property
    def num_rows(self) -> int:
        return int(self.file.metadata.row_group(self.group).num_rows)

    def column(self, name: str) -> pa.Array | None:
        if name not in self.names:
            return None
        chunked = self.file.read_row_group(self.group, columns=[name], use_threads=False).column(0)
        return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()

    def pieces(self, name: str) -> Iterable[pa.Array]:
        if name not in self.names:
            yield named(self, name)
            return
        batches = self.file.iter_batches(PIECE, row_groups=[self.group], columns=[name], use_threads=False)
        for batch in batches:
            yield batch.column(0)


def parquet_rows(source: str | Path | pa.NativeFile, texts: Collection[str] = ()) -> tuple[RowGroup, ...]:
    """The row groups of a Parquet file, to be read any number of times while they are kept.

    `texts` names columns to decode as dictionaries, which is quicker for texts that repeat.
    """
    from pyarrow import parquet  # noqa: PLC0415 - a tenth of a second that a caller with batches is spared

    names = frozenset(parquet.read_schema(source).names)
    file = parquet.ParquetFile(source, read_dictionary=[*names & set(texts)], pre_buffer=False)
    return tuple(RowGroup(file, group, names) for group in range(file.num_row_groups))


def as_rows(batch: pa.RecordBatch | Rows) -> Rows:
    return BatchRows(batch) if isinstance(batch, pa.RecordBatch) else batch


def named(rows: Rows, name: str | None) -> pa.Array:
    """The column, or one without any value when there is none of the name."""
    column = rows.column(name) if name else None
    return pa.nulls(rows.num_rows) if column is None else column
