"""One 64-bit digest a row, whole columns at once: tells a re-sent prediction from a different one.

Not a signature: two different contents of one id collide once in 10^19. Equal content has the same digest
whatever format it came in, since it is taken of the checked columns.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lifecycle.data.validation import mask_of

Hashes = npt.NDArray[np.uint64]
STEP = np.uint64(0x9E3779B97F4A7C15)


def row_digests(table: pa.Table, *, without: tuple[str, ...] = ("prediction_id",)) -> npt.NDArray[np.int64]:
    """A digest of the content of every row, independent of the order of columns and of the other rows."""
    total = np.zeros(table.num_rows, dtype=np.uint64)
    for name in table.column_names:
        if name in without:
            continue
        column = table.column(name).combine_chunks()
        if column.null_count == len(column):
            continue
        told = _scramble(_values(column) ^ _of_text(name))
        if column.null_count:  # a missing value is the same content as an absent column: it adds nothing
            told[mask_of(pc.is_null(column))] = 0
        total += told
    return total.view(np.int64)


def _values(column: pa.Array) -> Hashes:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if pa.types.is_string(column.type):
        hashes = _texts(column)
    else:
        numbers = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0)
        plain = np.frombuffer(numbers.buffers()[1], np.float64)[
            numbers.offset : numbers.offset + len(numbers)
        ]
        hashes = (plain + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    return _scramble(hashes)


def _texts(column: pa.Array) -> Hashes:
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist() or [""]
    known = np.array([_of_text(text) for text in texts], dtype=np.uint64)
    indices = pc.fill_null(encoded.indices, 0)
    return known[np.frombuffer(indices.buffers()[1], np.int32)[: len(column)]]


def _of_text(text: str) -> np.uint64:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _scramble(values: Hashes) -> Hashes:
    """Mix every bit into every other (the finaliser of splitmix64)."""
    mixed: Any = values + STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: Hashes = mixed ^ (mixed >> np.uint64(31))
    return result
