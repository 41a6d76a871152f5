"""The control chart: values against frozen limits, with every signal marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.web.charts.canvas import Canvas, Target, text_width
from portal.web.charts.line import (
    NOTE_ROW,
    Frame,
    Note,
    draw_grid,
    draw_labels,
    draw_notes,
    draw_steps,
)
from portal.web.charts.scale import Axis, Values, axis, runs, spread
from portal.web.figures import quantity


@dataclass(frozen=True, slots=True)
class Signal:
    """A point at which a rule fired."""

    index: int
    rule: str


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Points with centre and limits: one number, or one per point where the limits vary with n.

    The first ``baseline`` points are phase I, from which the limits were frozen. ``smoothed`` is an EWMA or
    the like, named by ``smoothed_name``. ``label`` is the finding in one sentence.
    """

    label: str
    labels: Sequence[str]
    values: Values
    center: float
    lower: float | Sequence[float | None] | None
    upper: float | Sequence[float | None] | None
    baseline: int = 0
    signals: Sequence[Signal] = ()
    notes: Sequence[Note] = ()
    smoothed: Values = ()
    smoothed_name: str = ""
    unit: str = ""
    places: int | None = None

    def limit(self, side: float | Sequence[float | None] | None) -> list[float | None]:
        """A limit as one value per point."""
        if side is None:
            return []
        return [side] * len(self.values) if isinstance(side, int | float) else list(side)


def control_chart(
    data: ControlChart, target: Target = "web", *, width: float = 1102, height: float = 348
) -> SafeString:
    """The chart with phases, stepped limits, labels at the right edge and a triangle per signal."""
    sheet = Canvas(width, height, target)
    lower, upper = data.limit(data.lower), data.limit(data.upper)
    notes_height = NOTE_ROW * len(data.notes)
    bottom, top = height - 26, notes_height + (8 if data.notes else 2)
    head = 22 if data.baseline else 6
    known = [v for v in (*data.values, *data.smoothed, *lower, *upper, data.center) if v is not None]
    pad = (max(known) - min(known)) * 0.12
    scale = axis([min(known) - pad, max(known) + pad], bottom, top + head, count=7)
    ticks = [scale.text(tick, data.unit) for tick in scale.ticks]
    ends = _end_labels(data, lower, upper)
    left = max(map(text_width, ticks)) + 10
    right = width - max(text_width(text) for _value, text in ends) - 10
    frame = Frame(left, right, top, bottom, len(data.values), inset=10)
    _phases(sheet, frame, data.baseline)
    draw_grid(sheet, frame, scale, ticks)
    draw_labels(sheet, frame, data.labels)
    draw_notes(sheet, frame, data.notes)
    sheet.line(left, scale.at(data.center), right, scale.at(data.center), "mean")
    for side in (lower, upper):
        draw_steps(sheet, frame, scale, side, "limit")
    for run in runs(data.smoothed):
        sheet.polyline([(frame.x(i), scale.at(data.smoothed[i] or 0)) for i in run], "line-2")
    _points(sheet, frame, scale, data)
    places = spread([scale.at(value) for value, _text in ends], NOTE_ROW, top, bottom + 6)
    for y, (_value, text) in zip(places, ends, strict=True):
        sheet.text(right + 8, y + 4, text, "muted")
    return sheet.render(data.label)


def _end_labels(data: ControlChart, lower: Values, upper: Values) -> list[tuple[float, str]]:
    found = [(data.center, _("Mean %(value)s"))]
    if upper and upper[-1] is not None:
        found.append((upper[-1], _("Upper limit %(value)s")))
    if lower and lower[-1] is not None:
        found.append((lower[-1], _("Lower limit %(value)s")))
    return [
        (value, text % {"value": quantity(value, data.unit, _places(data, value))}) for value, text in found
    ]


def _places(data: ControlChart, value: float) -> int | None:
    return 1 if data.places is None and data.unit == "%" and 0 < value < 1 else data.places


def _phases(sheet: Canvas, frame: Frame, baseline: int) -> None:
    if not baseline:
        return
    edge = frame.x(baseline - 0.5) if baseline < frame.count else frame.right
    sheet.rect(frame.left, frame.top, edge - frame.left, frame.bottom - frame.top, "base")
    first = _("Phase I: limits estimated and frozen")
    sheet.text(
        frame.left + 8, frame.top + 14, first if text_width(first) < edge - frame.left - 8 else "I", "muted"
    )
    if edge < frame.right - 60:
        sheet.text(edge + 8, frame.top + 14, _("Phase II"), "muted")


def _points(sheet: Canvas, frame: Frame, scale: Axis, data: ControlChart) -> None:
    fired = {signal.index for signal in data.signals}
    for run in runs(data.values):
        sheet.polyline([(frame.x(i), scale.at(data.values[i] or 0)) for i in run], "line")
    for i, value in enumerate(data.values):
        if value is None:
            continue
        if i in fired:
            _signal(sheet, frame.x(i), scale.at(value))
        else:
            sheet.circle(frame.x(i), scale.at(value), 2.5, "dot")


def _signal(sheet: Canvas, x: float, y: float) -> None:
    for style, size in (("halo-mark", 5.5), ("mark-bad", 5.5)):
        points = [(x, y - size * 1.1), (x + size * 1.1, y + size * 0.9), (x - size * 1.1, y + size * 0.9)]
        sheet.polygon(points, style)


def control_key(data: ControlChart, target: Target = "web") -> SafeString:
    """What the marks of the chart mean; stands in the head of its panel."""
    triangle = Canvas(12, 12, target)
    triangle.polygon([(6, 1), (11.5, 11), (0.5, 11)], "mark-bad")
    stroke = Canvas(18, 12, target)
    stroke.line(0, 6, 18, 6, "line-2")
    entries = [(triangle, _("beyond a limit"))] if data.signals else []
    if data.smoothed_name:
        entries.append((stroke, data.smoothed_name))
    rows = format_html_join("", "<li>{}{}</li>", ((sheet.render(""), name) for sheet, name in entries))
    return format_html('<ul class="key">{}</ul>', rows)
