"""Values of a KPI from a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date

from portal.errors import Invalid, Problem
from portal.metrics.services.values import KpiValue

COLUMNS = ("day", "value", "low", "high", "n")
NEEDED = ("day", "value")


def read_values(content: bytes) -> list[KpiValue]:
    """The rows of a UTF-8 file with a head. Raises Invalid with every bad cell by row and column."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The file is not UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text), strict=True)
    _check_head(reader.fieldnames)
    problems: list[Problem] = []
    values = []
    try:
        for place, row in enumerate(reader):
            cells = _Cells(row, place, problems)
            values.append(
                KpiValue(
                    cells.day(), cells.number("value"), cells.maybe("low"), cells.maybe("high"), cells.count()
                )
            )
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} cannot be read: {error}.") from error
    if problems:
        raise Invalid("Nothing was stored: some rows cannot be read.", errors=problems)
    return values


def _check_head(names: object) -> None:
    found = list(names) if isinstance(names, list) else []
    missing = [name for name in NEEDED if name not in found]
    unknown = [name for name in found if name not in COLUMNS]
    if missing or unknown:
        raise Invalid(f"The first line names the columns {', '.join(COLUMNS)}; day and value are needed.")


class _Cells:
    """The cells of a row; what cannot be read becomes a problem and a harmless value."""

    def __init__(self, row: Mapping[str | None, object], place: int, problems: list[Problem]) -> None:
        self.row, self.place, self.problems = row, place, problems
        if None in row:
            self._wrong("", "More cells than columns.")

    def text(self, name: str) -> str:
        cell = self.row.get(name)
        return cell.strip() if isinstance(cell, str) else ""

    def day(self) -> date:
        try:
            return date.fromisoformat(self.text("day"))
        except ValueError:
            self._wrong("day", "A day looks like 2026-10-01.")
            return date.min

    def number(self, name: str) -> float:
        try:
            return float(self.text(name))
        except ValueError:
            self._wrong(name, "A number is needed.")
            return 0.0

    def maybe(self, name: str) -> float | None:
        return self.number(name) if self.text(name) else None

    def count(self) -> int | None:
        text = self.text("n")
        if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
            self._wrong("n", "A whole number of rows is needed.")
            return None
        return int(text) if text else None

    def _wrong(self, name: str, detail: str) -> None:
        self.problems.append(Problem(f"/{self.place}/{name}".rstrip("/"), f"Row {self.place + 2}: {detail}"))
