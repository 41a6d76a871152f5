"""Bars: pairs over time with a forecast, shares of a reference against a window, the split of a bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.web.charts.canvas import Canvas, Target, text_width
from portal.web.charts.line import Frame, draw_grid
from portal.web.charts.scale import Axis, axis, every, last_first, spread
from portal.web.figures import THIN, pct, quantity


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Bars:
    """One or two series over common positions. The last ``forecast`` positions are drawn dashed.

    ``low`` and ``high`` are the interval of the first series' last value. ``named`` positions carry their
    values; without it the last does, and the one a year of quarters before it.
    """

    label: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    forecast: int = 0
    low: float | None = None
    high: float | None = None
    named: Sequence[int] | None = None
    places: int | None = None

    @property
    def named_positions(self) -> set[int]:
        last = len(self.labels) - 1
        return {last, last - 4} if self.named is None else set(self.named)


def bars(data: Bars, target: Target = "web", *, width: float = 622, height: float = 212) -> SafeString:
    """Bars from zero with direct labels. Raises ValueError for more than two series."""
    if not 1 <= len(data.series) <= 2:
        raise ValueError("bars take one or two series")
    sheet = Canvas(width, height, target)
    values = [v for series in data.series for v in series.values]
    scale = axis([*values, data.high, 0.0], height - 24, 16, count=4)
    ticks = [scale.text(tick, data.unit) for tick in scale.ticks]
    several = len(data.series) > 1
    legend = max(text_width(series.name) for series in data.series) + 22 if several else 0
    left = max(map(text_width, ticks)) + 10
    frame = Frame(left, width - legend - 8, 16, height - 24, len(data.labels), inset=0)
    draw_grid(sheet, frame, scale, ticks)
    slot = (frame.right - frame.left) / max(1, len(data.labels))
    bar = min(34.0, slot * (0.33 if several else 0.5))
    for i in range(len(data.labels)):
        _pair(sheet, frame, scale, data, i, slot=slot, bar=bar)
    _positions(sheet, frame, data, slot)
    if several:
        _legend(sheet, frame, scale, data)
    return sheet.render(data.label)


def _pair(sheet: Canvas, frame: Frame, scale: Axis, data: Bars, i: int, *, slot: float, bar: float) -> None:
    centre = frame.left + slot * (i + 0.5)
    gap = 2.0
    next_ = "-next" if i >= len(data.labels) - data.forecast else ""
    count = len(data.series)
    for k, series in enumerate(data.series):
        value = series.values[i]
        if value is None:
            continue
        x = centre + (k - count / 2) * (bar + gap) + gap / 2
        top, foot = sorted((scale.at(value), scale.at(0)))
        sheet.rect(x, top, bar, foot - top, f"bar-{k + 1}{next_}")
        head = top
        if k == 0 and i == len(data.labels) - 1 and data.low is not None and data.high is not None:
            head = min(head, _whisker(sheet, x + bar / 2, scale.at(data.low), scale.at(data.high)))
        if i in data.named_positions:
            text = quantity(value, data.unit, data.places, compact=True)
            sheet.text(x + bar / 2, head - 5, text, "strong", "haloed", anchor="middle")


def _whisker(sheet: Canvas, x: float, low: float, high: float) -> float:
    sheet.line(x, low, x, high, "whisker")
    sheet.line(x - 4, low, x + 4, low, "whisker")
    sheet.line(x - 4, high, x + 4, high, "whisker")
    return high


def _positions(sheet: Canvas, frame: Frame, data: Bars, slot: float) -> None:
    widest = max(map(text_width, data.labels), default=0)
    step = every(len(data.labels), slot * (len(data.labels) - 1), widest)
    for i in last_first(len(data.labels), step):
        style = "strong" if i == len(data.labels) - 1 else "muted"
        sheet.text(frame.left + slot * (i + 0.5), frame.bottom + 17, data.labels[i], style, anchor="middle")


def _legend(sheet: Canvas, frame: Frame, scale: Axis, data: Bars) -> None:
    wanted = [scale.at(series.values[-1] or 0) for series in data.series]
    for k, y in enumerate(spread(wanted, 20, frame.top + 4, frame.bottom - 4)):
        x = frame.right + 10
        sheet.rect(x, y - 4, 8, 8, f"bar-{k + 1}", radius=1)
        sheet.text(x + 13, y + 4, data.series[k].name, "strong")


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares per bin or category, 0 to 1, of the reference and of a window. ``moved`` bins are emphasised."""

    label: str
    labels: Sequence[str]
    reference: Sequence[float]
    window: Sequence[float]
    reference_name: str = ""
    window_name: str = ""
    moved: frozenset[int] = frozenset()


def distribution(data: Distribution, target: Target = "web", *, width: float = 430) -> SafeString:
    """Pairs of horizontal bars, reference above window, with both shares in words at the right."""
    row = 26.0
    sheet = Canvas(width, 24 + row * len(data.labels), target)
    texts = [_arrow(a, b) for a, b in zip(data.reference, data.window, strict=True)]
    left = max(map(text_width, data.labels)) + 12
    right = width - max(map(text_width, texts)) - 10
    longest = max([*data.reference, *data.window], default=1.0) or 1.0
    reference, window = data.reference_name or _("Reference"), data.window_name or _("Window")
    sheet.rect(left + 0.5, 3.5, 8, 8, "bar-reference")
    sheet.text(left + 13, 12, reference, "text")
    x = left + 13 + text_width(reference) + 12
    sheet.rect(x, 3, 9, 9, "bar-1")
    sheet.text(x + 14, 12, window, "text")
    for i, name in enumerate(data.labels):
        y = 22 + i * row
        moved = i in data.moved
        sheet.text(0, y + 14, name, "strong" if moved else "muted")
        ends = [left + (right - left) * share / longest for share in (data.reference[i], data.window[i])]
        sheet.rect(left + 0.5, y + 1.5, ends[0] - left, 8, "bar-reference")
        sheet.rect(left, y + 10, ends[1] - left, 9, "bar-1")
        sheet.text(max(ends) + 8, y + 14, texts[i], "text-bad" if moved else "muted")
    return sheet.render(data.label)


def _arrow(before: float, after: float) -> str:
    first = pct(before, 0).removesuffix(f"{THIN}%")
    return f"{first} → {pct(after, 0)}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole: its share from 0 to 1 and its amount as text."""

    name: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """How a bill splits. At most five parts and a remainder that has no owner, drawn dashed."""

    label: str
    parts: Sequence[Part]
    rest: Part | None = None
    of: str = ""


def allocation(data: Allocation, target: Target = "web") -> SafeString:
    """A bar of 18 px over the full width, with names, amounts and shares in columns below.

    Raises ValueError for more than five parts.
    """
    if len(data.parts) > 5:
        raise ValueError("at most five parts; put the small ones together")
    pieces = [(part, f"part-{k + 1}") for k, part in enumerate(data.parts)]
    if data.rest is not None and data.rest.share > 0:
        pieces.append((data.rest, "part-rest"))
    drawn, at = [], 0.0
    for part, style in pieces:
        drawn.append(_piece(at, part.share, style, target))
        at += part.share
    picture = format_html(
        '<svg class="chart" width="100%" height="18" role="img" aria-label="{}">{}</svg>',
        data.label,
        mark_safe("".join(drawn)),  # noqa: S308 - numbers and constants only
    )
    of = data.of or _("of the bill")
    columns = format_html_join(
        "",
        '<li><span class="label"><svg class="chart" width="9" height="9" aria-hidden="true">{}</svg>{}</span>'
        '<span class="amount">{}</span>{} {}</li>',
        ((_square(style, target), part.name, part.text, pct(part.share, 1), of) for part, style in pieces),
    )
    return format_html('{}<ul class="parts">{}</ul>', picture, columns)


def _piece(at: float, share: float, style: str, target: Target) -> str:
    """A piece of the bar, and 2 px of surface before it."""
    sheet = Canvas(0, 0, target)
    inset = 0.5 if style == "part-rest" else 0
    piece = (
        f'<rect x="{at * 100:.3f}%" y="{inset}" width="{share * 100:.3f}%" height="{18 - 2 * inset}"'
        f"{sheet.paint(style)}/>"
    )
    gap = f'<rect x="{at * 100:.3f}%" width="2" height="18"{sheet.paint("gap")}/>' if at else ""
    return piece + gap


def _square(style: str, target: Target) -> SafeString:
    inset = 0.5 if style == "part-rest" else 0
    paint = Canvas(0, 0, target).paint(style)
    return mark_safe(  # noqa: S308 - constants only
        f'<rect x="{inset}" y="{inset}" width="{9 - 2 * inset}" height="{9 - 2 * inset}" rx="1.5"{paint}/>'
    )
