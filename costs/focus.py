"""Reading FOCUS bills, versions 1.0 to 1.4, CSV or Parquet, piece by piece.

What providers really send is taken: the text NULL for what is missing, times without a zone (UTC, as the
specification says), columns the specification does not know, tags as a JSON object. Nothing is guessed: an
amount with a currency sign or a day such as 5/1/25 is refused, by row and column. Rows count from 0.

Specification: https://focus.finops.org/focus-specification/
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from costs.fields import DIGITS, PLACES
from portal.errors import Problem, Unprocessable

PIECE = 65_536
"""Rows held at a time."""
MAX_LISTED = 100

TEXTS: Mapping[str, tuple[str, ...]] = {
    "provider": ("ServiceProviderName", "ProviderName"),
    "host": ("HostProviderName", "PublisherName"),
    "issuer": ("InvoiceIssuerName",),
    "service": ("ServiceName",),
    "service_category": ("ServiceCategory",),
    "account": ("BillingAccountId",),
    "sub_account": ("SubAccountId",),
    "resource": ("ResourceId",),
    "resource_type": ("ResourceType",),
    "region": ("RegionId",),
    "category": ("ChargeCategory",),
    "invoice": ("InvoiceId",),
}
"""The columns of a line by what FOCUS calls them, the newest name first."""
TIMES = {
    "charge_start": ("ChargePeriodStart",),
    "charge_end": ("ChargePeriodEnd",),
    "period": ("BillingPeriodStart",),
}
AMOUNTS = {
    "billed": ("BilledCost",),
    "effective": ("EffectiveCost",),
    "list_cost": ("ListCost",),
    "contracted": ("ContractedCost",),
}
OTHERS = {"currency": ("BillingCurrency",), "tags": ("Tags",)}
NEEDED = frozenset({"provider", "service", "account", "category", "currency", *TIMES, *AMOUNTS})
SUMMED = ("billed", "effective")
"""Amounts every line has; providers leave the others empty."""
CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
ABSENT = ("", "NULL", "null")

AMOUNT = rf"^[+-]?(\d{{1,{DIGITS - PLACES}}}(\.\d{{0,{PLACES}}})?|\.\d{{1,{PLACES}}})([eE][+-]?\d)?$"
SMALL = rf"^[+-]?\d(\.\d{{1,17}})?[eE]-(0?\d|1\d|2[0-{PLACES % 10}])$"
"""What a program prints of a small binary number, e.g. 1.2e-05."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a bill as Arrow columns, each distinct set of tags once.

    ``lines`` has the columns of a line but its tags; ``tags`` maps the place of a line's set in ``sets``,
    null where it has none.
    """

    lines: pa.Table
    tags: pa.Array
    sets: Sequence[Mapping[str, str]]
    currency: str


def read_focus(path: Path) -> Iterator[Piece]:
    """The lines of a bill. Raises Unprocessable, with row and column, for what is no FOCUS bill."""
    done = 0
    currency = ""
    for batch in _batches(path):
        columns = _columns(batch)
        if not done:
            _require(batch.schema.names)
        problems = _Problems(done)
        piece = _piece(columns, batch.num_rows, problems, currency)
        problems.raise_any()
        currency = piece.currency
        done += batch.num_rows
        yield piece
    if not done:
        raise Unprocessable("The bill has no lines.")


def is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        if is_parquet(path):
            yield from pq.ParquetFile(path).iter_batches(batch_size=PIECE, use_threads=False)
        else:
            yield from _csv_batches(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise Unprocessable(f"The file is neither a CSV table nor Parquet: {str(error)[:200]}") from error


def _csv_batches(path: Path) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as file:
        head = file.readline(100_000).decode("utf-8-sig").rstrip("\r\n")
    names = next(csv.reader(io.StringIO(head)), [])
    if not names:
        raise Unprocessable("The file is empty.")
    _require(names)
    reader = arrow_csv.open_csv(
        path,
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=8_000_000),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    with reader:
        yield from reader


def _require(names: Sequence[str]) -> None:
    """Raises Unprocessable with every mandatory column that is missing, or stands there twice."""
    known = {**TEXTS, **TIMES, **AMOUNTS, **OTHERS}
    missing = [known[name] for name in known if name in NEEDED and not set(known[name]) & set(names)]
    twice = {name for name in names if names.count(name) > 1}
    problems = [Problem(f"/{each[0]}", "is missing") for each in missing]
    problems += [Problem(f"/{name}", "stands there twice") for name in sorted(twice)]
    if missing:
        listed = ", ".join(" or ".join(each) for each in missing)
        raise Unprocessable(f"This is no FOCUS bill: it lacks {listed}. Nothing was stored.", errors=problems)
    if problems:
        raise Unprocessable("A column stands there twice. Nothing was stored.", errors=problems)


def _columns(batch: pa.RecordBatch) -> dict[str, tuple[str, pa.Array]]:
    """Each of our columns that the bill has, with the name the bill gives it."""
    there = set(batch.schema.names)
    found = {}
    for ours, names in {**TEXTS, **TIMES, **AMOUNTS, **OTHERS}.items():
        name = next((each for each in names if each in there), None)
        if name is not None:
            found[ours] = (name, batch.column(name))
    return found


class _Problems:
    """What is wrong with a piece, by row of the file and column."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.found: list[Problem] = []
        self.first: tuple[int, str] | None = None

    def where(self, bad: pa.Array, column: str, detail: Callable[[int], str]) -> None:
        """Note the rows in which ``bad`` holds."""
        if not pc.any(bad).as_py():
            return
        for row in pc.indices_nonzero(bad).to_pylist()[: MAX_LISTED - len(self.found)]:
            at = self.offset + row
            said = detail(row)
            if self.first is None or at < self.first[0]:
                self.first = (at, f"{column} {said}")
            self.found.append(Problem(f"/{at}/{column}", said))

    def raise_any(self) -> None:
        if self.first is not None:
            row, said = self.first
            raise Unprocessable(f"Row {row}: {said}. Nothing was stored.", errors=self.found)


def _piece(
    columns: Mapping[str, tuple[str, pa.Array]], rows: int, problems: _Problems, currency: str
) -> Piece:
    lines: dict[str, pa.Array] = {}
    for ours in TEXTS:
        lines[ours] = _text(columns, ours, rows, problems)
    category, values = columns["category"][0], lines["category"]
    unknown = pc.invert(pc.is_in(values, value_set=pa.array(CATEGORIES)))
    problems.where(
        unknown, category, lambda row: f"is {values[row].as_py()!r}, not one of {', '.join(CATEGORIES)}"
    )
    for ours in TIMES:
        lines[ours] = _times(*columns[ours], problems)
    backwards = pc.fill_null(pc.less(lines["charge_end"], lines["charge_start"]), fill_value=False)
    problems.where(backwards, columns["charge_end"][0], lambda _: "is before the charge begins")
    lines["period"] = pc.floor_temporal(lines["period"], unit="month").cast(pa.date32(), safe=False)
    for ours in AMOUNTS:
        lines[ours] = _amounts(*columns[ours], problems, may_lack=ours not in SUMMED)
    currency = _currency(*columns["currency"], problems, currency)
    places, sets = _tags(columns.get("tags"), rows, problems)
    return Piece(pa.table(lines), places, sets, currency)


def _cleaned(values: pa.Array) -> pa.Array:
    """Texts with what means missing as null."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not pa.types.is_string(values.type):
        values = values.cast(pa.string())
    absent = pc.is_in(values, value_set=pa.array(ABSENT))
    return pc.if_else(absent, pa.scalar(None, pa.string()), values)


def _text(columns: Mapping[str, tuple[str, pa.Array]], ours: str, rows: int, problems: _Problems) -> pa.Array:
    if ours not in columns:
        return pa.array([""] * rows, pa.string())
    name, raw = columns[ours]
    values = _cleaned(raw)
    if ours in NEEDED:
        problems.where(pc.is_null(values), name, lambda _: "is missing")
    return pc.fill_null(values, "")


def _times(name: str, raw: pa.Array, problems: _Problems) -> pa.Array:
    """Instants in UTC; each distinct text is read once."""
    kind = pa.timestamp("us", tz="UTC")
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        problems.where(pc.is_null(raw), name, lambda _: "is missing")
        return raw.cast(pa.timestamp("us", tz=getattr(raw.type, "tz", None)), safe=False).cast(kind)
    coded = _cleaned(raw).dictionary_encode()
    read = pa.array([_instant(text) for text in coded.dictionary.to_pylist()], kind)
    values = read.take(coded.indices)
    bad = pc.is_null(values)
    problems.where(
        bad,
        name,
        lambda row: f"is {raw[row].as_py()!r}, not a time such as 2026-10-01T00:00:00Z",
    )
    return values


def _instant(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _amounts(name: str, raw: pa.Array, problems: _Problems, *, may_lack: bool) -> pa.Array:
    """Amounts as exact text: as the bill wrote them, or all digits of a decimal or a binary number."""
    values = _cleaned(raw)
    fits = pc.or_(pc.match_substring_regex(values, AMOUNT), pc.match_substring_regex(values, SMALL))
    bad = pc.invert(pc.fill_null(fits, fill_value=may_lack))
    problems.where(
        bad,
        name,
        lambda row: (
            "is missing"
            if values[row].as_py() is None
            else f"is {values[row].as_py()!r}, not an amount such as 12.50"
        ),
    )
    return values


def _currency(name: str, raw: pa.Array, problems: _Problems, before: str) -> str:
    values = _cleaned(raw)
    first: str = before or values[0].as_py() or ""
    code = len(first) == 3 and first.isascii() and first.isupper()
    if not code:
        problems.where(pc.is_null(values), name, lambda _: "is missing")
        wrong = pc.fill_null(pc.equal(values, first), fill_value=False)
        problems.where(wrong, name, lambda _: f"is {first!r}, not a code such as EUR")
        return first
    other = pc.fill_null(pc.not_equal(values, first), fill_value=True)
    problems.where(
        other,
        name,
        lambda row: f"is {values[row].as_py()}, but the bill began in {first}; send one file a currency",
    )
    return first


def _tags(
    column: tuple[str, pa.Array] | None, rows: int, problems: _Problems
) -> tuple[pa.Array, Sequence[Mapping[str, str]]]:
    """The place of each line's tags among the distinct sets."""
    if column is None:
        return pa.nulls(rows, pa.int32()), ()
    name, raw = column
    if pa.types.is_nested(raw.type):
        raw = pa.array([_as_json(value) for value in raw.to_pylist()], pa.string())
    coded = _cleaned(raw).dictionary_encode()
    texts = coded.dictionary.to_pylist()
    read = [_tag_set(text) for text in texts]
    wrong = pa.array([each is None for each in read], pa.bool_()).take(coded.indices)
    problems.where(
        pc.fill_null(wrong, fill_value=False),
        name,
        lambda row: f"is {str(raw[row].as_py())[:60]!r}, not a JSON object of texts",
    )
    sets: dict[str, int] = {}
    places: list[int | None] = []
    for each in read:
        key = orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode()
        places.append(sets.setdefault(key, len(sets)) if each else None)
    taken = pa.array(places, pa.int32()).take(coded.indices)
    return taken, [orjson.loads(key) for key in sets]


def _as_json(value: Any) -> str | None:
    """A Parquet map (pairs) or struct as JSON."""
    if value is None:
        return None
    pairs = value.items() if isinstance(value, dict) else value
    return orjson.dumps({k: v for k, v in pairs if v is not None}, option=orjson.OPT_SORT_KEYS).decode()


@cache
def _tag_set(text: str) -> Mapping[str, str] | None:
    """The tags of a JSON object; None where it is none. A tag without a value has the empty text."""
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(read, dict) or any(isinstance(value, (dict, list)) for value in read.values()):
        return None
    return {key: _tag_value(value) for key, value in read.items()}


def _tag_value(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
