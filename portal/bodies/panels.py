"""The next session, on homes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from portal.accounts.models import User
from portal.areas import EVERYONE, Panel, Role
from portal.bodies.models import ItemState, Seat, Session, State
from portal.bodies.models.sessions import AHEAD
from portal.bodies.selectors.sessions import in_days, state_of
from portal.bodies.services.telling import there


def next_session(user: User, at: datetime | None) -> Mapping[str, Any] | None:
    """The next session of a body on which the person sits; None for whoever sits nowhere. Four queries."""
    seats = Seat.objects.on((at or timezone.now()).date()).held_by(user)
    rows = Session.objects.filter(body__in=seats.values("body"), state__in=[*AHEAD, State.RUNNING])
    session = rows.select_related("body").order_by("starts_at").first()
    if session is None:
        return None
    tone, word = state_of(session)
    items = list(session.items.all())
    voted = set(session.items.filter(ballots__voter=user).values_list("pk", flat=True))
    open_votes = [item for item in items if item.state == ItemState.OPEN and item.takes_votes]
    answer = session.attendance.filter(seat__person=user).values_list("reply", flat=True).first()
    return {
        "session": session,
        "tone": tone,
        "word": word,
        "begins": there(session.starts_at),
        "when": in_days(session, at or timezone.now()),
        "items": len(items),
        "to_vote": [item for item in open_votes if item.pk not in voted],
        "unanswered": answer == "" and session.ahead,
    }


NEXT_SESSION = Panel(
    "next-session",
    homes=EVERYONE - {Role.AUDITOR, Role.ADMINISTRATOR},
    template="bodies/panels/next.html",
    context=next_session,
    order=5,
)
