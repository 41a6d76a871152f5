"""How the pages of the ledger write a state, a window and a span of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.areas import Window
from portal.jobs.models import DeliveryState, Outcome, RunState
from portal.web import figures
from portal.web.status import Tone

RUN_WORDS = {
    RunState.QUEUED: (Tone.WAIT, gettext_lazy("Queued")),
    RunState.RUNNING: (Tone.INFO, gettext_lazy("Running")),
    RunState.DONE: (Tone.GOOD, gettext_lazy("Done")),
    RunState.FAILED: (Tone.BAD, gettext_lazy("Failed")),
    RunState.DEAD: (Tone.BAD, gettext_lazy("Dead")),
    RunState.SKIPPED: (Tone.WARN, gettext_lazy("Skipped")),
}
OUTCOME_WORDS = {
    "": (Tone.INFO, gettext_lazy("Under way")),
    Outcome.DONE: (Tone.GOOD, gettext_lazy("Done")),
    Outcome.RETRY: (Tone.WARN, gettext_lazy("To be tried again")),
    Outcome.FAILED: (Tone.BAD, gettext_lazy("Failed")),
    Outcome.LOST: (Tone.BAD, gettext_lazy("Worker lost")),
}
DELIVERY_WORDS = {
    DeliveryState.QUEUED: (Tone.WAIT, gettext_lazy("Queued")),
    DeliveryState.SENT: (Tone.GOOD, gettext_lazy("Sent")),
    DeliveryState.DEAD: (Tone.BAD, gettext_lazy("Not delivered")),
}


def span(length: timedelta | None) -> str:
    """A span of time in one or two units: under 0.1 s, 0.4 s, 12 s, 3 min, 2 h 5 min, 3 d 4 h."""
    if length is None:
        return figures.MISSING
    seconds = length.total_seconds()
    if seconds < 0.1:
        return _("under %(span)s") % {"span": figures.quantity(0.1, "s")}
    if seconds < 60:
        return figures.quantity(round(seconds, 1) if seconds < 10 else round(seconds), "s")
    minutes, hours, days = (int(seconds // unit) for unit in (60, 3600, 86_400))
    if minutes < 60:
        return figures.quantity(minutes, "min")
    first, second = (days, "d"), (hours % 24, "h")
    if hours < 24:
        first, second = (hours, "h"), (minutes % 60, "min")
    return " ".join(figures.quantity(number, unit) for number, unit in (first, second) if number)


def window_words(window: Window | None) -> str:
    """A window as a person says it: the day, or from when to when."""
    if window is None:
        return figures.MISSING
    start = window.start.astimezone(UTC)
    if window == Window.day_of(start):
        return figures.day(start.date())
    whole_days = start.time() == window.end.astimezone(UTC).time() == start.min.time()
    if whole_days:
        last = (window.end - timedelta(days=1)).astimezone(UTC).date()
        return _("%(first)s to %(last)s") % {"first": figures.day(start.date()), "last": figures.day(last)}
    end = window.end.astimezone(UTC)
    until = f"{end:%H:%M} UTC" if end.date() == start.date() else _instant(end)
    return _("%(start)s to %(end)s") % {"start": _instant(start).removesuffix(" UTC"), "end": until}


def _instant(moment: datetime) -> str:
    """Windows are cut in UTC, so they are told in UTC, wherever the reader is."""
    return f"{figures.day(moment.date())}, {moment:%H:%M} UTC"
