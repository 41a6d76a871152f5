"""A list as a file: CSV, XLSX, Parquet, JSON. What a spreadsheet would run as a formula is made text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

Rows = Iterable[Sequence[Any]]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS = 50_000
"""Above this a list is exported by a job."""


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe in front.

    >>> neutral("=1+1"), neutral("churn"), neutral(-3)
    ("'=1+1", 'churn', -3)
    """
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def plain(value: Any) -> Any:
    """A value as files carry it: numbers and truth as they are, times in ISO 8601, the rest as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


class _Echo:
    """A file that hands back what is written, so that a writer can feed a stream."""

    def write(self, value: str) -> str:
        return value


def _lines(heads: Sequence[str], rows: Rows) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(heads)
    for row in rows:
        yield writer.writerow([neutral(plain(value)) for value in row])


def as_csv(heads: Sequence[str], rows: Rows) -> HttpResponseBase:
    """Comma-separated, UTF-8 with its mark so that spreadsheets read it right, streamed."""
    return StreamingHttpResponse(_lines(heads, rows), content_type="text/csv; charset=utf-8")


def as_json(heads: Sequence[str], rows: Rows) -> HttpResponseBase:
    """A list of objects by column name, streamed."""

    def pieces() -> Iterator[str]:
        yield "["
        for i, row in enumerate(rows):
            record = dict(zip(heads, map(plain, row), strict=True))
            yield ("," if i else "") + json.dumps(record, ensure_ascii=False, allow_nan=False)
        yield "]"

    return StreamingHttpResponse(pieces(), content_type="application/json")


def as_xlsx(heads: Sequence[str], rows: Rows) -> HttpResponseBase:
    """A workbook with one sheet, the head frozen."""
    from openpyxl import Workbook  # noqa: PLC0415 - heavy, and only here

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.freeze_panes = "A2"
    sheet.append(list(heads))
    for row in rows:
        sheet.append([_cell(value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(stream.getvalue(), content_type=kind)


def _cell(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else neutral(plain(value))


def as_parquet(heads: Sequence[str], rows: Rows) -> HttpResponseBase:
    """One row group; a column of one kind keeps it, any other becomes text."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and only here
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    columns = list(zip(*rows, strict=True)) or [()] * len(heads)
    table = pa.table({head: _array(pa, list(column)) for head, column in zip(heads, columns, strict=True)})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return HttpResponse(stream.getvalue(), content_type="application/vnd.apache.parquet")


def _array(pa: Any, column: list[Any]) -> Any:
    try:
        return pa.array(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in column])


FORMATS: Mapping[str, Callable[[Sequence[str], Rows], HttpResponseBase]] = {
    "csv": as_csv,
    "xlsx": as_xlsx,
    "parquet": as_parquet,
    "json": as_json,
}


def answer(kind: str, name: str, heads: Sequence[str], rows: Rows) -> HttpResponseBase:
    """The file as a download. Raises KeyError for an unknown kind."""
    response = FORMATS[kind](heads, rows)
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
