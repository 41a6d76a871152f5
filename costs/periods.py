"""Billing months and the periods of budgets, as days and windows."""

from __future__ import annotations

from datetime import UTC, date, datetime

from costs.models import Grain
from portal.accounts.models import Organisation
from portal.areas import Window


def month_at(year: int, month: int) -> date:
    """The first day of a month whose number may lie before January or after December."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def month_window(period: date) -> Window:
    """A billing month as a window."""
    after = month_at(period.year, period.month + 1)
    return Window(
        datetime(period.year, period.month, 1, tzinfo=UTC), datetime(after.year, after.month, 1, tzinfo=UTC)
    )


def months_of(grain: str, day: date) -> list[date]:
    """The billing months of the budget period that holds a day; quarters are the organisation's."""
    if grain == Grain.MONTH:
        return [day.replace(day=1)]
    organisation = Organisation.objects.first()
    first = organisation.first_fiscal_month if organisation else 1
    start = day.month - (day.month - first) % 3
    return [month_at(day.year, start + step) for step in range(3)]


def months_before(period: date, count: int) -> list[date]:
    """So many months before one, the oldest first."""
    return [month_at(period.year, period.month - step) for step in range(count, 0, -1)]
