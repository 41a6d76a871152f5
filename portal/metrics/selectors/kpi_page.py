"""Everything the page of one KPI shows, sentences included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.areas import find
from portal.metrics.models import CheckIn, Kpi, KpiContribution
from portal.metrics.models.kpis import Aggregation, Source
from portal.metrics.selectors.histories import History, Point, history_of
from portal.metrics.selectors.scorecard import interval_text, kpi_view, sense
from portal.metrics.standing import WORDS, Standing
from portal.web import charts
from portal.web.figures import MINUS, day, moment, number, pct, quantity
from portal.web.parts import Fact, KpiView


@dataclass(frozen=True, slots=True)
class KpiPageView:
    """The page: what it says, its facts, its chart, and what stands beside."""

    kpi: Kpi
    history: History
    view: KpiView
    headline: str
    summary: str
    facts: Sequence[Fact]
    chart: charts.LineChart
    computed: Sequence[Fact]
    contributions: Sequence[KpiContribution]
    check_ins: Sequence[CheckIn]


def kpi_page(kpi: Kpi, *, at: datetime | None = None) -> KpiPageView:
    """The page of a KPI as of an instant. Seven queries."""
    prefetch_related_objects([kpi], "targets")
    history = history_of(kpi, at=at)
    return KpiPageView(
        kpi=kpi,
        history=history,
        view=kpi_view(history),
        headline=headline(history),
        summary=trend(history),
        facts=_facts(history),
        chart=_chart(history),
        computed=_computed(history),
        contributions=list(kpi.contributions.select_related("system")),
        check_ins=list(kpi.check_ins.select_related("author")[:5]),
    )


def headline(history: History) -> str:
    """The finding in one sentence."""
    kpi, latest, target = history.kpi, history.latest, history.target
    if latest is None or latest.value is None:
        return _("%(name)s has no value yet") % {"name": kpi.name}
    distance = 0.0 if target is None else latest.value - target
    told = {
        "name": kpi.name,
        "value": written(kpi, latest.value),
        "target": written(kpi, target),
        "gap": gap(kpi, abs(distance)),
        "period": latest.title,
    }
    match history.standing:
        case Standing.STALE:
            text = _("%(name)s was %(value)s in %(period)s, and nothing newer is known")
        case Standing.NO_TARGET:
            text = _("%(name)s is %(value)s, and no target is set")
        case Standing.ON_TARGET:
            text = _("%(name)s is %(value)s and meets its target of %(target)s")
        case _ if distance > 0:
            text = _("%(name)s is %(value)s, %(gap)s above its target")
        case _:
            text = _("%(name)s is %(value)s, %(gap)s below its target")
    return text % told


def trend(history: History) -> str:
    """How it came there: for how many periods it has gone the same way; empty with fewer than two values."""
    known = [point for point in history.points if point.value is not None]
    if len(known) < 2 or not history.delta:
        return ""
    rising = history.delta > 0
    start = len(known) - 2
    while start > 0 and _rises(known[start - 1], known[start]) is rising:
        start -= 1
    steps = len(known) - 1 - start
    told = {
        "steps": steps,
        "from": written(history.kpi, known[start].value),
        "to": written(history.kpi, known[-1].value),
        "since": known[start].title,
    }
    if rising:
        text = ngettext(
            "It rose from %(from)s in %(since)s to %(to)s.",
            "It has risen %(steps)d periods in a row, from %(from)s in %(since)s to %(to)s.",
            steps,
        )
    else:
        text = ngettext(
            "It fell from %(from)s in %(since)s to %(to)s.",
            "It has fallen %(steps)d periods in a row, from %(from)s in %(since)s to %(to)s.",
            steps,
        )
    return text % told


def written(kpi: Kpi, value: float | None) -> str:
    """A value in the KPI's unit. Points stand without a sign: here they are no change."""
    return quantity(value, kpi.unit, kpi.decimals).removeprefix("+")


def gap(kpi: Kpi, distance: float) -> str:
    """A distance between two values; between two rates it is in percentage points."""
    unit = "pp" if kpi.unit == "%" else kpi.unit
    return quantity(distance, unit, kpi.decimals).removeprefix("+")


def _rises(first: Point, second: Point) -> bool | None:
    """Whether the value rose from one period to the next; None where it stayed."""
    if first.value is None or second.value is None or first.value == second.value:
        return None
    return second.value > first.value


def _facts(history: History) -> list[Fact]:
    kpi, latest, before = history.kpi, history.latest, history.before
    tone, word = WORDS[history.standing]
    found = [Fact(_("Status"), _(word), tone=tone)]
    if latest is not None:
        period = _("%(period)s to date") if history.running else "%(period)s"
        label = _("Value, %(period)s") % {"period": period % {"period": latest.title}}
        found.append(Fact(label, written(kpi, latest.value), interval_text(history)))
    found.append(
        Fact(_("Target"), kpi_view(history).target_text or _("not set"), qualifier=_target_since(history))
    )
    if before is not None and history.delta is not None:
        change = gap(kpi, abs(history.delta))
        sign = "+" if history.delta > 0 else MINUS if history.delta < 0 else ""
        meaning = {"good": _("better"), "bad": _("worse")}.get(sense(history), "")
        found.append(Fact(_("Since %(period)s") % {"period": before.title}, f"{sign}{change}", meaning))
    deputy = _("deputy %(name)s") % {"name": kpi.deputy} if kpi.deputy else ""
    found.append(Fact(_("Owner"), kpi.owner or _("nobody yet"), deputy))
    if latest is not None and latest.sample is not None:
        found.append(Fact(_("Data as of"), moment(latest.sample.recorded_at)))
    return found


def _target_since(history: History) -> str:
    begun = [target for target in history.kpi.targets.all() if target.starts_on <= history.at.date()]
    return _("since %(day)s") % {"day": day(begun[-1].starts_on)} if begun else ""


def _chart(history: History) -> charts.LineChart:
    kpi, points, latest = history.kpi, history.points, history.latest
    tone, _word = WORDS[history.standing]
    samples = [point.sample for point in points]
    running = next((i for i, point in enumerate(points) if point.window.end > history.at), None)
    targets = [point.target for point in points]
    name = _("Target %(value)s") % {"value": written(kpi, history.target)}
    return charts.LineChart(
        label=headline(history),
        labels=[point.title for point in points],
        lines=[
            charts.Line(
                kpi.name,
                [point.value for point in points],
                low=[sample.low if sample else None for sample in samples],
                high=[sample.high if sample else None for sample in samples],
                end=tone if latest else None,
                end_text=written(kpi, latest.value) if latest else "",
                dotted_from=running,
            )
        ],
        limits=[charts.Limit(name, targets)] if history.target is not None else [],
        unit=kpi.unit,
        places=kpi.decimals,
    )


def _computed(history: History) -> list[Fact]:
    """How it is computed: formula, sources, interval, last run, size, rule, last change of the target."""
    kpi = history.kpi
    sample = history.latest.sample if history.latest else None
    found = [Fact(_("Formula"), kpi.formula or _("Not written down yet")), Fact(_("Source"), _source(kpi))]
    found.append(Fact(_("Interval"), kpi.interval_method or _("None stated")))
    if sample is not None and sample.run is not None:
        when = moment(sample.recorded_at)
        run = _("Run %(id)s") % {"id": sample.run.pk}
        found.append(Fact(_("Last run"), run, when, url=sample.run.get_absolute_url()))
    if sample is not None and sample.n is not None:
        found.append(Fact(_("Rows"), f"n\u00a0{number(sample.n)}"))
    rule = _("At risk up to %(share)s past target, off track beyond")
    found.append(Fact(_("Status rule"), rule % {"share": pct(kpi.tolerance)}))
    changed = list(kpi.targets.all())[-1:]
    if changed:
        target = changed[0]
        text = _("Target %(value)s from %(day)s: %(reason)s")
        told = {"value": written(kpi, target.value), "day": day(target.starts_on), "reason": target.reason}
        found.append(Fact(_("Changed"), text % told))
    return found


def _source(kpi: Kpi) -> str:
    if kpi.source == Source.ENTERED:
        return _("Entered or imported by people")
    try:
        title = find("metrics", kpi.metric).title
    except KeyError:
        title = kpi.metric
    how = Aggregation(kpi.aggregation).label.lower()
    return _("%(metric)s of the contributing systems: %(how)s") % {"metric": title, "how": how}
