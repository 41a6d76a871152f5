"""Lines over time: a band for the interval, stepped targets, dated notes; and the sparkline of a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from portal.web.charts.canvas import TEXT_STYLE, Canvas, Target, coordinate, text_width
from portal.web.charts.scale import Axis, Values, axis, every, last_first, runs, spread
from portal.web.status import Tone

LINE_STYLES = ("line", "line-2", "line-3", "line-4", "line-5")
SQUARE_STYLES = ("bar-1", "bar-2", "part-3", "part-4", "part-5")
NOTE_ROW = 14


@dataclass(frozen=True, slots=True)
class Line:
    """A series. ``end`` puts the mark of a status on its last value, ``end_text`` is written beside it.

    From ``dotted_from`` on the period is running or forecast, so the line is dotted.
    """

    name: str
    values: Values
    low: Values = ()
    high: Values = ()
    end: Tone | None = None
    end_text: str = ""
    dotted_from: int | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A target or limit: one number, or one per position where it was changed. BAD draws it solid and red."""

    name: str
    values: float | Sequence[float | None]
    tone: Tone = Tone.NONE


@dataclass(frozen=True, slots=True)
class Note:
    """What happened at a position, e.g. "12 Oct: new parcel carrier"."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """Up to five lines over common positions. ``label`` is the finding, in one sentence."""

    label: str
    labels: Sequence[str]
    lines: Sequence[Line]
    limits: Sequence[Limit] = ()
    notes: Sequence[Note] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Spark:
    """The small line of a tile, with its target dashed and the status on its last value."""

    values: Values
    label: str
    target: float | None = None
    status: Tone = Tone.NONE


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the plot lies on the sheet."""

    left: float
    right: float
    top: float
    bottom: float
    count: int
    inset: float = 6

    def x(self, index: float) -> float:
        room = self.right - self.left - 2 * self.inset
        return self.left + self.inset + (room * index / (self.count - 1) if self.count > 1 else room / 2)


def line_chart(
    data: LineChart, target: Target = "web", *, width: float = 718, height: float = 264
) -> SafeString:
    """Lines with interval bands, limits and notes. Raises ValueError for more than five lines."""
    if len(data.lines) > len(LINE_STYLES):
        raise ValueError("a chart has at most five lines; above that use small multiples")
    sheet = Canvas(width, height, target)
    top = 14 + NOTE_ROW * len(data.notes)
    scale = axis(_all_values(data), height - 26, top, low=data.low, high=data.high)
    ticks = [scale.text(tick, data.unit) for tick in scale.ticks]
    ends = _end_texts(data)
    frame = Frame(
        left=max(map(text_width, ticks), default=0) + 10,
        right=width - max((text_width(text) for text in ends), default=0) - (14 if ends else 2),
        top=top,
        bottom=height - 26,
        count=len(data.labels),
    )
    draw_grid(sheet, frame, scale, ticks)
    draw_labels(sheet, frame, data.labels)
    draw_notes(sheet, frame, data.notes)
    for line in data.lines:
        _band(sheet, frame, scale, line)
    for limit in data.limits:
        _limit(sheet, frame, scale, limit)
    for line, style in zip(data.lines, LINE_STYLES, strict=False):
        _series(sheet, frame, scale, line, style)
    _ends(sheet, frame, scale, data)
    return sheet.render(data.label)


def _all_values(data: LineChart) -> list[float | None]:
    found: list[float | None] = []
    for line in data.lines:
        found += [*line.values, *line.low, *line.high]
    for limit in data.limits:
        found += _steps(limit, 1)
    return found


def _steps(limit: Limit, count: int) -> list[float | None]:
    return [limit.values] * count if isinstance(limit.values, int | float) else list(limit.values)


def _end_texts(data: LineChart) -> list[str]:
    lines = [line.end_text or (line.name if len(data.lines) > 1 else "") for line in data.lines]
    gap = "\u2003" if len(data.lines) > 1 else ""
    return [gap + text for text in lines if text] + [limit.name for limit in data.limits if limit.name]


def draw_grid(sheet: Canvas, frame: Frame, scale: Axis, ticks: Sequence[str]) -> None:
    for tick, text in zip(scale.ticks, ticks, strict=True):
        y = scale.at(tick)
        sheet.line(frame.left, y, frame.right, y, "axis-line" if tick == 0 else "grid-line")
        sheet.text(frame.left - 8, y + 4, text, "muted", anchor="end")


def draw_labels(sheet: Canvas, frame: Frame, labels: Sequence[str]) -> None:
    """Names of positions below the plot, thinned so that they stay apart; the newest is strong."""
    if not labels:
        return
    widest = max(map(text_width, labels))
    step = every(len(labels), frame.right - frame.left - 2 * frame.inset, widest)
    for i in last_first(len(labels), step):
        newest = i == len(labels) - 1
        sheet.text(frame.x(i), frame.bottom + 18, labels[i], "strong" if newest else "muted", anchor="middle")


def draw_notes(sheet: Canvas, frame: Frame, notes: Sequence[Note]) -> None:
    """Dated changes: the latest on top, each text left of its own line so that no line crosses a text."""
    for row, note in enumerate(sorted(notes, key=lambda n: n.index, reverse=True)):
        x, y = frame.x(note.index), 14 + row * NOTE_ROW
        sheet.line(x, y - 9, x, frame.bottom, "note-line")
        if x - 6 - text_width(note.text) >= 0:
            sheet.text(x - 6, y, note.text, "text", anchor="end")
        else:
            sheet.text(x + 6, y, note.text, "text")


def _band(sheet: Canvas, frame: Frame, scale: Axis, line: Line) -> None:
    if not line.low or not line.high:
        return
    both = [None if a is None or b is None else a for a, b in zip(line.low, line.high, strict=True)]
    for run in runs(both):
        upper = [(frame.x(i), scale.clipped(line.high[i] or 0)) for i in run]
        lower = [(frame.x(i), scale.clipped(line.low[i] or 0)) for i in reversed(run)]
        steps = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in [*upper, *lower])
        sheet.path(f"M{steps}z", "band")


def _limit(sheet: Canvas, frame: Frame, scale: Axis, limit: Limit) -> None:
    style = "threshold" if limit.tone is Tone.BAD else "limit"
    if isinstance(limit.values, int | float):
        y = scale.clipped(limit.values)
        sheet.line(frame.left, y, frame.right, y, style)
    else:
        draw_steps(sheet, frame, scale, limit.values, style)


def draw_steps(sheet: Canvas, frame: Frame, scale: Axis, values: Values, style: str) -> None:
    """A limit that changes: level around each position, and a step half-way to the next."""
    half = (frame.right - frame.left - 2 * frame.inset) / max(1, frame.count - 1) / 2
    for run in runs(values):
        start = frame.left if run[0] == 0 else frame.x(run[0]) - half
        y = scale.clipped(values[run[0]] or 0)
        steps = [f"M{coordinate(start)} {coordinate(y)}"]
        for i in run:
            after = frame.right if i == frame.count - 1 else frame.x(i) + half
            level = scale.clipped(values[i] or 0)
            if level != y:
                steps.append(f"V{coordinate(level)}")
                y = level
            steps.append(f"H{coordinate(after)}")
        sheet.path("".join(steps), style)


def _series(sheet: Canvas, frame: Frame, scale: Axis, line: Line, style: str) -> None:
    cut = len(line.values) if line.dotted_from is None else line.dotted_from
    for run in runs(line.values):
        points = [(frame.x(i), scale.clipped(line.values[i] or 0)) for i in run]
        solid = [point for i, point in zip(run, points, strict=True) if i < cut]
        dotted = [point for i, point in zip(run, points, strict=True) if i >= cut - 1]
        sheet.polyline(solid, style)
        if cut < len(line.values):
            sheet.polyline(dotted, style, "dashed")
        if len(run) == 1 and line.end is None:
            sheet.circle(*points[0], 2.5, "dot")


def _ends(sheet: Canvas, frame: Frame, scale: Axis, data: LineChart) -> None:
    several = len(data.lines) > 1
    wanted: list[tuple[float, str, str, str]] = []
    for line, square in zip(data.lines, SQUARE_STYLES, strict=False):
        last = next((i for i in range(len(line.values) - 1, -1, -1) if line.values[i] is not None), None)
        if last is None:
            continue
        y = scale.clipped(line.values[last] or 0)
        if line.end is not None:
            sheet.mark(frame.x(last), y, line.end, halo=True)
        text = line.end_text or (line.name if several else "")
        if text:
            style = "strong" if several or line.end is None else TEXT_STYLE[line.end]
            wanted.append((y, text, style, square if several else ""))
    for limit in data.limits:
        level = next((v for v in reversed(_steps(limit, 1)) if v is not None), None)
        if limit.name and level is not None:
            tone = "text-bad" if limit.tone is Tone.BAD else "muted"
            wanted.append((scale.clipped(level), limit.name, tone, ""))
    places = spread([w[0] for w in wanted], NOTE_ROW, frame.top - 6, frame.bottom + 6)
    for y, (_, text, style, square) in zip(places, wanted, strict=True):
        x = frame.right + 8
        if square:
            sheet.rect(x, y - 4, 7, 7, square, radius=1)
            x += 12
        sheet.text(x, y + 4, text, style)


def sparkline(data: Spark, target: Target = "web", *, width: float = 132, height: float = 34) -> SafeString:
    """A line of past values, oldest left, with the target dashed and the status as the last mark."""
    sheet = Canvas(width, height, target)
    known = [v for v in data.values if v is not None]
    if not known:
        sheet.line(2, height / 2, width - 8, height / 2, "limit")
        return sheet.render(data.label)
    low, high = min([*known, *_maybe(data.target)]), max([*known, *_maybe(data.target)])
    scale = Axis(low, high if high > low else low + 1, height - 6, 6, (), 1)
    frame = Frame(2, width - 7, 0, height, len(data.values), inset=0)
    if data.target is not None:
        y = scale.at(data.target)
        sheet.line(2, y, width - 2, y, "limit")
    for run in runs(data.values):
        sheet.polyline([(frame.x(i), scale.at(data.values[i] or 0)) for i in run], "line-plain")
    last = max(i for i, v in enumerate(data.values) if v is not None)
    sheet.mark(frame.x(last), scale.at(data.values[last] or 0), data.status, 3.8, halo=True)
    return sheet.render(data.label)


def _maybe(value: float | None) -> list[float]:
    return [] if value is None else [value]
