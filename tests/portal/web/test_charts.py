"""Charts say their finding, keep their texts readable, and draw the same picture from the same data.

The pictures in ``golden/`` were looked at. ``PORTAL_GOLDEN=write`` draws them anew, to be looked at again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from portal.web import charts, examples
from portal.web.charts.canvas import Target, text_width
from portal.web.charts.scale import axis, spread
from portal.web.status import Tone

GOLDEN = Path(__file__).parent / "golden"

DRAWN: dict[str, Callable[[Target], str]] = {
    "sparkline": lambda target: charts.sparkline(
        charts.Spark(examples.CONTACT, "Cost per contact rises.", 3.6, Tone.WARN), target
    ),
    "line": lambda target: charts.line_chart(examples.cost_line(), target),
    "lines": lambda target: charts.line_chart(examples.ratio_lines(), target, width=334, height=236),
    "spend": lambda target: charts.line_chart(examples.spend(), target, width=622, height=240),
    "control": lambda target: charts.control_chart(examples.rerouted(), target),
    "groups": lambda target: charts.group_chart(examples.ages(), target),
    "bars": lambda target: charts.bars(examples.value_and_cost(), target),
    "bars-narrow": lambda target: charts.bars(examples.value_and_cost(), target, width=318),
    "tornado": lambda target: charts.tornado(examples.build_or_buy(), target),
    "tornado-narrow": lambda target: charts.tornado(examples.build_or_buy(), target, width=318),
    "distribution": lambda target: charts.distribution(examples.topic(), target),
    "calibration": lambda target: charts.calibration(examples.calibrated(), target),
    "lineage": lambda target: charts.lineage(examples.graph(), target),
}
TARGETS: tuple[Target, ...] = ("web", "print")


def parts(svg: str, tag: str) -> list[ET.Element]:
    root = ET.fromstring(svg)  # noqa: S314 - drawn by ourselves a line above
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == tag]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", DRAWN)
def test_the_picture_is_the_one_that_was_looked_at(name: str, target: Target) -> None:
    path = GOLDEN / f"{name}.{target}.svg"
    drawn = DRAWN[name](target).replace("><", ">\n<") + "\n"
    if os.environ.get("PORTAL_GOLDEN") == "write":
        path.write_text(drawn)
    assert drawn == path.read_text()


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_says_its_finding_in_a_sentence(name: str) -> None:
    root = ET.fromstring(DRAWN[name]("web"))  # noqa: S314 - drawn by ourselves
    assert root.get("role") in {"img", "group"}
    assert (root.get("aria-label") or "").endswith(".")


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_leaves_the_sheet_or_is_under_eleven_pixels(name: str) -> None:
    drawn = DRAWN[name]("print")
    width = float(ET.fromstring(drawn).get("width") or 0)  # noqa: S314 - drawn by ourselves
    for text in parts(drawn, "text"):
        written, at = text.text or "", float(text.get("x") or 0)
        reach = text_width(written)
        start = {"end": at - reach, "middle": at - reach / 2}.get(text.get("text-anchor") or "", at)
        assert start >= -2, written
        assert start + reach <= width + 2, written
        assert float((text.get("font-size") or "0").removesuffix("px")) >= 11


@pytest.mark.parametrize("name", DRAWN)
def test_paper_needs_no_style_sheet_and_the_web_no_colour(name: str) -> None:
    assert "class=" not in DRAWN[name]("print")
    assert re.search(r"#[0-9a-f]{6}|style=", DRAWN[name]("web")) is None


def test_what_people_typed_cannot_become_markup() -> None:
    hostile = '<script>alert(1)</script>"'
    data = replace(
        examples.cost_line(), label=hostile, labels=[hostile] * 24, notes=(charts.Note(1, hostile),)
    )
    assert "<script" not in charts.line_chart(data)
    row = charts.HeatRow(hostile, [0.1], tone=Tone.BAD, verdict=hostile)
    assert "<script" not in charts.psi_heatmap(charts.Heatmap(hostile, [hostile], [row]))


def test_a_missing_value_breaks_the_line_and_is_not_drawn_as_zero() -> None:
    whole = charts.LineChart("A.", list("abcde"), (charts.Line("a", [5, 6, 7, 6, 5]),))
    broken = replace(whole, lines=(charts.Line("a", [5, 6, None, 6, 5]),))
    assert charts.line_chart(whole).count('class="line"') == 1
    assert charts.line_chart(broken).count('class="line"') == 2


def test_nothing_measured_yet_draws_an_empty_frame() -> None:
    empty = charts.LineChart("Nothing measured.", ["a", "b"], (charts.Line("a", [None, None]),))
    assert 'class="line"' not in charts.line_chart(empty)
    assert "<svg" in charts.sparkline(charts.Spark([], "Nothing measured."))


def test_a_constant_stands_in_the_middle_of_its_axis() -> None:
    scale = axis([7.0, 7.0], 100, 0)
    assert scale.low < 7 < scale.high
    assert charts.sparkline(charts.Spark([3, 3, 3], "Constant."))


def test_six_lines_are_refused() -> None:
    lines = tuple(charts.Line(str(i), [i, i]) for i in range(6))
    with pytest.raises(ValueError, match="at most five"):
        charts.line_chart(charts.LineChart("Six.", ["a", "b"], lines))


def test_three_series_of_bars_and_six_parts_of_a_bill_are_refused() -> None:
    series = tuple(charts.Series(str(i), [1]) for i in range(3))
    with pytest.raises(ValueError, match="one or two"):
        charts.bars(charts.Bars("Three.", ["a"], series))
    with pytest.raises(ValueError, match="at most five"):
        charts.allocation(charts.Allocation("Six.", [charts.Part(str(i), 0.1, "1") for i in range(6)]))


def test_every_signal_is_a_triangle_and_every_other_point_a_dot() -> None:
    data = examples.rerouted()
    drawn = charts.control_chart(data)
    assert drawn.count('class="mark-bad"') == len(data.signals)
    assert drawn.count('class="dot"') == len(data.values) - len(data.signals)


def test_a_chart_without_limits_or_phases_is_drawn_too() -> None:
    plain = charts.ControlChart("Plain.", ["a", "b", "c"], [1.0, 2.0, 3.0], 2.0, None, 3.5)
    drawn = charts.control_chart(plain)
    assert "Lower limit" not in drawn
    assert "Upper limit 3.5" in drawn
    assert "Phase" not in drawn


def test_a_group_too_small_for_a_verdict_has_no_mark_and_a_hidden_one_nothing() -> None:
    state = charts.GroupState
    few = charts.GroupChart(
        "Few.", [charts.Group("75 and over", 24, state.FEW, 0.9, 0.5, 1.2, "too few (24)")]
    )
    hidden = charts.GroupChart("Hidden.", [charts.Group("Not stated", 7, state.HIDDEN, 0.9, 0.5, 1.2)])
    assert "mark-" not in charts.group_chart(few).replace("halo-mark", "")
    assert "range-few" in charts.group_chart(few)
    assert "range-" not in charts.group_chart(hidden)
    assert "7" not in re.findall(r"<text[^>]*>([^<]*)</text>", charts.group_chart(hidden))


def test_cells_are_tinted_by_the_cuts_of_the_policy_and_print_their_value() -> None:
    values = [0.049, 0.0501, 0.0999, 0.2, 0.25]
    row = charts.HeatRow("tenure", values)
    drawn = charts.psi_heatmap(charts.Heatmap("Drift.", list("abcde"), [row]))
    assert re.findall(r'<td class="(\w+)">([\d.]+)</td>', drawn) == [
        ("h2", "0.05"),
        ("h2", "0.05"),
        ("h3", "0.10"),
        ("h3", "0.20"),
        ("h4", "0.25"),
    ]


def test_a_period_with_too_few_records_has_no_tint() -> None:
    data = charts.Heatmap("Drift.", ["a", "b"], [charts.HeatRow("tenure", [0.9, None])], few=frozenset({0}))
    drawn = charts.psi_heatmap(data)
    assert '<td class="few">0.90</td>' in drawn
    assert "<td>—</td>" in drawn


def test_the_parts_of_a_bill_fill_the_bar() -> None:
    drawn = charts.allocation(examples.bill())
    widths = re.findall(r'<rect x="[\d.]+%" y="[\d.]+" width="([\d.]+)%"', drawn)
    assert sum(map(float, widths)) == pytest.approx(100, abs=0.2)


def test_lineage_names_what_it_cuts_and_lists_everything() -> None:
    nodes = [charts.Node(str(i), "Data", f"set {i}") for i in range(60)]
    data = charts.Lineage(
        "Sixty sets.", ["Data", "Model"], [*nodes, charts.Node("m", "Model", "churn")], [("0", "m")]
    )
    drawn = charts.lineage(data)
    shown = drawn.count('class="node"')
    assert shown <= 40
    assert f"+ {61 - shown}" in drawn
    assert len(data.as_list) == 61
    assert data.as_list[-1] == (charts.Node("m", "Model", "churn"), [nodes[0]])


@pytest.mark.parametrize(
    ("low", "high", "unit", "ticks"),
    [
        (0, 8, "", ["0", "2", "4", "6", "8"]),
        (3.45, 4.35, "EUR", ["€3.40", "€3.60", "€3.80", "€4.00", "€4.20", "€4.40"]),
        (0.11, 0.18, "%", ["10\u202f%", "12\u202f%", "14\u202f%", "16\u202f%", "18\u202f%"]),
        (0, 884_000, "EUR", ["0", "€200\u202fk", "€400\u202fk", "€600\u202fk", "€800\u202fk", "€1\u202fm"]),
    ],
)
def test_an_axis_ends_on_round_ticks(low: float, high: float, unit: str, ticks: list[str]) -> None:
    scale = axis([low, high], 100, 0)
    assert [scale.text(tick, unit) for tick in scale.ticks] == ticks


def test_labels_at_the_edge_never_overlap() -> None:
    placed = sorted(spread([50, 51, 52, 90], 14, 0, 100))
    assert all(b - a >= 13.9 for a, b in pairwise(placed))
    assert placed[0] >= 0
    assert placed[-1] <= 100


def test_a_chart_of_groups_grows_where_long_names_leave_no_room_for_the_scale() -> None:
    group = charts.Group("age_group 60 and over", 226, charts.GroupState.GOOD, 0.9, 0.8, 1.0, "0.90, above")
    short, long = (
        re.search(r'viewBox="0 0 (\d+)', charts.group_chart(charts.GroupChart("Ratios", groups), width=330))
        for groups in ([replace(group, name="F", words="")], [group])
    )
    assert short
    assert long
    assert int(short[1]) == 330
    assert int(long[1]) > 330
