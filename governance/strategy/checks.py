"""Whether an accepted option costs what was expected when it was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costs.periods import month_at
from costs.selectors import costs_of, covered_until, sum_of, valid_shares
from governance.strategy.calc import BuildOrBuy, billed_share, expected_cost, year_start
from governance.strategy.policies import FORECAST_LIMITS, ForecastLimits
from portal.analyses.models import Analysis, State
from portal.areas import Check, MetricKind, Reading, Severity, Verdict, Window
from portal.checks.readings import Readings
from portal.web.figures import day, money, pct

MILESTONES = (90, 180)
"""Days after an option begins on which its bills are held against its forecast."""
PATIENCE = timedelta(days=60)
"""How long after the last of them bills may come late or be corrected."""
FORECAST_ERROR = MetricKind(
    "forecast_error", "Actual against accepted forecast", "%", "none", timedelta(days=100)
)
"""Billed less expected, as a share of what was expected."""


def begun_on(analysis: Analysis, inputs: BuildOrBuy) -> date:
    """From which day bills count: the first day of the option, or of its acceptance if that came later."""
    assert analysis.closed_at is not None  # the database holds it
    return max(inputs.starts_on, analysis.closed_at.astimezone(UTC).date())


def milestones_of(analysis: Analysis, inputs: BuildOrBuy) -> list[tuple[int, date]]:
    """The milestones within the years compared: days, and the first day that no longer counts."""
    begun = begun_on(analysis, inputs)
    end = year_start(inputs.starts_on, inputs.years)
    ends = ((days, begun + timedelta(days=days)) for days in MILESTONES)
    return [(days, until) for days, until in ends if until <= end]


def accepted_forecasts(at: datetime) -> Iterator[Analysis]:
    """The accepted options that are past a milestone, until their last one is long enough ago."""
    kind = Analysis.objects.filter(kind="build-or-buy", state=State.ACCEPTED, closed_at__lte=at)
    for analysis in kind.select_related("system").order_by("pk"):
        ends = [until for _days, until in milestones_of(analysis, analysis.typed_inputs())]
        if ends and ends[0] <= at.date() <= ends[-1] + PATIENCE:
            yield analysis


def measure_forecast(analysis: Analysis, window: Window, limits: ForecastLimits) -> Readings:
    """Each milestone reached by the end of the window: what was billed against what was expected.

    Running cost only; the outlay is on no bill of the system. A month's bill counts by days. While bills do
    not reach a milestone there is no number for it.
    """
    inputs: BuildOrBuy = analysis.typed_inputs()
    begun, today = begun_on(analysis, inputs), window.end.date()
    reached = [(days, until) for days, until in milestones_of(analysis, inputs) if until <= today]
    if not reached:
        none = Reading(FORECAST_ERROR.slug, None, Verdict.INSUFFICIENT, reason="no milestone is reached yet")
        return Readings([none], state="open")
    bills = _bills(analysis, inputs.currency, begun, reached[-1][1])
    return Readings(_reading(analysis, inputs, limits, milestone, bills) for milestone in reached)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a system bears of a month, for the days from its first up to, not including, ``covered``."""

    amount: Decimal
    first: date
    covered: date


def _bills(analysis: Analysis, currency: str, first: date, until: date) -> list[Bill]:
    """The system's share of each month that the days touch and that is billed, in order."""
    months = [month_at(first.year, first.month + step) for step in range(_months(first, until))]
    costs = costs_of(valid_shares().filter(system=analysis.system), months, currency)
    bills = []
    for month in months:
        covered = covered_until(month, currency)
        if covered is not None:
            amount = sum_of(cost for cost in costs if cost.period == month)
            bills.append(Bill(amount, month, covered.astimezone(UTC).date()))
    return bills


def _months(first: date, until: date) -> int:
    last = until - timedelta(days=1)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _reading(
    analysis: Analysis,
    inputs: BuildOrBuy,
    limits: ForecastLimits,
    milestone: tuple[int, date],
    bills: Sequence[Bill],
) -> Reading:
    days, until = milestone
    begun = until - timedelta(days=days)
    expected = expected_cost(inputs, analysis.choice, begun, until)
    told = {
        "days": days,
        "from": begun.isoformat(),
        "until": until.isoformat(),
        "currency": inputs.currency,
        "expected": format(expected, "f"),
    }
    gap = _gap(bills, begun, until)
    if gap is not None:
        return _unmeasured(days, f"bills reach {day(gap)}, the milestone is {day(until)}", told)
    parts = (billed_share(bill.amount, bill.first, bill.covered, begun, until) for bill in bills)
    actual = sum(parts, Decimal(0)).quantize(Decimal("0.01"))
    told["actual"] = format(actual, "f")
    if not expected:
        return _unmeasured(days, "no running cost was expected, so there is no share of it", told)
    off = actual / expected - 1
    return Reading(
        FORECAST_ERROR.slug,
        round(float(off), 6),
        _verdict(off, limits),
        segment=f"{days} days",
        limit_warn=limits.warn,
        limit_breach=limits.breach,
        extra={**told, "sentence": _sentence(analysis, days, actual, off, inputs.currency)},
    )


def _unmeasured(days: int, reason: str, told: dict[str, Any]) -> Reading:
    return Reading(
        FORECAST_ERROR.slug,
        None,
        Verdict.INSUFFICIENT,
        segment=f"{days} days",
        reason=reason,
        extra=told,
    )


def _gap(bills: Sequence[Bill], begun: date, until: date) -> date | None:
    """The first day that no bill charges yet; None where all are charged."""
    reached = begun
    for bill in bills:
        if bill.first <= reached:
            reached = max(reached, bill.covered)
    return reached if reached < until else None


def _verdict(off: Decimal, limits: ForecastLimits) -> Verdict:
    size = abs(float(off))
    if size > limits.breach:
        return Verdict.BREACH
    return Verdict.WARN if size > limits.warn else Verdict.OK


def _sentence(analysis: Analysis, days: int, actual: Decimal, off: Decimal, currency: str) -> str:
    way = "above" if off > 0 else "below"
    return (
        f"{analysis.choice} cost {money(actual, currency, 0)} in its first {days} days, "
        f"{pct(abs(off), 0)} {way} what was accepted"
    )


FORECAST = Check(
    slug="strategy.forecast",
    title="Accepted forecast",
    measure=measure_forecast,
    subjects=accepted_forecasts,
    policy=FORECAST_LIMITS,
    metrics=(FORECAST_ERROR,),
    every=timedelta(days=1),
    severity=Severity.MEDIUM,
    page="analyses:analysis",
    explain=(
        "What the bills of a system say 90 and 180 days after an accepted option began, against the running "
        "cost that was expected of it, overrun included. A month's bill counts by its days. The outlay is on "
        "no bill of the system and is not compared."
    ),
)
