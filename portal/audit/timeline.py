"""The history of an object as a page shows it."""

from __future__ import annotations

from django.db.models import Model

from portal.audit.reading import events
from portal.audit.selectors import entries_for
from portal.web.parts import Event


def timeline_of(obj: Model, *, limit: int = 50) -> list[Event]:
    """The newest entries about an object, or about anything of a system. One query."""
    return events(entries_for(obj, limit))
