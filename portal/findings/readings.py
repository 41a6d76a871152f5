"""The readings of a finding as a table and as a line: what was measured, the limit, and how sure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from portal.areas import MetricKind, Verdict, declared
from portal.web.charts import Limit, Line, LineChart
from portal.web.figures import MISSING, interval, number, quantity
from portal.web.status import Tone


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading as a page prints it."""

    metric: str
    part: str
    value: str
    interval: str
    limit: str
    n: str
    verdict: Verdict
    reason: str


def reading_rows(readings: Iterable[Mapping[str, Any]]) -> list[ReadingRow]:
    """Readings as stored, in the units of their metrics."""
    kinds = {kind.slug: kind for kind in declared("metrics")}
    return [_row(reading, kinds.get(reading["metric"])) for reading in readings]


def _row(reading: Mapping[str, Any], kind: MetricKind | None) -> ReadingRow:
    unit = kind.unit if kind else ""
    verdict = Verdict(reading["verdict"])
    limit = reading.get("limit_warn") if verdict == Verdict.WARN else reading.get("limit_breach")
    group = reading.get("group") or {}
    labels = [
        reading.get("feature"),
        ", ".join(f"{k} {v}" for k, v in sorted(group.items())),
        reading.get("segment"),
    ]
    return ReadingRow(
        metric=kind.title if kind else reading["metric"],
        part=", ".join(filter(None, labels)),
        value=quantity(reading.get("value"), unit),
        interval=interval(reading.get("low"), reading.get("high"), unit),
        limit=quantity(limit, unit) if limit is not None else MISSING,
        n=number(reading.get("n")),
        verdict=verdict,
        reason=reading.get("reason") or "",
    )


def trend_chart(detail: Mapping[str, Any]) -> LineChart | None:
    """The line of the values that led to a finding, with its limit; None where a finding has no such line.

    ``detail["trend"]`` holds ``metric``, ``limit`` and ``points`` of ``end`` (a day) and ``value``.
    """
    trend = detail.get("trend")
    if not trend or sum(point["value"] is not None for point in trend["points"]) < 2:
        return None
    kinds = {kind.slug: kind for kind in declared("metrics")}
    kind = kinds.get(trend["metric"])
    title, unit = (kind.title, kind.unit) if kind else (trend["metric"], "")
    values = [point["value"] for point in trend["points"]]
    last = quantity(values[-1], unit)
    limit = trend["limit"]
    told = {"metric": title, "value": last, "limit": quantity(limit, unit)}
    sentence = (
        _("%(metric)s reached %(value)s")
        if limit is None
        else _("%(metric)s reached %(value)s, limit %(limit)s")
    )
    return LineChart(
        label=sentence % told,
        labels=[f"{date.fromisoformat(point['end']):%-d %b}" for point in trend["points"]],
        lines=[Line(title, values, end=Tone.BAD, end_text=last)],
        limits=[Limit(_("limit %(value)s") % {"value": quantity(limit, unit)}, limit)]
        if limit is not None
        else [],
        unit=unit,
    )
