"""Entries as lines of a timeline: who did what, when, and the digest that proves it."""

from __future__ import annotations

from django.db.models import Model

from portal.audit.models import Entry
from portal.audit.selectors import entries_for
from portal.web.parts import Event

VERBS = {
    "set_up": "set up",
    "stage": "moved",
    "state": "changed the state of",
    "set": "set an alias of",
    "denied": "was refused",
}
"""Verbs of actions that do not read as they are written."""


def timeline_of(obj: Model, *, limit: int = 50) -> list[Event]:
    """The newest entries about an object, or anything of a system."""
    return [event_of(entry) for entry in entries_for(obj, limit)]


def event_of(entry: Entry) -> Event:
    """One entry as a line."""
    noun, _, verb = entry.action.partition(".")
    said = VERBS.get(verb, verb.replace("_", " "))
    if entry.denied:
        said = f"was refused: {entry.reason}" if entry.reason else "was refused"
    return Event(
        at=entry.happened_at or entry.recorded_at,
        actor=str(entry.actor) if entry.actor else "The portal",
        verb=said,
        object=entry.label or noun,
        digest=entry.leaf.hex() if entry.leaf else "",
    )
