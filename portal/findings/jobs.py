"""Waivers end on their day; whoever wants a digest gets one a day, when there is something in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from portal.areas import JobKind
from portal.findings.services.digest import send_digests
from portal.findings.services.waivers import end_waivers
from portal.jobs.models import Run


def end_due_waivers(_: Run) -> Callable[[], dict[str, int]]:
    return lambda: {"opened": end_waivers()}


def send_due_digests(run: Run) -> Callable[[], dict[str, int]]:
    return lambda: {"mails": send_digests(key=str(run.window))}


END_WAIVERS = JobKind(
    "end-waivers", "End waivers", run=end_due_waivers, every=timedelta(hours=1), catch_up=1, priority=60
)
SEND_DIGESTS = JobKind(
    "send-digests",
    "Send the daily digest",
    run=send_due_digests,
    every=timedelta(days=1),
    delay=timedelta(hours=5),
    catch_up=1,
)
