"""The sheet that charts are drawn on: names of styles in, SVG out.

On the web a style is a CSS class, so a chart follows the theme. For print, mail and PDF the same style
becomes
attributes in the light colours. Nothing is scaled: a chart is drawn at its final width.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

Target = Literal["web", "print"]

PRINT: dict[str, str] = {
    "surface": "#ffffff",
    "surface-2": "#eceff3",
    "text": "#17202a",
    "muted": "#4d5865",
    "accent": "#2452c4",
    "hairline": "#d3d9e0",
    "control": "#7d8794",
    "good": "#08694c",
    "good-mark": "#0a8f68",
    "warn": "#7f4a00",
    "warn-bg": "#fdeccb",
    "warn-mark": "#d07800",
    "bad": "#a8201a",
    "bad-bg": "#fde4e1",
    "bad-mark": "#c4312a",
    "info": "#1f4fbf",
    "info-bg": "#e3ebfd",
    "s1": "#2452c4",
    "s2": "#7f6b10",
    "s3": "#1998b3",
    "s4": "#593159",
    "s5": "#51544a",
    "pair": "#c26e07",
}
"""The light colours of tokens.css, for paper; a test holds the two together."""

SERIES = ("s1", "pair", "s3", "s4", "s5")
"""Colours of lines in order: the second is the pair colour, which stands beside the first at its best."""


def _line(colour: str) -> dict[str, str]:
    return {"fill": "none", "stroke": colour, "stroke-width": "1.75", "stroke-linejoin": "round"}


def _text(colour: str, weight: str = "") -> dict[str, str]:
    return {"font-size": "11px", **({"font-weight": weight} if weight else {}), "fill": colour}


STYLES: dict[str, dict[str, str]] = {
    "grid-line": {"stroke": "hairline", "stroke-width": "1"},
    "axis-line": {"stroke": "control", "stroke-width": "1"},
    "line": _line("s1"),
    "line-2": _line("pair"),
    "line-3": _line("s3"),
    "line-4": _line("s4"),
    "line-5": _line("s5"),
    "line-plain": {"fill": "none", "stroke": "muted", "stroke-width": "1.25", "stroke-linejoin": "round"},
    "dashed": {"stroke-dasharray": "3 3"},
    "band": {"fill": "s1", "fill-opacity": "0.14"},
    "limit": {"fill": "none", "stroke": "muted", "stroke-width": "1", "stroke-dasharray": "4 3"},
    "mean": {"stroke": "control", "stroke-width": "1"},
    "threshold": {"stroke": "bad-mark", "stroke-width": "2"},
    "reference-line": {"stroke": "control", "stroke-width": "2"},
    "zone": {"fill": "bad-bg"},
    "base": {"fill": "surface-2"},
    "note-line": {"stroke": "muted", "stroke-width": "1", "stroke-dasharray": "3 3"},
    "dot": {"fill": "s1"},
    "mark-good": {"fill": "good-mark"},
    "mark-warn": {"fill": "warn-mark"},
    "mark-bad": {"fill": "bad-mark"},
    "mark-info": {"fill": "accent"},
    "mark-none": {"fill": "muted"},
    "mark-wait": {"fill": "none", "stroke": "muted", "stroke-width": "1.5", "stroke-dasharray": "2 1.5"},
    "range-good": {"stroke": "good-mark", "stroke-width": "2"},
    "range-warn": {"stroke": "warn-mark", "stroke-width": "2"},
    "range-bad": {"stroke": "bad-mark", "stroke-width": "2"},
    "range-info": {"stroke": "accent", "stroke-width": "2"},
    "range-none": {"stroke": "muted", "stroke-width": "2"},
    "range-few": {"stroke": "muted", "stroke-width": "2", "stroke-dasharray": "3 3"},
    "halo": {"fill": "none", "stroke": "surface", "stroke-width": "6"},
    "halo-mark": {
        "fill": "surface",
        "stroke": "surface",
        "stroke-width": "4",
        "stroke-linejoin": "round",
    },
    "bar-1": {"fill": "s1"},
    "bar-2": {"fill": "pair"},
    "bar-1-next": {"fill": "info-bg", "stroke": "s1", "stroke-width": "1", "stroke-dasharray": "3 2"},
    "bar-2-next": {"fill": "warn-bg", "stroke": "pair", "stroke-width": "1", "stroke-dasharray": "3 2"},
    "whisker": {"fill": "none", "stroke": "s1", "stroke-width": "2"},
    "bar-reference": {"fill": "surface-2", "stroke": "control", "stroke-width": "1"},
    "part-1": {"fill": "s1"},
    "part-2": {"fill": "s2"},
    "part-3": {"fill": "s3"},
    "part-4": {"fill": "s4"},
    "part-5": {"fill": "s5"},
    "part-rest": {"fill": "bad-bg", "stroke": "bad-mark", "stroke-width": "1", "stroke-dasharray": "3 2"},
    "gap": {"fill": "surface"},
    "edge": {"fill": "none", "stroke": "control", "stroke-width": "1"},
    "node": {"fill": "surface", "stroke": "control", "stroke-width": "1"},
    "node-bad": {"fill": "bad-bg", "stroke": "bad-mark", "stroke-width": "1"},
    "node-warn": {"fill": "warn-bg", "stroke": "warn-mark", "stroke-width": "1"},
    "node-info": {"fill": "info-bg", "stroke": "accent", "stroke-width": "1"},
    "haloed": {"paint-order": "stroke", "stroke": "surface", "stroke-width": "3", "stroke-linejoin": "round"},
    "text": _text("text"),
    "muted": _text("muted"),
    "strong": _text("text", "500"),
    "text-good": _text("good", "500"),
    "text-warn": _text("warn", "500"),
    "text-bad": _text("bad", "500"),
    "text-info": _text("info", "500"),
}
"""What a style means. A value that names a colour of PRINT is that token; a test compares it to app.css."""

TEXT_STYLE = {
    "good": "text-good",
    "warn": "text-warn",
    "bad": "text-bad",
    "info": "text-info",
    "wait": "muted",
    "none": "muted",
}
TEXT_SIZE = 11


def text_width(text: str) -> float:
    """About how wide a text of 11 px is, in px, on the safe side for wider system fonts."""
    return sum(_advance(char) for char in text) * TEXT_SIZE * 1.04


def _advance(char: str) -> float:
    if char in "iljtfrI.,:;'|!()[]· \u00a0/-":
        return 0.34
    if char in "mwMW%€@":
        return 0.86
    if char == "\u202f":
        return 0.2
    if char.isupper():
        return 0.69
    return 0.6


def coordinate(x: float) -> str:
    """A coordinate with at most one digit after the point: half the bytes, and the same picture.

    >>> coordinate(12.04), coordinate(3.26), coordinate(-0.01)
    ('12', '3.3', '0')
    """
    text = f"{x:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


@dataclass(slots=True)
class Canvas:
    """Collects elements; ``render`` closes the sheet under one sentence that says the finding."""

    width: float
    height: float
    target: Target = "web"
    parts: list[str] = field(default_factory=list)

    def paint(self, *styles: str) -> str:
        """The attributes that give an element its look, with a leading space."""
        if self.target == "web":
            return f' class="{" ".join(styles)}"'
        merged: dict[str, str] = {}
        for style in styles:
            merged |= {key: PRINT.get(value, value) for key, value in STYLES[style].items()}
        return "".join(f' {key}="{value}"' for key, value in merged.items())

    def line(self, x1: float, y1: float, x2: float, y2: float, *styles: str) -> None:
        a, b, c, d = map(coordinate, (x1, y1, x2, y2))
        self.parts.append(f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}"{self.paint(*styles)}/>')

    def rect(self, x: float, y: float, width: float, height: float, *styles: str, radius: float = 0) -> None:
        a, b, c, d = map(coordinate, (x, y, max(width, 0), max(height, 0)))
        round_ = f' rx="{coordinate(radius)}"' if radius else ""
        self.parts.append(f'<rect x="{a}" y="{b}" width="{c}" height="{d}"{round_}{self.paint(*styles)}/>')

    def path(self, d: str, *styles: str) -> None:
        self.parts.append(f'<path d="{d}"{self.paint(*styles)}/>')

    def polyline(self, points: list[tuple[float, float]], *styles: str) -> None:
        if len(points) > 1:
            steps = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
            self.path(f"M{steps}", *styles)

    def polygon(self, points: list[tuple[float, float]], *styles: str) -> None:
        steps = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
        self.path(f"M{steps}z", *styles)

    def circle(self, x: float, y: float, radius: float, *styles: str) -> None:
        a, b, c = map(coordinate, (x, y, radius))
        self.parts.append(f'<circle cx="{a}" cy="{b}" r="{c}"{self.paint(*styles)}/>')

    def text(self, x: float, y: float, text: str, *styles: str, anchor: str = "start") -> None:
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(
            f'<text x="{coordinate(x)}" y="{coordinate(y)}"{place}{self.paint(*(styles or ("text",)))}>'
            f"{conditional_escape(text)}</text>"
        )

    def mark(self, x: float, y: float, tone: str, size: float = 4.5, *, halo: bool = False) -> None:
        """The shape of a tone: the same circle, triangle, square or diamond as in a pill."""
        if halo:
            self._shape(x, y, tone, size, "halo-mark")
        self._shape(x, y, tone, size, f"mark-{tone}")

    def _shape(self, x: float, y: float, tone: str, size: float, style: str) -> None:
        if tone in {"good", "wait"}:
            self.circle(x, y, size, style)
        elif tone == "warn":
            up, side = size * 1.1, size * 1.15
            self.polygon([(x, y - up), (x + side, y + size * 0.9), (x - side, y + size * 0.9)], style)
        elif tone == "bad":
            half = size * 0.9
            self.rect(x - half, y - half, 2 * half, 2 * half, style)
        elif tone == "info":
            reach = size * 1.2
            self.polygon([(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)], style)
        else:
            self.circle(x, y, size * 0.8, style)

    def open_link(self, url: str, name: str) -> None:
        self.parts.append(format_html('<a href="{}" aria-label="{}">', url, name))

    def close_link(self) -> None:
        self.parts.append("</a>")

    def render(self, label: str, *, links: bool = False) -> SafeString:
        """The finished SVG, decorative without a label; a group with ``links``, so that they are reached."""
        role = format_html('role="{}" aria-label="{}"', "group" if links else "img", label)
        if not label:
            role = mark_safe('aria-hidden="true"')
        font = "" if self.target == "web" else ' font-family="Inter, sans-serif"'
        head = 'class="chart"' if self.target == "web" else 'xmlns="http://www.w3.org/2000/svg"'
        width, height = coordinate(self.width), coordinate(self.height)
        return format_html(
            '<svg {} width="{}" height="{}" viewBox="0 0 {} {}"{} {}>{}</svg>',
            mark_safe(head),  # noqa: S308 - constant above
            width,
            height,
            width,
            height,
            mark_safe(font),  # noqa: S308 - constant above
            role,
            mark_safe("".join(self.parts)),  # noqa: S308 - every text went through conditional_escape
        )
