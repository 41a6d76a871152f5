"""The tornado: what each input does to an answer when it alone is low or high, the widest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from portal.web.charts.canvas import Canvas, Target, text_width
from portal.web.charts.scale import Axis, axis
from portal.web.figures import quantity

ROW = 30.0
NARROW = 420.0
"""Below this width names stand above their bars."""


@dataclass(frozen=True, slots=True)
class TornadoRow:
    """One input: the answer at its low and at its high value, each with the value in words.

    ``turns`` marks a row in which another choice becomes the best at one of the two ends.
    """

    name: str
    low: float
    high: float
    low_text: str = ""
    high_text: str = ""
    turns: bool = False


@dataclass(frozen=True, slots=True)
class Tornado:
    """Rows around ``base``, the answer as things are. ``base_name`` says what it is."""

    label: str
    rows: Sequence[TornadoRow]
    base: float
    unit: str = ""
    base_name: str = ""
    low_name: str = ""
    high_name: str = ""


def tornado(data: Tornado, target: Target = "web", *, width: float = 718) -> SafeString:
    """Bars of 12 px from the base to both ends; the low value of an input in one colour, the high in another.

    A dot behind a name says that the best choice turns within its swing, as the row's words do.
    """
    stacked = width < NARROW
    row = ROW + 14 if stacked else ROW
    top = 42.0 if _key_width(data) > width else 26.0
    bottom = top + row * len(data.rows)
    sheet = Canvas(width, bottom + 26, target)
    names = 0.0 if stacked else max((text_width(_name(each)) for each in data.rows), default=0.0) + 12
    ends = max(
        (text_width(text) for each in data.rows for text in (each.low_text, each.high_text)), default=0
    )
    scale = _scale(data, names + ends + 8, width - ends - 8)
    _ground(sheet, scale, data, top, bottom)
    for i, each in enumerate(data.rows):
        _row(sheet, scale, data, each, y=top + row * i + (row - ROW), stacked=stacked)
    _key(sheet, data)
    return sheet.render(data.label)


def _name(row: TornadoRow) -> str:
    return f"{row.name} •" if row.turns else row.name


def _scale(data: Tornado, start: float, end: float) -> Axis:
    values = [value for row in data.rows for value in (row.low, row.high)]
    return axis([*values, data.base], start, end, count=max(2, int((end - start) / 90)))


def _ground(sheet: Canvas, scale: Axis, data: Tornado, top: float, bottom: float) -> None:
    right = -1.0
    for tick in scale.ticks:
        x, text = scale.at(tick), scale.text(tick, data.unit)
        sheet.line(x, top, x, bottom, "grid-line")
        half = text_width(text) / 2
        if x - half > right:
            sheet.text(min(max(x, half), sheet.width - half), bottom + 17, text, "muted", anchor="middle")
            right = x + half + 12
    if scale.low < 0 < scale.high:
        sheet.line(scale.at(0), top, scale.at(0), bottom, "axis-line")


def _row(sheet: Canvas, scale: Axis, data: Tornado, row: TornadoRow, *, y: float, stacked: bool) -> None:
    middle = y + ROW / 2
    if stacked:
        sheet.text(0, y - 1, _name(row), "strong", "haloed")
    else:
        sheet.text(0, middle + 4, _name(row), "strong")
    base = scale.at(data.base)
    for value, text, style in ((row.low, row.low_text, "bar-1"), (row.high, row.high_text, "bar-2")):
        x = scale.at(value)
        sheet.rect(min(x, base), middle - 6, abs(x - base), 12, style)
        left = x < base or (x == base and style == "bar-1")
        sheet.text(
            x - 5 if left else x + 5, middle + 4, text, "muted", "haloed", anchor="end" if left else "start"
        )
    sheet.line(base, y, base, y + ROW, "reference-line")


def _base(data: Tornado) -> str:
    return f"{data.base_name} {quantity(data.base, data.unit, 0)}".strip()


def _key_width(data: Tornado) -> float:
    return sum(text_width(text) for text in (data.low_name, data.high_name, _base(data))) + 70


def _key(sheet: Canvas, data: Tornado) -> None:
    """What the two colours mean, and what the line in the middle is."""
    at = 0.0
    for style, name in (("bar-1", data.low_name), ("bar-2", data.high_name)):
        sheet.rect(at, 4, 9, 9, style, radius=1)
        sheet.text(at + 14, 12, name, "text")
        at += 14 + text_width(name) + 14
    y = 12.0
    if _key_width(data) > sheet.width:
        at, y = 0.0, 28.0
    sheet.line(at + 3, y - 9, at + 3, y + 1, "reference-line")
    sheet.text(at + 14, y, _base(data), "text")
