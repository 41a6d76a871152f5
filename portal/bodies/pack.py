"""What a pack holds: plain data from the records, frozen with a digest. HTML, JSON and PDF show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from portal.accounts.services import organisation
from portal.bodies.models import Item, ItemCondition, Session, State
from portal.cases.selectors.status import status_of
from portal.evidence.selectors import evidence_of

VERSION = 1
"""The form of the data; it changes when a reader must know."""


def content_of(session: Session, at: datetime) -> Mapping[str, Any]:
    """Everything the members of a session have before them at an instant, decisions first."""
    ours = organisation()
    items = [_item(item) for item in session.items.select_related("system__owner", "case", "proposed_by")]
    found: Mapping[str, Any] = plainly(
        {
            "version": VERSION,
            "organisation": ours.name,
            "simulated": ours.simulated,
            "time_zone": ours.time_zone,
            "body": session.body.name,
            "session": {
                "ref": session.ref,
                "title": session.title,
                "mode": session.mode,
                "starts_at": session.starts_at,
                "ends_at": session.ends_at,
                "place": session.place,
            },
            "frozen_at": at,
            "rules": {"quorum": session.quorum, "majority": session.majority, "tie": session.tie},
            "seats": [
                {
                    "name": row.seat.person.name,
                    "function": row.seat.function,
                    "votes": row.seat.votes,
                    "deputy": row.seat.deputy.name if row.seat.deputy else None,
                }
                for row in session.attendance.select_related("seat__person", "seat__deputy").order_by("seat")
            ],
            "headline": headline(items),
            "items": items,
            "decisions_before": list(_before(session)),
        }
    )
    return found


def headline(items: list[dict[str, Any]]) -> str:
    """The first sentence of a pack: what has to be decided."""
    asked = [item for item in items if item["choices"]]
    if not asked:
        return "Nothing to decide; for information only"
    if len(asked) == 1:
        return f"One decision: {asked[0]['title']}"
    return f"{len(asked)} decisions: {asked[0]['title']}, and {len(asked) - 1} more"


def plainly(value: Any) -> Any:
    """The value with plain spaces in its texts, so that programs and other fonts read it alike."""
    if isinstance(value, str):
        return value.replace("\u00a0", " ").replace("\u202f", " ")
    if isinstance(value, dict):
        return {key: plainly(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plainly(inner) for inner in value]
    return value


def _item(item: Item) -> dict[str, Any]:
    topic = item.declared_topic
    paper = topic.paper(item) if topic.paper is not None else ()
    return {
        "number": item.number,
        "topic": item.topic,
        "topic_title": topic.title,
        "title": item.title,
        "why": item.why,
        "minutes": item.minutes,
        "system": item.system.ref if item.system else None,
        "system_name": str(item.system) if item.system else None,
        "case": item.case.ref if item.case else None,
        "proposed_by": item.proposed_by.name if item.proposed_by else None,
        "choices": [choice.title for choice in item.choices] if item.takes_votes else [],
        "facts": [{"label": label, "value": value} for label, value in paper],
        "evidence": list(_evidence(item)),
        "not_voting": [
            {"name": row.person.name, "reason": row.reason} for row in item.conflicts.select_related("person")
        ],
    }


def _evidence(item: Item) -> Iterator[dict[str, Any]]:
    """What proves something about the case or the system of an item; private evidence stays away."""
    subject = item.case or item.system
    if subject is None:
        return
    for row in evidence_of(subject).filter(private=False).order_by("pk"):
        yield {
            "ref": row.ref,
            "claim": row.claim or row.title,
            "source": row.get_kind_display(),
            "sha256": row.blob_id,
            "valid_until": row.valid_until,
        }


def _before(session: Session) -> Iterator[dict[str, Any]]:
    """What the session before this one decided, and how far what followed from it is."""
    earlier = session.body.sessions.filter(state=State.CLOSED, starts_at__lt=session.starts_at)
    last = earlier.order_by("-starts_at").first()
    if last is None:
        return
    today = organisation().today(session.starts_at)
    for item in last.items.filter(takes_votes=True).select_related("case", "system"):
        followed = ItemCondition.objects.filter(item=item, follow_up__isnull=False).select_related(
            "follow_up"
        )
        words = [status_of(row.follow_up, today)[1] for row in followed if row.follow_up is not None]
        yield {
            "title": item.title,
            "session": last.title,
            "decided_on": organisation().today(item.closed_at),
            "outcome": item.outcome_title,
            "follow_up": ", ".join(words) or "—",
        }
