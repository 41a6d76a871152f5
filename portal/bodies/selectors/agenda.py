"""What an agenda should have: what waits for the body, unless it is on it."""

from __future__ import annotations

from dataclasses import dataclass

from portal import areas
from portal.accounts.services import organisation
from portal.areas import Proposal, Topic
from portal.bodies.models import Session


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal with its topic; the key names it in a form."""

    topic: Topic
    proposal: Proposal
    key: str


def topics() -> list[Topic]:
    """Every declared topic in the order of an agenda."""
    return sorted(areas.declared("topics"), key=lambda topic: topic.order)


def proposals(session: Session) -> list[Waiting]:
    """What waits for the body on the day of the session and is not on its agenda, in the order of topics."""
    day = organisation().today(session.starts_at)
    there = {
        key_of(item.topic, item.subject_type_id and item.subject_id, item.title)
        for item in session.items.all()
    }
    found: dict[str, Waiting] = {}
    for topic in topics():
        for wish in topic.proposes(session.body, day) if topic.proposes is not None else ():
            key = key_of(topic.slug, wish.subject.pk if wish.subject is not None else None, wish.title)
            if key not in there:
                found.setdefault(key, Waiting(topic, wish, key))
    return list(found.values())


def key_of(topic: str, subject: int | None, title: str) -> str:
    """One text for one thing on an agenda: its topic with its row, or with its words where it has none."""
    return f"{topic}:{subject if subject is not None else title.lower()}"
