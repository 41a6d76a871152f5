"""A bill summed by all that rules and pages ask for: a group for lines alike but in time and amount."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from costs.focus.amounts import LARGEST, Integers, Units, amounts_of, rescaled
from costs.focus.names import AMOUNTS, CATEGORIES, NEEDED, SUMMED, TEXTS, TIMES, chosen
from costs.focus.problems import Problems
from costs.focus.reading import PIECE, batches
from costs.focus.values import (
    EPOCH,
    Codes,
    Instants,
    Vocabulary,
    instant,
    instants,
    numbers,
    tag_set,
    tag_texts,
    text_at,
)
from portal.errors import Unprocessable

KEYS = (*TEXTS, "period", "tags")
"""What lines of a group have in common."""
DAY = 86_400_000_000
WIDEST = 2**62
"""Up to which several codes are one whole number."""

Rows = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]


@dataclass
class Sums:
    """One amount of every group: exact whole numbers at ``scale``, and the places its lines really have."""

    values: Integers
    scale: int
    places: int | Small
    present: int | Small
    total: int
    """Not less than the sum of all absolute values: while it fits, so does every sum."""

    def decimals(self) -> Iterator[Decimal | None]:
        """Each sum with the finest digit of its parts; None where no line has an amount."""
        count = len(self.values)
        places, present = _spread(self.places, count), _spread(self.present, count)
        for unit, after, there in zip(self.values.tolist(), places.tolist(), present.tolist(), strict=True):
            yield decimal_of(unit // 10 ** (self.scale - after), after) if there else None

    def whole(self) -> Decimal:
        """The sum over all groups, with the finest digit of any."""
        finest = int(np.max(self.places, initial=0))
        return decimal_of(sum(self.values.tolist()) // 10 ** (self.scale - finest), finest)


@dataclass
class Summed:
    """A bill in groups: of each the places of its values in ``vocabularies``, its lines and its amounts."""

    vocabularies: Mapping[str, Vocabulary]
    codes: Mapping[str, Codes]
    lines: Rows
    amounts: Mapping[str, Sums]
    currency: str
    rows: int
    covered_until: datetime

    def __len__(self) -> int:
        return len(self.lines)

    def values(self, key: str) -> list[Any]:
        """The value that each group has of a key."""
        known = self.vocabularies[key].values
        return [known[place] for place in self.codes[key].tolist()]

    @property
    def periods(self) -> Sequence[date]:
        """The billing months, in order."""
        return sorted(self.vocabularies["period"].values)


def sum_bill(path: Path, *, tell: Callable[[float, int], None] = lambda _share, _rows: None) -> Summed:
    """Read a bill once and sum it, exactly. Memory grows with its distinct groups, not with its lines.

    ``tell`` hears after each piece about which share of the file is read, and how many lines. Raises
    Unprocessable, with row and column, for what is no FOCUS bill.
    """
    adding = _Adding()
    for batch, share in batches(path):
        adding.add(batch)
        tell(share, adding.rows)
    summed = adding.done()
    tell(1.0, summed.rows)
    return summed


def decimal_of(units: int, places: int) -> Decimal:
    """Built from digits: arithmetic would round to the precision of the context."""
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), -places))


@dataclass
class _Part:
    """Groups of some lines, not yet merged with others."""

    codes: list[Codes]
    lines: Rows
    amounts: dict[str, Sums]


@dataclass
class _Adding:
    """A bill on its way: what its pieces have come to so far."""

    rows: int = 0
    currency: str = ""
    last_usage: int | None = None
    last: int | None = None
    parts: list[_Part] = field(default_factory=list)
    waiting: int = 0
    merged: int = 0
    words: dict[str, Vocabulary] = field(
        default_factory=lambda: {
            **{name: Vocabulary() for name in TEXTS},
            "tags": Vocabulary(tag_set),
            "period": Vocabulary(),
            "currency": Vocabulary(),
        }
    )
    clocks: dict[str, Vocabulary] = field(
        default_factory=lambda: {name: Vocabulary(instant) for name in TIMES}
    )

    def add(self, batch: pa.RecordBatch) -> None:
        """Judge a piece and add it. Raises Unprocessable with all that is wrong with it."""
        if not batch.num_rows:
            return
        columns = {ours: (name, batch.column(name)) for ours, name in chosen(batch.schema.names).items()}
        problems = Problems(self.rows)
        codes = self._texts(columns, batch.num_rows, problems)
        codes["period"] = self._times(columns, codes["category"], problems)
        codes["tags"] = self._tags(columns, batch.num_rows, problems)
        self._check_currency(*columns["currency"], problems)
        units = {ours: amounts_of(*columns[ours], problems, may_lack=ours not in SUMMED) for ours in AMOUNTS}
        problems.raise_any()
        self.rows += batch.num_rows
        part = _Part(
            [codes[key] for key in KEYS],
            np.ones(batch.num_rows, np.int64),
            {name: _sums(each) for name, each in units.items()},
        )
        self._keep(self._merge([part]))

    def _keep(self, part: _Part) -> None:
        """Hold a piece's groups; merge them when they are as many as those before."""
        self.parts.append(part)
        self.waiting += len(part.lines)
        if self.waiting > max(self.merged, 4 * PIECE):
            self.parts = [self._merge(self.parts)]
            self.merged, self.waiting = len(self.parts[0].lines), 0

    def done(self) -> Summed:
        if not self.rows or self.last is None:
            raise Unprocessable("The bill has no lines.")
        whole = self._merge(self.parts)
        until = self.last if self.last_usage is None else self.last_usage
        return Summed(
            self.words,
            dict(zip(KEYS, whole.codes, strict=True)),
            whole.lines,
            whole.amounts,
            self.currency,
            self.rows,
            EPOCH + timedelta(microseconds=until),
        )

    def _merge(self, parts: Sequence[_Part]) -> _Part:
        """The groups of several parts as groups of one, each key once."""
        codes = [np.concatenate([part.codes[place] for part in parts]) for place in range(len(KEYS))]
        sizes = [len(self.words[key].values) for key in KEYS]
        inverse, first = group(codes, sizes)
        lines = np.zeros(len(first), np.int64)
        np.add.at(lines, inverse, np.concatenate([part.lines for part in parts]))
        amounts = {
            name: _added([part.amounts[name] for part in parts], inverse, len(first)) for name in AMOUNTS
        }
        return _Part([column[first] for column in codes], lines, amounts)

    def _texts(
        self, columns: Mapping[str, tuple[str, pa.Array]], rows: int, problems: Problems
    ) -> dict[str, Codes]:
        found: dict[str, Codes] = {}
        for ours in TEXTS:
            name, raw = columns.get(ours, ("", pa.nulls(rows, pa.string())))
            codes, texts, places = self.words[ours].codes(raw)
            if ours in NEEDED:
                self._require(ours, name, codes, problems)
            if ours == "category":
                self._check_category(name, codes, texts, places, problems)
            found[ours] = codes
        return found

    def _require(self, ours: str, name: str, codes: Codes, problems: Problems) -> None:
        """A line says what it must."""
        values = self.words[ours].values
        if "" in values:
            problems.where(codes == values.index(""), name, lambda _: "is missing")

    def _check_category(
        self, name: str, codes: Codes, texts: pa.Array, places: Codes, problems: Problems
    ) -> None:
        known = np.array([value in CATEGORIES for value in self.words["category"].values], bool)
        if not known.all():
            listed = ", ".join(CATEGORIES)
            problems.where(
                ~known[codes],
                name,
                lambda row: f"is {text_at(texts, places, row)!r}, not one of {listed}",
            )

    def _times(
        self, columns: Mapping[str, tuple[str, pa.Array]], category: Codes, problems: Problems
    ) -> Codes:
        """The billing month of each line; on the way, until when the bill covers use."""
        start, end, period = (
            instants(*columns[ours], self.clocks[ours], problems)
            for ours in ("charge_start", "charge_end", "period")
        )
        problems.where(end < start, columns["charge_end"][0], lambda _: "is before the charge begins")
        usage = self.words["category"].values
        if "Usage" in usage:
            used = end[category == usage.index("Usage")]
            if len(used):
                newest = int(used.max())
                self.last_usage = newest if self.last_usage is None else max(newest, self.last_usage)
        newest = int(end.max())
        self.last = newest if self.last is None else max(newest, self.last)
        return self._months(period)

    def _months(self, period: Instants) -> Codes:
        """The place of each instant's month: a bill has few distinct ones."""
        words = self.words["period"]
        if period.min() == period.max():
            return np.full(len(period), _month_code(words, int(period[0])), np.int32)
        coded = _arrow(np.ascontiguousarray(period)).dictionary_encode()
        months = [_month_code(words, each) for each in coded.dictionary.to_pylist()]
        found: Codes = np.array(months, np.int32)[numbers(coded.indices, np.int32)]
        return found

    def _tags(self, columns: Mapping[str, tuple[str, pa.Array]], rows: int, problems: Problems) -> Codes:
        name, raw = columns.get("tags", ("", pa.nulls(rows, pa.string())))
        codes, texts, places = self.words["tags"].codes(tag_texts(raw))
        problems.where(
            codes < 0,
            name,
            lambda row: f"is {str(text_at(texts, places, row))[:60]!r}, not a JSON object of texts",
        )
        return codes

    def _check_currency(self, name: str, raw: pa.Array, problems: Problems) -> None:
        """One currency a bill, by its code."""
        codes, _, _ = self.words["currency"].codes(raw)
        values: list[str] = self.words["currency"].values
        first = self.currency or values[codes[0]]
        if len(first) != 3 or not (first.isascii() and first.isupper()):
            said = f"is {first!r}, not a code such as EUR" if first else "is missing"
            problems.where(codes == values.index(first), name, lambda _: said)
            return
        problems.where(
            codes != values.index(first),
            name,
            lambda row: (
                f"is {values[codes[row]] or 'None'}, but the bill began in {first}; send one file a currency"
            ),
        )
        self.currency = first


def _month_code(words: Vocabulary, moment: int) -> int:
    """The place of the month that holds an instant."""
    held = EPOCH + timedelta(microseconds=moment)
    return words.place_of(date(held.year, held.month, 1))


def group(columns: Sequence[Codes], sizes: Sequence[int]) -> tuple[Rows, Rows]:
    """Rows by the values of all columns: the group of each row, and the first row of each group.

    Codes are combined into one whole number a row; where it would not fit, groups so far take its place.
    """
    key, width = np.zeros(len(columns[0]), np.int64), 1
    for column, size in zip(columns, sizes, strict=True):
        if size <= 1:
            continue
        if width * size > WIDEST:
            key = _dense(key)
            width = int(key.max(initial=0)) + 1
        key = key * size
        key += column
        width *= size
    inverse = _dense(key)
    first = np.zeros(int(inverse.max(initial=-1)) + 1, np.int64)
    first[inverse[::-1]] = np.arange(len(inverse) - 1, -1, -1)
    return inverse, first


def _dense(key: Rows) -> Rows:
    """Whole numbers as 0, 1, 2, … in the order in which they first appear."""
    return numbers(_arrow(key).dictionary_encode().indices, np.int32).astype(np.int64)


def _arrow(whole: Rows) -> pa.Array:
    """Whole numbers for Arrow, without the import of pandas that ``pa.array`` brings along."""
    return pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)])


def _sums(units: Units) -> Sums:
    """The amounts of lines as groups of one line each."""
    present = 1 if units.present is True else units.present.astype(np.uint8)
    return Sums(units.values, units.scale, units.places, present, units.total)


def _added(parts: Sequence[Sums], inverse: Rows, count: int) -> Sums:
    """The sums of parts by group. Whole numbers: exact, in 64 bits while the bill's total fits them."""
    scale = max(part.scale for part in parts)
    total = sum(part.total * 10 ** (scale - part.scale) for part in parts)
    held = np.concatenate([rescaled(part.values, scale - part.scale, total) for part in parts])
    values: Integers = np.zeros(count, np.int64 if total <= LARGEST else object)
    np.add.at(values, inverse, held if values.dtype == held.dtype else held.astype(values.dtype))
    sizes = [len(part.values) for part in parts]
    places = _most([part.places for part in parts], sizes, inverse, count)
    present = _most([part.present for part in parts], sizes, inverse, count)
    return Sums(values, scale, places, present, total)


def _most(parts: Sequence[int | Small], sizes: Sequence[int], inverse: Rows, count: int) -> int | Small:
    """The largest number of each group; one number where all rows have the same."""
    if all(isinstance(part, int) for part in parts) and len(set(map(int, parts))) == 1:
        return int(parts[0])
    found = np.zeros(count, np.uint8)
    rows = [_spread(part, size) for part, size in zip(parts, sizes, strict=True)]
    np.maximum.at(found, inverse, np.concatenate(rows))
    return found


def _spread(number: int | Small, count: int) -> Small:
    return number if isinstance(number, np.ndarray) else np.full(count, number, np.uint8)
