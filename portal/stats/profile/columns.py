"""Arrow columns as NumPy arrays, by their buffers.

`pyarrow.Array.to_numpy` imports pandas, which costs more than a drift job; reading the buffers does not.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from portal.stats.bins import Floats

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.integer[Any]]

_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # Arrow's names and NumPy's


def numbers(column: pa.Array, name: str) -> Floats:
    """The column as float64 with NaN where a value is missing; a view where nothing has to change.

    Raises ValueError when the column holds something else than numbers.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    elif not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise ValueError(f"Column {name!r} holds {column.type}, not numbers.")
    values = _buffer(column).astype(np.float64, copy=bool(column.null_count))
    if column.null_count:
        values[~present(column)] = np.nan
    return values


def present(column: pa.Array) -> Bools:
    """True where the column has a value."""
    bitmap = column.buffers()[0]
    if bitmap is None or not column.null_count:
        return np.full(len(column), not pa.types.is_null(column.type))
    first, last = column.offset // 8, (column.offset + len(column) + 7) // 8
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8)[first:last], bitorder="little")
    start = column.offset % 8
    return bits[start : start + len(column)].view(np.bool_)


def text_codes(column: pa.Array, name: str = "") -> tuple[Codes, list[str | None]]:
    """For every row the index of its text, and the texts; one beyond the texts stands for a missing one.

    A text may stand there twice, or be None. Raises ValueError when the column holds lists or records.
    """
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=np.int64), []
    if pa.types.is_nested(column.type):
        raise ValueError(f"Column {name!r} holds {column.type}, not texts.")
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    texts, indices = [label_text(value) for value in encoded.dictionary.to_pylist()], encoded.indices
    found = _buffer(indices)
    if indices.null_count:
        found = np.where(present(indices), found, np.int64(len(texts)))
    return found, texts


def label_text(value: Any) -> str | None:
    """How a label, level or group is written in a profile; None for a missing one.

    >>> label_text(True), label_text(1.0), label_text(7), label_text("yes"), label_text(float("nan"))
    ('true', '1', '7', 'yes', None)
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN is the one value unequal to itself
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _buffer(column: pa.Array) -> npt.NDArray[Any]:
    """A view on the values of a fixed-width column; what stands under a missing one is undefined."""
    name = str(column.type)
    dtype = np.dtype(_FLOATS.get(name, name))
    if not len(column):
        return np.empty(0, dtype)
    return np.frombuffer(column.buffers()[1], dtype, len(column), column.offset * dtype.itemsize)
