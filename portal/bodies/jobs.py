"""What the ledger runs for bodies: sessions are planned by rule, and votes in writing end at their hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.areas import JobKind
from portal.bodies.models import Body, Session, State
from portal.bodies.models.bodies import Mode
from portal.bodies.services.closing import close_at_deadline
from portal.bodies.services.planning import plan_next
from portal.bodies.services.telling import tell_overdue
from portal.findings.models import Notification
from portal.jobs.models import Run


def plan(run: Run) -> Callable[[], dict[str, Any]]:  # noqa: ARG001 - the ledger's signature
    """Plan the next session of every body that has a rhythm, as of now."""

    def commit() -> dict[str, Any]:
        now = timezone.now()
        planned = [plan_next(body, now) for body in Body.objects.active().exclude(rhythm="")]
        return {"planned": sum(session is not None for session in planned)}

    return commit


def end(run: Run) -> Callable[[], dict[str, Any]]:  # noqa: ARG001 - the ledger's signature
    """Close the sessions in writing whose hour has come; tell who leads those without a quorum, once."""

    def commit() -> dict[str, Any]:
        now = timezone.now()
        over = Session.objects.filter(state=State.RUNNING, mode=Mode.WRITING, ends_at__lt=now)
        closed = waiting = 0
        for session in over.select_related("body__unit"):
            if close_at_deadline(session, now):
                closed += 1
            elif not Notification.objects.of(session).unsettled().filter(kind="session-overdue").exists():
                tell_overdue(session, now)
                waiting += 1
        return {"closed": closed, "without_quorum": waiting}

    return commit


PLAN_SESSIONS = JobKind(
    "plan-sessions", "Plan the next session of each body", run=plan, every=timedelta(days=1), catch_up=1
)
END_VOTES = JobKind(
    "end-votes-in-writing",
    "Close votes in writing at their deadline",
    run=end,
    every=timedelta(hours=1),
    catch_up=1,
)
