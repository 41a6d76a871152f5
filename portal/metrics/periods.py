"""Months and quarters of the organisation, as windows of instants."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from portal.accounts.models import Organisation
from portal.areas import Window
from portal.metrics.models.kpis import Period

MONTHS = {Period.MONTH: 1, Period.QUARTER: 3}


def period_of(day: date, period: str, organisation: Organisation) -> Window:
    """The month or quarter that holds a day; quarters begin with the organisation's first fiscal month."""
    length = MONTHS[Period(period)]
    behind = (day.month - organisation.first_fiscal_month) % length
    first = _months_later(day.replace(day=1), -behind)
    return _window(first, _months_later(first, length), organisation)


def previous(window: Window, period: str, organisation: Organisation) -> Window:
    """The period before."""
    day = window.start.astimezone(organisation.zone).date() - timedelta(days=1)
    return period_of(day, period, organisation)


def last_periods(count: int, until: Window, period: str, organisation: Organisation) -> list[Window]:
    """That many periods, oldest first, the last being ``until``."""
    windows = [until]
    while len(windows) < count:
        windows.append(previous(windows[-1], period, organisation))
    return windows[::-1]


def title_of(window: Window, period: str, organisation: Organisation) -> str:
    """How people call a period: "Nov 2026", "Q4 2026". A fiscal year has the name of the year it ends in."""
    first = window.start.astimezone(organisation.zone).date()
    if Period(period) == Period.MONTH:
        return f"{first:%b %Y}"
    quarter = (first.month - organisation.first_fiscal_month) % 12 // 3 + 1
    starts_later = organisation.first_fiscal_month > 1 and first.month >= organisation.first_fiscal_month
    return f"Q{quarter} {first.year + 1 if starts_later else first.year}"


def _months_later(first: date, months: int) -> date:
    month = first.year * 12 + first.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


def _window(first: date, after: date, organisation: Organisation) -> Window:
    zone = organisation.zone
    return Window(datetime.combine(first, time(), zone), datetime.combine(after, time(), zone))
