"""Cases for the command palette."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Q

from portal.accounts.models import User
from portal.cases.models import Case


def find(user: User, text: str) -> Sequence[Mapping[str, str]]:
    """Cases whose reference or title matches, the newest first. One query."""
    matches = Q(ref__istartswith=text) | Q(title__icontains=text)
    rows = Case.objects.visible_to(user).filter(matches).order_by("-pk")[:5]
    return [
        {"title": f"{row.ref} {row.title}", "url": row.get_absolute_url(), "detail": row.outcome_title}
        for row in rows
    ]
