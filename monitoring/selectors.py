"""Every page-shaped read of monitoring; all of them read summaries, none a raw row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import groupby
from typing import Any

from django.utils import timezone

from monitoring.models import Reference, Summary
from portal.areas import Window
from portal.errors import Invalid, Problem
from portal.registry.models import ModelVersion
from portal.stats.profile import Profile

GRAINS = ("day", "week", "month", "quarter")
MATURE_SHARE = 0.9
MATURE_AGE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WindowState:
    """How much of a window has come in: ``open`` now, ``maturing`` while outcomes come, then ``mature``."""

    window: Window
    revision: int
    n: int
    labelled: int
    days: int
    state: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "start": self.window.start,
            "end": self.window.end,
            "revision": self.revision,
            "n": self.n,
            "labelled": self.labelled,
            "labelled_share": self.labelled / self.n if self.n else None,
            "state": self.state,
        }


def windows_of(version: ModelVersion, *, grain: str, since: date | None = None) -> list[WindowState]:
    """The windows that have rows, oldest first, from the daily summaries."""
    if grain not in GRAINS:
        raise Invalid(errors=[Problem("?grain", f"is one of {', '.join(GRAINS)}")])
    days = Summary.objects.filter(version=version, segment="").newest().order_by("day")
    if since is not None:
        days = days.filter(day__gte=since)
    rows: Iterable[dict[str, Any]] = days.values(  # type: ignore[assignment]  # a typed dict is one
        "day", "revision", "n", "labelled"
    )
    now = timezone.now()
    return [
        _state(window, list(part), now)
        for window, part in groupby(rows, key=lambda row: window_of(row["day"], grain))
    ]


def window_of(day: date, grain: str) -> Window:
    """The window of a grain that holds a day; weeks begin on Monday, all in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if grain == "day":
        return Window(start, start + timedelta(days=1))
    if grain == "week":
        start -= timedelta(days=start.weekday())
        return Window(start, start + timedelta(days=7))
    months = 1 if grain == "month" else 3
    start = start.replace(day=1, month=(start.month - 1) // months * months + 1)
    end = (start + timedelta(days=31 * months)).replace(day=1)
    return Window(start, end)


@dataclass(frozen=True, slots=True)
class WindowProfile:
    """The sum of a window's days, with the reference they were counted by."""

    window: Window
    profile: Profile
    reference: Reference | None
    revision: int
    state: str


def window_profile(version: ModelVersion, window: Window, segment: str = "") -> WindowProfile | None:
    """Add up the newest summaries of a window; None when no row came. Days of an older reference are left
    out until they have been counted again.
    """
    days = list(
        Summary.objects.filter(version=version, segment=segment)
        .newest()
        .within(window)
        .select_related("reference")
        .order_by("day")
    )
    return _added(window, days) if days else None


def segments_of(version: ModelVersion, window: Window) -> list[str]:
    """The segments that have rows in a window, without the whole."""
    found = Summary.objects.filter(version=version).newest().within(window).exclude(segment="")
    return list(found.order_by("segment").values_list("segment", flat=True).distinct())


def _added(window: Window, days: list[Summary]) -> WindowProfile:
    """The sum of days in order; those counted by another reference than the last are left out."""
    same = [day for day in days if day.profile.spec == days[-1].profile.spec]
    counted = reduce(Profile.merge, (day.profile for day in same))
    rows = [{"revision": d.revision, "n": d.n, "labelled": d.labelled} for d in same]
    state = _state(window, rows, timezone.now())
    return WindowProfile(window, counted, days[-1].reference, state.revision, state.state)


def _state(window: Window, rows: Iterable[dict[str, Any]], now: datetime) -> WindowState:
    rows = list(rows)
    n, labelled = sum(r["n"] for r in rows), sum(r["labelled"] for r in rows)
    if window.end > now:
        state = "open"
    elif labelled >= MATURE_SHARE * n or now - window.end >= MATURE_AGE:
        state = "mature"
    else:
        state = "maturing"
    return WindowState(window, sum(r["revision"] for r in rows), n, labelled, len(rows), state)


@dataclass(frozen=True, slots=True)
class Errors:
    """Wrong predictions of one window, of those whose outcome is known."""

    window: Window
    wrong: int
    n: int


def errors_by_window(version: ModelVersion, like: Window, *, until: datetime | None = None) -> list[Errors]:
    """The errors of every window of the length of another, oldest first, up to an instant. One query.

    Windows begin where the other one does, whole lengths apart; only those with an outcome are listed.
    """
    length = like.end - like.start
    days = Summary.objects.filter(version=version, segment="", labelled__gt=0).newest().order_by("day")
    if until is not None:
        days = days.filter(day__lt=until.date())
    sums: dict[datetime, list[int]] = {}
    for day, wrong, labelled in days.values_list("day", "wrong", "labelled"):
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        start = like.start + (at - like.start) // length * length
        held = sums.setdefault(start, [0, 0])
        held[0] += wrong
        held[1] += labelled
    return [Errors(Window(start, start + length), wrong, n) for start, (wrong, n) in sums.items()]
