"""Cutting time into calendar windows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Grain = Literal["day", "week", "month", "quarter", "year"]
Time = datetime | date | np.datetime64 | str


@dataclass(frozen=True, slots=True)
class Windows:
    """Consecutive calendar windows and, for every time, the place of its window.

    Every window from the first to the last is there, with or without a time in it.
    """

    starts: tuple[datetime, ...]
    index: tuple[int, ...]
    grain: Grain


def windows(times: Iterable[Time], grain: Grain, *, zone: str | tzinfo = UTC) -> Windows:
    """The calendar windows of a zone that hold the times; weeks start on Monday.

    A time without a zone is one of the given zone, a NumPy time is in UTC, text is ISO 8601. Windows around a
    change of the clock are an hour shorter or longer. Raises ValueError for another grain or a missing time.

    >>> found = windows(["2026-01-31T23:30:00Z", "2026-03-01"], "month", zone="Europe/Vienna")
    >>> [start.isoformat() for start in found.starts], found.index
    (['2026-02-01T00:00:00+01:00', '2026-03-01T00:00:00+01:00'], (0, 1))
    """
    if grain not in _FIRST_DAY:
        raise ValueError(f"Windows are one of {', '.join(_FIRST_DAY)}.")
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    moments, copies = _distinct(times)
    firsts = [_FIRST_DAY[grain](_local(moment, where).date()) for moment in moments]
    if not firsts:
        return Windows((), (), grain)
    days = [min(firsts)]
    while days[-1] < max(firsts):
        days.append(_FIRST_DAY[grain](days[-1] + timedelta(days=_LONGEST[grain])))
    places = {day: place for place, day in enumerate(days)}
    starts = (datetime.combine(day, time(), where) for day in days)
    index = np.array([places[first] for first in firsts])
    return Windows(tuple(starts), tuple(index[copies].tolist()), grain)


def _distinct(times: Iterable[Time]) -> tuple[Sequence[Time], npt.NDArray[np.int64] | slice]:
    """The times to look at, and where each time finds its own: of NumPy times only every quarter of an hour.

    No zone of today is off UTC by a smaller step.
    """
    if isinstance(times, np.ndarray) and times.dtype.kind == "M":
        distinct, copies = np.unique(times.astype("datetime64[15m]"), return_inverse=True)
        return list(distinct), copies
    return list(times), slice(None)


def _local(moment: Time, zone: tzinfo) -> datetime:
    if isinstance(moment, np.datetime64):
        if np.isnat(moment):
            raise ValueError("A time is missing.")
        return _local(f"{moment.astype('datetime64[us]')}+00:00", zone)
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


_FIRST_DAY: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=day.month - (day.month - 1) % 3, day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}  # days: lands in the next window
