"""Running cost by day, to be held against bills."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from governance.strategy.calc.options import BuildOrBuy
from governance.strategy.calc.worth import named, of_year, rounded


def expected_cost(inputs: BuildOrBuy, name: str, first: date, until: date) -> Decimal:
    """The risk-adjusted running cost of an option from the day ``first`` up to, not including, ``until``.

    Each year's cost is spread evenly over its days. The outlay is not in it: it is on no bill of the system.
    Raises ValueError where the days leave the years compared.
    """
    option = named(inputs, name)
    if not inputs.starts_on <= first < until <= year_start(inputs.starts_on, inputs.years):
        raise ValueError("The days lie within the years compared.")
    found = Fraction(0)
    for year in range(1, inputs.years + 1):
        begin, end = (year_start(inputs.starts_on, years) for years in (year - 1, year))
        days = (min(until, end) - max(first, begin)).days
        if days > 0:
            found += of_year(option.running, year) * Fraction(days, (end - begin).days)
    return rounded(found * (1 + Fraction(option.overrun)))


def year_start(first: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March.

    >>> year_start(date(2024, 2, 29), 1).isoformat()
    '2025-03-01'
    """
    try:
        return first.replace(year=first.year + years)
    except ValueError:
        return date(first.year + years, 3, 1)


def billed_share(billed: Decimal, first: date, covered: date, begin: date, until: date) -> Decimal:
    """What of a month's bill falls on the days from ``begin`` up to, not including, ``until``.

    The bill charges the days from ``first`` up to, not including, ``covered``, evenly. Unrounded but for the
    precision of the decimal context.
    """
    days = (min(covered, until) - max(first, begin)).days
    whole = (covered - first).days
    return billed * days / whole if days > 0 else Decimal(0)
