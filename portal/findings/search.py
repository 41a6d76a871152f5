"""Findings in the palette: by reference, or by a word of the title."""

from __future__ import annotations

from django.db.models import Q

from portal.accounts.models import User
from portal.findings.selectors import findings_for, number_in

FOUND = 5


def find(user: User, text: str) -> list[dict[str, str]]:
    """The newest findings that fit."""
    number = number_in(text)
    fits = Q(title__icontains=text) if number is None else Q(pk=number)
    rows = findings_for(user).filter(fits).order_by("-opened_at")[:FOUND]
    return [
        {
            "title": finding.title,
            "url": finding.get_absolute_url(),
            "detail": f"{finding.ref}, {finding.get_state_display().lower()}",
        }
        for finding in rows
    ]
