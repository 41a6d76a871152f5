"""Columns that repeat: each distinct value is looked at once, and a line carries its place among them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from costs.focus.problems import Mask, Problems

ABSENT = ("", "NULL", "null")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Codes = npt.NDArray[np.int32]
Instants = npt.NDArray[np.int64]
"""Microseconds since 1970, in UTC."""


class Vocabulary:
    """The distinct values of a column of the whole bill, in the order in which they come.

    ``read`` makes a value of a text, which is None where the bill says nothing; None for what is wrong.
    """

    def __init__(self, read: Callable[[str | None], Hashable | None] = lambda text: text or "") -> None:
        self.values: list[Any] = []
        self._read = read
        self._places: dict[Hashable, int] = {}
        self._known: dict[str | None, int] = {}
        self._last: tuple[pa.Array, Codes] | None = None

    def codes(self, raw: pa.Array) -> tuple[Codes, pa.Array, Codes]:
        """The place of each row's value, -1 where it is wrong; the texts, and each row's place in them."""
        coded = raw if pa.types.is_dictionary(raw.type) else _texts(raw).dictionary_encode()
        texts, inner = coded.dictionary, coded.indices
        mapping, rows = self._mapping(texts), numbers(inner.cast(pa.int32()), np.int32)
        present = present_in(inner)
        if present is not True:
            rows = np.where(present, rows, np.int32(len(texts)))
            mapping = np.append(mapping, np.int32(self._place(None)))
        if len(mapping) == 1:
            return np.full(len(rows), mapping[0], np.int32), texts, rows
        return mapping[rows], texts, rows

    def _mapping(self, texts: pa.Array) -> Codes:
        """The place of each distinct text's value."""
        if self._last is not None and self._last[0].equals(texts):
            return self._last[1]
        known, place = self._known, self._place
        found = [known[text] if text in known else place(text) for text in texts.to_pylist()]
        mapping = np.array(found, np.int32)
        self._last = (texts, mapping)
        return mapping

    def _place(self, text: str | None) -> int:
        if text not in self._known:
            value = self._read(None if text in ABSENT else text)
            self._known[text] = -1 if value is None else self.place_of(value)
        return self._known[text]

    def place_of(self, value: Hashable) -> int:
        """The place of a value, which is new where it was never seen."""
        place = self._places.setdefault(value, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


def text_at(texts: pa.Array, rows: Codes, row: int) -> str | None:
    """What the bill says in a row."""
    place = int(rows[row])
    said: str | None = texts[place].as_py() if place < len(texts) else None
    return None if said in ABSENT else said


def instants(name: str, raw: pa.Array, known: Vocabulary, problems: Problems) -> Instants:
    """Instants of a column of times or of texts; without a zone they are UTC, as the specification says."""
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        present = present_in(raw)
        if present is not True:
            problems.where(~present, name, lambda _: "is missing")
        zone = getattr(raw.type, "tz", None)
        return numbers(raw.cast(pa.timestamp("us", tz=zone), safe=False), np.int64)
    codes, texts, rows = known.codes(raw)
    wrong = codes < 0
    if wrong.any():
        problems.where(wrong, name, lambda row: _no_time(text_at(texts, rows, row)))
    values = np.array([*known.values, 0], np.int64)
    return values[codes]


def _no_time(said: str | None) -> str:
    return "is missing" if said is None else f"is {said!r}, not a time such as 2026-10-01T00:00:00Z"


def instant(text: str | None) -> int | None:
    """Microseconds since 1970 of a time written as ISO 8601."""
    try:
        read = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    try:
        moment = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except OverflowError:
        return None
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def tag_set(text: str | None) -> str | None:
    """The tags of a JSON object in one way of writing them, empty for none; None where it is no such object.

    A tag without a value has the empty text.
    """
    if text is None:
        return ""
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(read, dict) or any(isinstance(value, (dict, list)) for value in read.values()):
        return None
    tags = {key: _tag_value(value) for key, value in read.items()}
    return orjson.dumps(tags, option=orjson.OPT_SORT_KEYS).decode() if tags else ""


def _tag_value(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def tag_texts(raw: pa.Array) -> pa.Array:
    """Tags as JSON texts, also where Parquet has a map or a struct of them."""
    if not pa.types.is_nested(raw.type):
        return raw
    return pa.array([_as_json(value) for value in raw.to_pylist()], pa.string())


def _as_json(value: Any) -> str | None:
    if value is None:
        return None
    pairs = value.items() if isinstance(value, dict) else value
    return orjson.dumps({k: v for k, v in pairs if v is not None}, option=orjson.OPT_SORT_KEYS).decode()


def cleaned(raw: pa.Array) -> pa.Array:
    """Texts with what means missing as null."""
    texts = _texts(raw)
    absent = pc.is_in(texts, value_set=_absent())
    if not pc.any(absent).as_py():
        return texts
    return pc.if_else(absent, pa.nulls(len(texts), pa.string()), texts)


@cache
def _absent() -> pa.Array:
    """What means missing, for Arrow; from bytes, since ``pa.array`` brings the import of pandas along."""
    ends = np.cumsum([0, *map(len, ABSENT)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer("".join(ABSENT).encode())]
    return pa.Array.from_buffers(pa.string(), len(ABSENT), buffers)


def _texts(raw: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    return raw if pa.types.is_string(raw.type) else raw.cast(pa.string())


def numbers(array: pa.Array, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """The numbers of an array without a copy, and without importing pandas as ``to_numpy`` does."""
    width = np.dtype(dtype).itemsize
    if not len(array):
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * width)


def present_in(array: pa.Array) -> Literal[True] | Mask:
    """Where an array has a value; True for everywhere."""
    if not array.null_count:
        return True
    return numbers(pc.cast(pc.is_valid(array), pa.uint8()), np.uint8).astype(bool)
