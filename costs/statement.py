"""One month as its page shows it: a line per unit and system, the rest nobody bears, and the bill below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.dateformat import format as written

from costs.models import Budget, RuleSet
from costs.periods import month_window
from costs.selectors import (
    Cost,
    budgets_for,
    costs_of,
    covered_until,
    forecast_of,
    is_whole,
    shares_for,
    sum_of,
)
from costs.services.book import rules_of
from costs.standing import Standing, standings
from portal.accounts.models import Unit, User
from portal.registry.models import System
from portal.web.charts import Allocation, Bars, Part, Series
from portal.web.figures import money, pct
from portal.web.status import KPI_WORDS, Tone

PARTS = 5
"""Units that have a piece of the bar of their own."""
SYSTEMS = 6
"""Systems of a unit that have a line of their own."""
TOLERANCE = 1.05
"""The forecast share of a budget up to which it is at risk rather than off track."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement. ``standing`` is None where nobody set a budget."""

    name: str
    billed: Decimal
    forecast: Decimal | None
    before: Decimal | None
    standing: Standing | None = None
    url: str = ""
    indent: bool = False

    @property
    def change(self) -> Decimal | None:
        """The forecast against the month before."""
        if self.forecast is None or self.before is None:
            return None
        return self.forecast - self.before

    @property
    def tone(self) -> Tone:
        share = self.standing.forecast_share if self.standing else None
        if share is None:
            return Tone.NONE
        if share <= 1:
            return Tone.GOOD
        return Tone.WARN if share <= TOLERANCE else Tone.BAD

    @property
    def word(self) -> str:
        return str(KPI_WORDS[self.tone]) if self.standing else "No budget"


@dataclass(frozen=True, slots=True)
class Statement:
    """A month in one currency."""

    period: date
    currency: str
    until: datetime | None
    complete: bool
    whole: bool
    lines: Sequence[Line]
    unallocated: Line | None
    total: Line
    units: Sequence[tuple[str, Decimal]]
    rule_set: RuleSet | None

    @property
    def month(self) -> str:
        return written(self.period, "F")

    @property
    def unallocated_share(self) -> float:
        if self.unallocated is None or not self.total.billed:
            return 0.0
        return float(self.unallocated.billed / self.total.billed)

    @property
    def heading(self) -> str:
        """The finding of the month, in one sentence."""
        said = money(self.total.forecast, self.currency, compact=True)
        if self.complete or self.total.forecast is None:
            head = f"{self.month} cost {money(self.total.billed, self.currency, compact=True)}"
        else:
            head = f"{self.month} is heading for {said}"
        share = self.total.standing.forecast_share if self.total.standing else None
        if share is None:
            return head
        over = share - 1
        if abs(over) < 0.005:
            return f"{head}, on budget"
        return f"{head}, {pct(abs(over), 0)} {'over' if over > 0 else 'under'} budget"

    @property
    def bar(self) -> Allocation | None:
        """The bill as one bar: the five largest units, the others together, and the rest dashed."""
        whole = self.total.billed
        if whole <= 0 or any(cost < 0 for _, cost in self.units):
            return None  # a credit has no length
        shown = list(self.units)
        if len(shown) > PARTS:
            others = sum((cost for _, cost in shown[PARTS - 1 :]), Decimal(0))
            shown = [*shown[: PARTS - 1], (f"{len(shown) - PARTS + 1} other units", others)]
        rest = None
        if self.unallocated is not None and self.unallocated.billed > 0:
            rest = self._part("Unallocated", self.unallocated.billed)
        return Allocation(
            f"{self.month}: {pct(1 - self.unallocated_share, 1)} of the bill is allocated to units.",
            [self._part(name, cost) for name, cost in shown if cost > 0],
            rest,
            of="of the bill" if self.whole else "of what you see",
        )

    def _part(self, name: str, cost: Decimal) -> Part:
        return Part(name, float(cost / self.total.billed), money(cost, self.currency, 0))


def statement(user: User, period: date, currency: str) -> Statement:
    """A month for one person. Eight queries, however many systems there are."""
    earlier = (period - date.resolution).replace(day=1)
    costs = costs_of(shares_for(user), (period, earlier), currency)
    now = [cost for cost in costs if cost.period == period]
    before = [cost for cost in costs if cost.period == earlier]
    until = covered_until(period, currency)
    budgets = budgets_for(user).in_force(period).filter(currency=currency)
    standing = {_subject(each.budget): each for each in standings(budgets, period)}
    whole = is_whole(user)
    book = _Names(now, before)
    root = next((unit for unit in book.units.values() if unit.parent_id is None), None)
    return Statement(
        period=period,
        currency=currency,
        until=until,
        complete=until is not None and until >= month_window(period).end,
        whole=whole,
        lines=_lines(book, now, before, standing),
        unallocated=_line("Unallocated", _of(now, None), _of(before, None)) if whole else None,
        total=_line(
            "Bill" if whole else "Your units",
            now,
            before,
            standing=standing.get(("unit", root.pk)) if root and whole else None,
        ),
        units=[(unit.name, sum_of(_of(now, unit.pk))) for unit in book.ordered(now)],
        rule_set=rules_of(period),
    )


def _subject(budget: Budget) -> tuple[str, int]:
    return ("unit", budget.unit_id) if budget.unit_id else ("system", budget.system_id or 0)


class _Names:
    """The units and systems that bear something, and the root."""

    def __init__(self, now: Iterable[Cost], before: Iterable[Cost]) -> None:
        both = [*now, *before]
        ids = {cost.unit_id for cost in both if cost.unit_id}
        self.units = {
            unit.pk: unit for unit in Unit.objects.all() if unit.pk in ids or unit.parent_id is None
        }
        self.systems = System.objects.in_bulk({cost.system_id for cost in both if cost.system_id})

    def ordered(self, costs: Sequence[Cost]) -> list[Unit]:
        """The units that bear something, the costliest first."""
        sums = {pk: sum_of(_of(costs, pk)) for pk in {cost.unit_id for cost in costs if cost.unit_id}}
        return [self.units[pk] for pk in sorted(sums, key=lambda pk: (-sums[pk], pk))]


def _lines(
    book: _Names,
    now: Sequence[Cost],
    before: Sequence[Cost],
    standing: dict[tuple[str, int], Standing],
) -> list[Line]:
    """Each unit, and under it its costliest systems; the others of a unit share a line."""
    lines = []
    for unit in book.ordered(now):
        mine, earlier = _of(now, unit.pk), _of(before, unit.pk)
        own = standing.get(("unit", unit.pk)) if unit.parent_id is not None else None
        lines.append(_line(unit.name, mine, earlier, standing=own))
        by_system: dict[int | None, list[Cost]] = defaultdict(list)
        for cost in mine:
            by_system[cost.system_id].append(cost)
        ranked = sorted(by_system, key=lambda pk: -sum_of(by_system[pk]))
        named = [pk for pk in ranked if pk is not None]
        lines += [
            _line(
                book.systems[pk].name,
                by_system[pk],
                [cost for cost in earlier if cost.system_id == pk],
                standing=standing.get(("system", pk)),
                url=book.systems[pk].get_absolute_url(),
                indent=True,
            )
            for pk in named[:SYSTEMS]
        ]
        if others := named[SYSTEMS:]:
            rest = [cost for pk in others for cost in by_system[pk]]
            past = [cost for cost in earlier if cost.system_id in others]
            lines.append(_line(f"{len(others)} other systems", rest, past, indent=True))
        if None in by_system and named:
            past = [cost for cost in earlier if cost.system_id is None]
            lines.append(_line("The unit itself", by_system[None], past, indent=True))
    return lines


def _line(
    name: str,
    now: Sequence[Cost],
    before: Sequence[Cost],
    *,
    standing: Standing | None = None,
    url: str = "",
    indent: bool = False,
) -> Line:
    return Line(
        name,
        sum_of(now),
        forecast_of(now),
        sum_of(before) if before else None,
        standing=standing,
        url=url,
        indent=indent,
    )


def _of(costs: Iterable[Cost], unit: int | None) -> list[Cost]:
    return [cost for cost in costs if cost.unit_id == unit]


def spend_bars(months: Sequence[tuple[date, Decimal, Decimal | None]], currency: str) -> Bars | None:
    """The spend of each month; the last one as forecast while it is not billed whole."""
    if len(months) < 2:
        return None
    last, billed, ahead = months[-1]
    open_month = ahead is not None and ahead != billed
    values = [float(cost) for _, cost, _ in months[:-1]]
    values.append(float(ahead if ahead is not None and open_month else billed))
    first = months[0][0]
    label = f"Spend a month from {written(first, 'F Y')} to {written(last, 'F Y')}"
    return Bars(
        f"{label}; {written(last, 'F')} is a forecast." if open_month else f"{label}.",
        [written(month, "M y") if month.month == 1 else written(month, "M") for month, _, _ in months],
        [Series("Spend", values)],
        unit=currency,
        forecast=1 if open_month else 0,
        named=(len(values) - 1,),
        places=0,
    )


def quarter_bars(months: Sequence[tuple[date, Decimal, Decimal | None]], currency: str) -> Bars | None:
    """The spend of each quarter that is billed from its first month on."""
    sums: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    for month, cost, _ in months:
        sums[month.year, (month.month - 1) // 3 + 1].append(cost)
    whole = {quarter: costs for quarter, costs in sums.items() if len(costs) == 3}
    if len(whole) < 2:
        return None
    quarters = sorted(whole)
    return Bars(
        "Run cost of each whole quarter.",
        [f"Q{quarter} {str(year)[2:]}" for year, quarter in quarters],
        [Series("Run cost", [float(sum(whole[quarter])) for quarter in quarters])],
        unit=currency,
        named=range(len(quarters)),
        places=0,
    )
