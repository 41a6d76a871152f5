"""Evaluations as charts: what stands in their readings, laid out; nothing is computed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lifecycle.data.schema import VersionSchema
from portal.areas import Verdict
from portal.checks.models import Evaluation
from portal.stats.profile import Reference
from portal.web.charts import (
    ControlChart,
    Distribution,
    Group,
    GroupChart,
    GroupState,
    Heatmap,
    HeatRow,
    Signal,
)
from portal.web.figures import number, pct
from portal.web.status import VERDICTS

Reading = Mapping[str, Any]
MOST_BINS = 12
DRIFT_WORDS = {Verdict.OK: "Stable", Verdict.BREACH: "Drifted"}


def week(evaluation: Evaluation) -> str:
    """The ISO week of a window, e.g. W47."""
    return f"W{evaluation.window_start.isocalendar().week}"


def readings_of(evaluation: Evaluation, metric: str, segment: str | None = None) -> list[Reading]:
    """The readings of one metric, for the whole or one segment."""
    return [r for r in evaluation.readings if r["metric"] == metric and r["segment"] == segment]


def drift_map(
    evaluations: Sequence[Evaluation], schema: VersionSchema | None, segment: str | None, url: str
) -> Heatmap | None:
    """Features by windows, the drifted ones first; windows with too few rows are dashed."""
    tables = [{r["feature"]: r for r in readings_of(e, "psi", segment)} for e in evaluations]
    names = dict.fromkeys(name for table in tables for name in table if name)
    if not names:
        return None
    importance = {f.name: f.importance for f in schema.features} if schema else {}
    rows = [_row(name, tables, importance.get(name), url) for name in names]
    rows.sort(key=lambda row: (-(row.importance or 0), -max((v or 0 for v in row.values), default=0)))
    few = {i for i, table in enumerate(tables) if table and _all_insufficient(table.values())}
    return Heatmap(
        label="Population stability index by feature and week",
        periods=[week(e) for e in evaluations],
        rows=rows,
        sizes=[e.n for e in evaluations],
        sizes_name="Predictions, n",
        few=frozenset(few),
    )


def _row(name: str, tables: Sequence[Mapping[str, Reading]], importance: float | None, url: str) -> HeatRow:
    newest = next((table[name] for table in reversed(tables) if name in table), None)
    verdict = Verdict(newest["verdict"]) if newest else Verdict.NO_DATA
    tone, word = VERDICTS[verdict]
    return HeatRow(
        name=name,
        values=[table[name]["value"] if name in table else None for table in tables],
        importance=importance,
        tone=tone,
        verdict=DRIFT_WORDS.get(verdict, str(word)),
        url=f"{url}?feature={name}",
    )


def _all_insufficient(readings: Any) -> bool:
    return all(r["verdict"] == Verdict.INSUFFICIENT for r in readings)


def distribution_of(reading: Reading, reference: Reference | None, period: str) -> Distribution | None:
    """The reference's shares of one feature beside the window's; the bins that moved most stand out."""
    counts, before = reading.get("counts"), reading.get("reference_counts")
    spec = next((f for f in reference.features if f.name == reading["feature"]), None) if reference else None
    if not counts or not before or spec is None or len(spec.labels) != len(counts):
        return None
    total, held = sum(counts), sum(before)
    shares = [(label, b / held, c / total) for label, b, c in zip(spec.labels, before, counts, strict=True)]
    shares = [share for share in shares if share[1] or share[2]]
    if len(shares) > MOST_BINS:
        shares.sort(key=lambda share: -abs(share[2] - share[1]))
        rest = shares[MOST_BINS - 1 :]
        others = ("others", sum(s[1] for s in rest), sum(s[2] for s in rest))
        shares = [*shares[: MOST_BINS - 1], others]
    moved = max(range(len(shares)), key=lambda i: abs(shares[i][2] - shares[i][1]))
    return Distribution(
        label=f"{reading['feature']}: shares in the reference and in {period}",
        labels=[share[0] for share in shares],
        reference=[share[1] for share in shares],
        window=[share[2] for share in shares],
        window_name=period,
        moved=frozenset({moved}),
    )


def group_picture(readings: Sequence[Reading], limit: float) -> GroupChart | None:
    """Impact ratios of the groups of one attribute, or of two crossed."""
    if not readings:
        return None
    reference = readings[0].get("reference_group")
    groups = [_group(r, reference, limit) for r in readings]
    return GroupChart(
        label="Impact ratio by group with its 95 % interval",
        groups=groups,
        threshold=limit,
        threshold_name=f"limit {number(limit)}",
        reference_name=_name(reference),
    )


def _group(reading: Reading, reference: Mapping[str, str] | None, limit: float) -> Group:
    value, low, high = reading["value"], reading["low"], reading["high"]
    verdict = Verdict(reading["verdict"])
    if value is None:
        state, words = GroupState.HIDDEN, str(reading["reason"] or "not shown").replace("_", " ")
    elif reading["group"] == reference:
        state, words = GroupState.REFERENCE, "reference"
    elif reading["reason"]:
        state, words = GroupState.FEW, str(reading["reason"])
    elif verdict == Verdict.BREACH:
        state, words = GroupState.BELOW, f"{number(value)}, below {number(limit)}"
    elif verdict == Verdict.INSUFFICIENT:
        state, words = GroupState.CROSSES, f"{number(value)}, too little evidence"
    else:
        crosses = low is not None and low < limit
        state = GroupState.CROSSES if crosses else GroupState.GOOD
        words = f"{number(value)}, interval crosses" if crosses else number(value)
    return Group(_name(reading["group"]), reading["n"], state, value, low, high, words)


def _name(group: Mapping[str, str] | None) -> str:
    return ", ".join(f"{key} {value}" for key, value in (group or {}).items())


def by_attributes(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    """Readings by the attributes their groups are made of, single ones first."""
    found: dict[tuple[str, ...], list[Reading]] = {}
    for reading in readings:
        if reading["group"]:
            found.setdefault(tuple(reading["group"]), []).append(reading)
    ordered = sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
    return {" × ".join(names): rows for names, rows in ordered}


def error_chart(evaluations: Sequence[Evaluation]) -> ControlChart | None:
    """The error rate window by window against its frozen centre and limits."""
    found = [(e, r) for e in evaluations for r in readings_of(e, "error_rate") if r["value"] is not None]
    judged = [(e, r) for e, r in found if r.get("center") is not None]
    if not judged:
        return None
    last = judged[-1][1]
    signals = [
        Signal(place, "rule 1" if r["value"] > r["upper"] else "EWMA")
        for place, (_, r) in enumerate(judged)
        if r["verdict"] in {Verdict.BREACH, Verdict.WARN}
    ]
    over = f"{len(signals)} of {len(judged)} windows signal" if signals else "No window signals"
    return ControlChart(
        label=f"Error rate by week. {over}; the centre is {pct(last['center'])}.",
        labels=[week(e) for e, _ in judged],
        values=[r["value"] for _, r in judged],
        center=last["center"],
        lower=[r["lower"] for _, r in judged],
        upper=[r["upper"] for _, r in judged],
        signals=signals,
        smoothed=[r["ewma"] for _, r in judged],
        smoothed_name="EWMA",
        unit="%",
    )


def drift_figure(evaluations: Sequence[Evaluation], segment: str | None) -> dict[str, Any]:
    """The same map as data for Plotly, for zooming and comparing: hover tells value, limits and n."""
    tables = [{r["feature"]: r for r in readings_of(e, "psi", segment)} for e in evaluations]
    names = sorted({name for table in tables for name in table if name})
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": [e.window_start for e in evaluations],
                "y": [table[name]["value"] if name in table else None for table in tables],
                "customdata": [
                    [table[name]["limit_breach"], table[name]["n"]] if name in table else [None, None]
                    for table in tables
                ],
                "hovertemplate": "PSI %{y:.3f}<br>limit %{customdata[0]:.3f}<br>n %{customdata[1]:,}",
            }
            for name in names
        ],
        "layout": {
            "xaxis": {"title": {"text": "Week"}},
            "yaxis": {"title": {"text": "Population stability index"}, "rangemode": "tozero"},
            "hovermode": "x unified",
        },
    }
