"""How budgets stand: what is spent of them, and where they are heading, with an interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.db.models import Max
from django.urls import reverse
from django.utils.dateformat import format as written

from costs.calc import LEVEL, Spread, forecast_spread
from costs.models import Budget, Grain
from costs.periods import months_before, months_of
from costs.selectors import Cost, costs_of, forecast_of, sum_of, valid_shares
from portal.web.figures import interval, money

HISTORY = 12
"""Months before a period whose changes say how far a forecast may be off."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands in a period. Amounts are None where they are not known, ``reason`` says why.

    ``low`` and ``high`` enclose what the period will cost in four of five cases; where the whole period is
    billed there is nothing to expect, and both are what is spent.
    """

    budget: Budget
    months: Sequence[date]
    spent: Decimal
    forecast: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    exact: bool = False
    reason: str = ""

    @property
    def spent_share(self) -> float:
        return float(self.spent / self.budget.amount)

    @property
    def forecast_share(self) -> float | None:
        return self._share(self.forecast)

    @property
    def low_share(self) -> float | None:
        return self._share(self.low)

    @property
    def high_share(self) -> float | None:
        return self._share(self.high)

    @property
    def basis(self) -> str | None:
        """What the forecast is: exact, with an interval, or a point without one. None without a forecast."""
        if self.forecast is None:
            return None
        if self.exact:
            return "exact"
        return "point" if self.low is None else "interval"

    @property
    def interval_words(self) -> str:
        """The interval in words, "exact", or why there is none."""
        if self.exact:
            return "exact"
        if self.low is None or self.high is None:
            return self.reason
        ends = interval(round(self.low), round(self.high))
        return f"{LEVEL:.0%} interval {ends} {self.budget.currency}"

    @property
    def period(self) -> str:
        """The period: "November 2026", or "October to December 2026"."""
        first, last = self.months[0], self.months[-1]
        if self.budget.grain == Grain.MONTH:
            return written(first, "F Y")
        return f"{written(first, 'F')} to {written(last, 'F Y')}"

    @property
    def told(self) -> str:
        """What is spent and expected, in a sentence."""
        currency = self.budget.currency
        said = f"{money(self.spent, currency, 0)} of {money(self.budget.amount, currency, 0)} is spent"
        if self.forecast is None or self.exact:
            return f"{said}."
        return f"{said}; the forecast is {money(self.forecast, currency, 0)}, {self.interval_words}."

    @property
    def page(self) -> str:
        return reverse("costs:budgets")

    def _share(self, amount: Decimal | None) -> float | None:
        return None if amount is None else float(amount / self.budget.amount)


def standings(budgets: Iterable[Budget], day: date) -> list[Standing]:
    """How budgets stand in the period that holds a day. Two queries a currency, however many there are."""
    listed = list(budgets)
    periods = {budget.grain: months_of(budget.grain, day) for budget in listed}
    wanted = {month for months in periods.values() for month in (*months_before(months[0], HISTORY), *months)}
    costs = {
        currency: costs_of(valid_shares(), wanted, currency)
        for currency in {budget.currency for budget in listed}
    }
    return [_standing(budget, periods[budget.grain], costs[budget.currency]) for budget in listed]


def newest_month(currency: str, day: date) -> date | None:
    """The newest month up to a day that has a bill in a currency."""
    shares = valid_shares().filter(allocation__bill__currency=currency, period__lte=day)
    newest: date | None = shares.aggregate(newest=Max("period"))["newest"]
    return newest


def _standing(budget: Budget, months: Sequence[date], costs: Sequence[Cost]) -> Standing:
    by_month: dict[date, list[Cost]] = {}
    for cost in costs:
        if _bears(budget, cost):
            by_month.setdefault(cost.period, []).append(cost)
    mine = [cost for month in months for cost in by_month.get(month, ())]
    spent, ahead = sum_of(mine), forecast_of(mine)
    if not mine or ahead is None:
        said = "too little of the period is billed for a forecast" if mine else "nothing of it is billed yet"
        return Standing(budget, months, spent, None, reason=said)
    billed = [month for month in months if month in by_month]
    still = [ahead - spent, *[ahead / len(billed)] * (len(months) - len(billed))]
    whole = len(billed) == len(months) and ahead == spent
    forecast = spent + sum(still)  # months to come cost what those billed do
    if whole:
        return Standing(budget, months, spent, spent, spent, spent, exact=True)
    spread = forecast_spread(_changes(by_month), [float(amount) for amount in still])
    return _with(Standing(budget, months, spent, forecast), spread)


def _with(standing: Standing, spread: Spread) -> Standing:
    """The standing with its interval; what is billed already is the least it can be."""
    budget, months, spent, forecast = standing.budget, standing.months, standing.spent, standing.forecast
    if spread.half_width is None or forecast is None:
        return Standing(budget, months, spent, forecast, reason=spread.reason)
    half = Decimal(repr(spread.half_width))
    low = max(forecast - half, min(spent, forecast))
    return Standing(budget, months, spent, forecast, low, forecast + half)


def _changes(by_month: Mapping[date, Sequence[Cost]]) -> list[float]:
    """By which share each whole month differs from the whole month just before it."""
    whole = {
        month: float(sum_of(costs))
        for month, costs in by_month.items()
        if forecast_of(costs) == sum_of(costs)
    }
    return [
        whole[month] / whole[before] - 1
        for before, month in pairwise(sorted(whole))
        if months_before(month, 1) == [before] and whole[before] > 0
    ]


def _bears(budget: Budget, cost: Cost) -> bool:
    if budget.system_id is not None:
        return cost.system_id == budget.system_id
    assert budget.unit is not None  # the database holds one of the two
    if budget.unit.parent_id is None:
        return True  # the organisation pays what nobody bears, too
    return cost.unit_path.startswith(budget.unit.path)
