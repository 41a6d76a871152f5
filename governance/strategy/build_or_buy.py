"""Build or buy as an analysis: what it says, and how its page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from governance.strategy import selectors
from governance.strategy.calc import BuildOrBuy, Comparison, Sensitivity, Way, Worth, compare
from portal.analyses.models import Analysis
from portal.areas import AnalysisKind
from portal.rights import may
from portal.web.charts import Line, LineChart, Tornado, TornadoRow
from portal.web.figures import money, pct

WAYS = {Way.BUILD: "Build", Way.BUY: "Buy", Way.ADOPT: "Adopt", Way.NOTHING: "Do nothing"}
WIDEST = 8
"""Inputs the tornado shows; the ones below them hardly matter."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A line of the ranking: the option's value, what it is behind the best, and how it is meant."""

    worth: Worth
    way: str
    vendor: str
    behind: Decimal
    now: bool
    """Whether the tornado is about it."""

    @property
    def best(self) -> bool:
        return self.worth.place == 1


def headline(inputs: BuildOrBuy, result: Comparison) -> str:
    """Which option leads, by how much, and at which discount rate that would change."""
    if not result.ranking:
        return _("No option is entered yet.")
    best = result.ranking[0]
    if result.lead is None:
        return _("%(name)s alone is worth %(npv)s. A second option makes it a choice.") % {
            "name": best.name,
            "npv": money(best.npv, inputs.currency, 0),
        }
    if not result.lead:
        return _("%(name)s and %(second)s are worth the same at a discount rate of %(rate)s.") % {
            "name": best.name,
            "second": result.ranking[1].name,
            "rate": pct(inputs.rate),
        }
    return _("%(name)s leads %(second)s by %(lead)s at a discount rate of %(rate)s. %(turns)s") % {
        "name": best.name,
        "second": result.ranking[1].name,
        "lead": money(result.lead, inputs.currency, 0),
        "rate": pct(inputs.rate),
        "turns": turns_in_words(result),
    }


def turns_in_words(result: Comparison) -> str:
    """At which discount rates the best option changes."""
    if not result.turns:
        return _("No rate up to 40 % changes that order at the top.").replace(" %", "\u202f%")
    return " ".join(
        _("From %(rate)s on it is %(name)s.") % {"rate": pct(turn.rate), "name": turn.after}
        for turn in result.turns
    )


def choices(result: Comparison) -> Sequence[str]:
    return [worth.name for worth in result.ranking]


def rows(inputs: BuildOrBuy, result: Comparison) -> list[tuple[str, Any, str]]:
    """What is compared and exported: the shared inputs, then each option in the order of the ranking."""
    code = inputs.currency
    told: list[tuple[str, Any, str]] = [
        ("Discount rate", inputs.rate, "%"),
        ("Years compared", inputs.years, ""),
        ("First day", inputs.starts_on, ""),
        ("Cost of a month without it", inputs.delay_cost, code),
        ("Best option", result.best, ""),
        ("Lead of the best", result.lead, code),
    ]
    told += [(f"Value of {worth.name}", worth.npv, code) for worth in result.ranking]
    for worth in result.ranking:
        told += _rows_of(worth, code)
    return told


def _rows_of(worth: Worth, code: str) -> Iterator[tuple[str, Any, str]]:
    """One place of the ranking, so that places stand side by side whatever the options are called."""
    place = f"Place {worth.place}"
    yield place, worth.name, ""
    yield f"{place}: value, risk-adjusted", worth.npv, code
    yield f"{place}: value as planned", worth.planned, code
    yield f"{place}: benefits", worth.benefits, code
    yield f"{place}: outlay", worth.outlay, code
    yield f"{place}: running cost", worth.running, code
    yield f"{place}: delay", worth.delay, code
    yield f"{place}: leaving", worth.exit, code
    yield f"{place}: pays back in year", worth.pays_back, ""


def show(
    analysis: Analysis, inputs: BuildOrBuy, result: Comparison, user: Any, asked: Mapping[str, str]
) -> dict[str, Any]:
    """The ranking, the tornado of one option, values by rate, the decision, and what bills say since."""
    names = choices(result)
    about = asked.get("about", "")
    about = about if about in names else analysis.choice if analysis.choice in names else result.best
    asked_now = selectors.case_of(analysis, user)
    return {
        "ranking": _ranking(inputs, result, about),
        "about": about,
        "tornado": tornado_of(inputs, result, about) if about else None,
        "by_rate": lines_of(inputs, result) if len(names) > 1 else None,
        "decision": asked_now,
        "held": selectors.held(analysis),
        "finding": selectors.finding_of(analysis, user),
        "may_propose": selectors.may_propose(analysis, user, asked_now) and len(names) > 1,
        "may_see_costs": may(user, "costs.read"),
        "propose_url": reverse("strategy:propose", args=[analysis.ref]),
        "option_rows": [(option, WAYS[option.way]) for option in inputs.options],
    }


def _ranking(inputs: BuildOrBuy, result: Comparison, about: str) -> list[Ranked]:
    options = {option.name: option for option in inputs.options}
    return [
        Ranked(
            worth,
            WAYS[options[worth.name].way],
            options[worth.name].vendor,
            result.ranking[0].npv - worth.npv,
            worth.name == about,
        )
        for worth in result.ranking
    ]


def tornado_of(inputs: BuildOrBuy, result: Comparison, name: str) -> Tornado | None:
    """The tornado of one option; None where nothing of it can be varied."""
    told: Sensitivity = next(each for each in result.sensitivity if each.name == name)
    if not told.swings:
        return None
    widest = told.swings[0]
    base = next(worth.npv for worth in result.ranking if worth.name == name)
    code = inputs.currency
    label = _("The value of %(name)s hangs most on %(input)s: %(low)s to %(high)s.") % {
        "name": name,
        "input": widest.name.lower(),
        "low": money(min(widest.low, widest.high), code, 0),
        "high": money(max(widest.low, widest.high), code, 0),
    }
    return Tornado(
        label=label,
        rows=[
            TornadoRow(
                swing.name,
                float(swing.low),
                float(swing.high),
                swing.low_text,
                swing.high_text,
                turns={swing.low_leads, swing.high_leads} != {result.best},
            )
            for swing in told.swings[:WIDEST]
        ],
        base=float(base),
        unit=code,
        base_name=_("As entered"),
        low_name=_("Input low"),
        high_name=_("Input high"),
    )


def lines_of(inputs: BuildOrBuy, result: Comparison) -> LineChart:
    """The value of each option by discount rate."""
    points = result.by_rate
    return LineChart(
        label=f"{_('Value of each option by discount rate.')} {turns_in_words(result)}",
        labels=[pct(point.rate, 0 if point.rate * 100 % 1 == 0 else 1) for point in points],
        lines=[
            Line(option.name, [float(point.values[place]) for point in points], end_text=option.name)
            for place, option in enumerate(inputs.options)
        ],
        unit=inputs.currency,
        places=0,
    )


BUILD_OR_BUY = AnalysisKind(
    slug="build-or-buy",
    title="Build or buy",
    explain=(
        "Ways to meet one need, by what they are worth today after risk, delay and the cost of leaving. "
        "First what holds for all of them; the options come next, one form each."
    ),
    inputs=BuildOrBuy,
    result=Comparison,
    compute=compare,
    engine=1,
    headline=headline,
    choices=choices,
    rows=rows,
    template="strategy/build_or_buy.html",
    how="strategy/how.html",
    aside="strategy/decision.html",
    show=show,
    levers=("rate", "delay_cost", "years"),
    part="options",
    decide="strategy:propose",
)
