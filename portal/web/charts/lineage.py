"""Lineage: typed columns from data to decision, laid out here, every node a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from portal.web.charts.canvas import Canvas, Target, coordinate, text_width
from portal.web.status import Tone

NODE_WIDTH = 148.0
NODE_HEIGHT = 42.0
GAP = 52.0
ROW = 54.0
MOST = 40


@dataclass(frozen=True, slots=True)
class Node:
    """A dataset, feature set, run, version or system. ``kind`` names its column."""

    key: str
    kind: str
    name: str
    detail: str = ""
    url: str = ""
    tone: Tone = Tone.NONE


@dataclass(frozen=True, slots=True)
class Lineage:
    """Nodes in columns by kind, and edges (from, to) by key."""

    label: str
    kinds: Sequence[str]
    nodes: Sequence[Node]
    edges: Sequence[tuple[str, str]] = ()

    def column(self, kind: str) -> list[Node]:
        return [node for node in self.nodes if node.kind == kind]

    @property
    def sources(self) -> dict[str, list[Node]]:
        """For each node that has any, what it comes from: the same graph as a list."""
        by_key = {node.key: node for node in self.nodes}
        found: dict[str, list[Node]] = {}
        for before, after in self.edges:
            if before in by_key and after in by_key:
                found.setdefault(after, []).append(by_key[before])
        return found

    @property
    def as_list(self) -> list[tuple[Node, list[Node]]]:
        sources = self.sources
        return [(node, sources.get(node.key, [])) for kind in self.kinds for node in self.column(kind)]


def lineage(data: Lineage, target: Target = "web") -> SafeString:
    """The graph at the size it needs. Over 40 nodes the columns are cut short and say how many they hold."""
    most = MOST if len(data.nodes) <= MOST else max(1, MOST // max(1, len(data.kinds)) - 1)
    columns = [(kind, data.column(kind)) for kind in data.kinds]
    tallest = max((min(len(nodes), most + 1) for _kind, nodes in columns), default=1)
    height = 26 + ROW * max(1, tallest)
    sheet = Canvas(len(columns) * (NODE_WIDTH + GAP) - GAP + 2, height, target)
    places: dict[str, tuple[float, float]] = {}
    for k, (kind, nodes) in enumerate(columns):
        x = 1 + k * (NODE_WIDTH + GAP)
        sheet.text(x, 12, kind, "muted")
        shown = nodes[:most]
        rows = len(shown) + (len(nodes) > most)
        start = 26 + (height - 26 - rows * ROW) / 2
        places |= {node.key: (x, start + i * ROW) for i, node in enumerate(shown)}
        if len(nodes) > most:
            sheet.text(x, start + len(shown) * ROW + 24, f"+ {len(nodes) - most}", "muted")
    for before, after in data.edges:
        if before in places and after in places:
            _edge(sheet, places[before], places[after])
    for node in data.nodes:
        if node.key in places:
            _node(sheet, node, *places[node.key])
    return sheet.render(data.label, links=any(node.url for node in data.nodes))


def _edge(sheet: Canvas, a: tuple[float, float], b: tuple[float, float]) -> None:
    x1, y1 = a[0] + NODE_WIDTH, a[1] + NODE_HEIGHT / 2
    x2, y2 = b[0], b[1] + NODE_HEIGHT / 2
    middle = coordinate((x1 + x2) / 2)
    start, end = f"{coordinate(x1)} {coordinate(y1)}", f"{coordinate(x2)} {coordinate(y2)}"
    sheet.path(f"M{start}C{middle} {coordinate(y1)} {middle} {coordinate(y2)} {end}", "edge")


def _node(sheet: Canvas, node: Node, x: float, y: float) -> None:
    style = f"node-{node.tone}" if node.tone in {Tone.BAD, Tone.WARN, Tone.INFO} else "node"
    if node.url:
        sheet.open_link(node.url, f"{node.name}, {node.detail}" if node.detail else node.name)
    sheet.rect(x, y, NODE_WIDTH, NODE_HEIGHT, style, radius=6)
    sheet.text(x + 10, y + (18 if node.detail else 25), fit(node.name, NODE_WIDTH - 20), "strong")
    if node.detail:
        sheet.text(x + 10, y + 33, fit(node.detail, NODE_WIDTH - 20), "muted")
    if node.url:
        sheet.close_link()


def fit(text: str, width: float) -> str:
    """A text cut with an ellipsis where it would be wider than ``width`` px."""
    if text_width(text) <= width:
        return text
    cut = text
    while cut and text_width(cut + "…") > width:
        cut = cut[:-1]
    return cut + "…"
