"""Bodies and sessions for the command palette."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.accounts.models import User
from portal.bodies.models import Body, Session
from portal.web.figures import day


def find(user: User, text: str) -> Sequence[Mapping[str, str]]:
    """Bodies and sessions whose name or reference matches. Two queries."""
    bodies = Body.objects.visible_to(user).filter(name__icontains=text)[:3]
    sessions = Session.objects.visible_to(user)
    named = sessions.with_ref(text.upper()) | sessions.filter(title__icontains=text)
    return [
        *(
            {"title": row.name, "url": row.get_absolute_url(), "detail": row.get_kind_display()}
            for row in bodies
        ),
        *(
            {"title": f"{row.ref} {row.title}", "url": row.get_absolute_url(), "detail": day(row.starts_at)}
            for row in named.order_by("-starts_at")[:5]
        ),
    ]
