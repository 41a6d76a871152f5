"""The fairness chart: a dot and an interval per group, against a threshold and a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.web.charts.canvas import TEXT_STYLE, Canvas, Target, text_width
from portal.web.charts.scale import Axis, axis
from portal.web.figures import HARD, number, quantity
from portal.web.status import Tone

ROW = 46.0
LEAST_PLOT = 220.0
"""Pixels of the scale, below which intervals lie on each other; a chart that needs more grows wider."""


class GroupState(StrEnum):
    """What is said of a group. ``few``: too small for a verdict; ``hidden``: too small to be shown at all."""

    GOOD = "good"
    CROSSES = "warn"
    BELOW = "bad"
    REFERENCE = "reference"
    FEW = "few"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its ratio and interval; ``words`` is the finding at the right, e.g. "0.74, below"."""

    name: str
    n: int | None
    state: GroupState
    value: float | None = None
    low: float | None = None
    high: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class GroupChart:
    """Groups on one scale. Below ``threshold`` lies the tinted zone; without one there is none."""

    label: str
    groups: Sequence[Group]
    threshold: float | None = 0.8
    threshold_name: str = ""
    reference: float | None = 1.0
    reference_name: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""


STYLE: dict[GroupState, tuple[Tone, str]] = {
    GroupState.GOOD: (Tone.GOOD, "range-good"),
    GroupState.CROSSES: (Tone.WARN, "range-warn"),
    GroupState.BELOW: (Tone.BAD, "range-bad"),
    GroupState.REFERENCE: (Tone.NONE, "range-none"),
    GroupState.FEW: (Tone.NONE, "range-few"),
    GroupState.HIDDEN: (Tone.NONE, "range-none"),
}


def group_chart(data: GroupChart, target: Target = "web", *, width: float = 718) -> SafeString:
    """One row of 46 px per group: name, n, interval and mark, the finding in words.

    Where long names leave too little of ``width`` for the scale, the chart is wider than asked for.
    """
    top, bottom = 24.0, 24.0 + ROW * len(data.groups)
    sizes = [_size(group) for group in data.groups]
    names = max((text_width(group.name) for group in data.groups), default=0)
    count_end = names + 16 + max(map(text_width, sizes), default=0)
    words = max((text_width(group.words) for group in data.groups), default=0) + 4
    width = max(width, count_end + 30 + LEAST_PLOT + words)
    words_start = width - words
    sheet = Canvas(width, bottom + 26, target)
    scale = _scale(data, count_end + 14, words_start - 16)
    _ground(sheet, scale, data, top, bottom)
    for i, group in enumerate(data.groups):
        y = top + ROW * (i + 0.5)
        if i:
            sheet.line(0, y - ROW / 2, width, y - ROW / 2, "grid-line")
        sheet.text(0, y + 4, group.name, "strong")
        sheet.text(count_end, y + 4, sizes[i], "muted", anchor="end")
    _rules(sheet, scale, data, top, bottom)
    for i, group in enumerate(data.groups):
        y = top + ROW * (i + 0.5)
        _interval(sheet, scale, group, y)
        tone = STYLE[group.state][0]
        sheet.text(words_start, y + 4, group.words, TEXT_STYLE[tone])
    return sheet.render(data.label)


def _size(group: Group) -> str:
    if group.state is GroupState.HIDDEN or group.n is None:
        return _("hidden")
    return f"n{HARD}{number(group.n)}"


def _scale(data: GroupChart, start: float, end: float) -> Axis:
    values: list[float | None] = [data.threshold, data.reference]
    for group in data.groups:
        if group.state is not GroupState.FEW:
            values += [group.value, group.low, group.high]
    return axis(values, start, end, low=data.low, high=data.high, count=8)


def _ground(sheet: Canvas, scale: Axis, data: GroupChart, top: float, bottom: float) -> None:
    if data.threshold is not None:
        sheet.rect(scale.start, top, scale.clipped(data.threshold) - scale.start, bottom - top, "zone")
    for tick in scale.ticks:
        sheet.line(scale.at(tick), top, scale.at(tick), bottom, "grid-line")
        sheet.text(scale.at(tick), bottom + 17, scale.text(tick, data.unit), "muted", anchor="middle")


def _rules(sheet: Canvas, scale: Axis, data: GroupChart, top: float, bottom: float) -> None:
    if data.reference is not None:
        x = scale.clipped(data.reference)
        sheet.line(x, top - 6, x, bottom, "reference-line")
        name = data.reference_name or _("reference %(value)s") % {
            "value": quantity(data.reference, data.unit, 2)
        }
        crowded = data.threshold is not None and abs(x - scale.clipped(data.threshold)) < 100
        sheet.text(x + (4 if crowded else 0), 12, name, "muted", anchor="start" if crowded else "middle")
    if data.threshold is not None:
        x = scale.clipped(data.threshold)
        sheet.line(x, top - 6, x, bottom, "threshold")
        name = data.threshold_name or _("four fifths %(value)s") % {
            "value": quantity(data.threshold, data.unit, 2)
        }
        crowded = data.reference is not None and abs(x - scale.clipped(data.reference)) < 100
        sheet.text(x - (4 if crowded else 0), 12, name, "text-bad", anchor="end" if crowded else "middle")


def _interval(sheet: Canvas, scale: Axis, group: Group, y: float) -> None:
    """The interval and the mark, with a halo of surface so that they stay readable on the zone."""
    if group.state is GroupState.HIDDEN:
        return
    tone, style = STYLE[group.state]
    if group.low is not None and group.high is not None:
        x1, x2 = scale.clipped(group.low), scale.clipped(group.high)
        sheet.line(x1, y, x2, y, "halo")
        sheet.line(x1, y, x2, y, style)
        if group.high > scale.high:
            sheet.path(f"M{x2 - 5:.1f} {y - 4:.1f}L{x2:.1f} {y:.1f}L{x2 - 5:.1f} {y + 4:.1f}", "line-plain")
        if group.low < scale.low:
            sheet.path(f"M{x1 + 5:.1f} {y - 4:.1f}L{x1:.1f} {y:.1f}L{x1 + 5:.1f} {y + 4:.1f}", "line-plain")
    if group.state is GroupState.FEW or group.value is None:
        return
    x = scale.clipped(group.value)
    if group.state is GroupState.REFERENCE:
        points = [(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)]
        sheet.polygon(points, "halo-mark")
        sheet.polygon(points, "mark-none")
    else:
        sheet.mark(x, y, tone, 5.5, halo=True)
