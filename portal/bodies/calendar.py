"""When a rhythm asks for the next session, in the organisation's calendar."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.accounts.models import Organisation
from portal.accounts.services import organisation
from portal.bodies.models import Body, Rhythm
from portal.metrics.periods import period_of, title_of

LAST = 5
"""The week that stands for the last one of a month."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session that a rhythm asks for: the first day of its period, its title and its beginning."""

    period: date
    title: str
    starts_at: datetime


def next_sitting(body: Body, at: datetime) -> Sitting | None:
    """The first sitting of the body's rhythm that does not lie before an instant; None without a rhythm."""
    if not body.rhythm:
        return None
    ours = organisation()
    found = sitting_of(body, ours.today(at), ours)
    while found.starts_at < at:
        found = sitting_of(body, _after(found.period, body), ours)
    return found


def sitting_of(body: Body, day: date, ours: Organisation) -> Sitting:
    """The sitting in the month or the fiscal quarter that holds a day."""
    window = period_of(day, body.rhythm, ours)
    first = window.start.astimezone(ours.zone).date()
    month = first if body.rhythm == Rhythm.MONTH else _months_later(first, body.month - 1)
    held = nth_weekday(month, body.week, body.weekday)
    word = "Monthly session" if body.rhythm == Rhythm.MONTH else "Quarterly review"
    return Sitting(
        period=first,
        title=f"{word} {title_of(window, body.rhythm, ours)}",
        starts_at=datetime.combine(held, body.hour, ours.zone),
    )


def nth_weekday(month: date, week: int, weekday: int) -> date:
    """The first to fourth, or with 5 the last, such weekday (0 is Monday) of the month a day lies in.

    >>> nth_weekday(date(2026, 11, 1), 4, 1), nth_weekday(date(2026, 11, 1), 5, 0)
    (datetime.date(2026, 11, 24), datetime.date(2026, 11, 30))
    """
    first = month.replace(day=1)
    if week == LAST:
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (week - 1))


def _after(period: date, body: Body) -> date:
    return _months_later(period, 1 if body.rhythm == Rhythm.MONTH else 3)


def _months_later(first: date, months: int) -> date:
    month = first.year * 12 + first.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)
