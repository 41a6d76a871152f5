"""The agenda while it may change: what is proposed is accepted, people add, drop and move items."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils import timezone

from portal import areas
from portal.accounts.models import User
from portal.areas import Proposal, Topic
from portal.audit.services import denial_recorded, record, snapshot
from portal.bodies.models import Item, Session
from portal.bodies.selectors.agenda import proposals
from portal.bodies.services.guards import (
    locked,
    locked_item,
    require_leader,
    require_planning,
    require_seat,
)
from portal.errors import Invalid, Problem, Refused, blank
from portal.registry.models import System


def accept_proposals(
    session: Session, *, actor: User, keys: Collection[str] | None = None, at: datetime | None = None
) -> list[Item]:
    """Put what waits on the agenda, all of it or what the keys name; what is on it already stays."""
    at = at or timezone.now()
    with denial_recorded("session.agenda", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        require_planning(session)
        wanted = [found for found in proposals(session) if keys is None or found.key in keys]
        made = [_add(session, found.topic, found.proposal, actor=None) for found in wanted]
        titles = [item.title for item in made]
        record("session.agenda", session, actor=actor, at=at, ref=session.ref, accepted=titles)
        return made


def add_item(
    session: Session,
    topic: str,
    *,
    actor: User,
    title: str,
    why: str = "",
    system: System | None = None,
    minutes: int | None = None,
    at: datetime | None = None,
) -> Item:
    """Propose an item. Any seat may; who proposes a question has no vote on it.

    Raises Invalid for a topic that is not proposed by hand, and for a system item without its system.
    """
    at = at or timezone.now()
    with denial_recorded("session.item_added", session, actor), transaction.atomic():
        session = locked(session)
        require_seat(session.body, actor, at)
        require_planning(session)
        known: dict[str, Topic] = {each.slug: each for each in areas.declared("topics") if each.by_hand}
        if topic not in known:
            detail = f"One of: {', '.join(known)}."
            raise Invalid(f"Choose the topic: {detail}", errors=[Problem("/topic", detail)])
        if not title.strip() and system is None:
            raise Invalid("Say what the item is about.", errors=[blank("/title")])
        if topic == "system" and system is None:
            raise Invalid("Say which system it is about.", errors=[blank("/system")])
        wish = Proposal(title.strip() or str(system), why.strip(), subject=system, system=system)
        item = _add(session, known[topic], wish, actor=actor, minutes=minutes)
        record("session.item_added", item, actor=actor, after=snapshot(item), at=at)
        return item


def drop_item(item: Item, *, actor: User, at: datetime | None = None) -> None:
    """Take an item off the agenda. For who leads the body, and for who proposed it."""
    at = at or timezone.now()
    with denial_recorded("session.item_dropped", item.session, actor), transaction.atomic():
        item = locked_item(item)
        if item.proposed_by_id != actor.pk:
            require_leader(item.session.body, actor, at)
        require_planning(item.session)
        before = snapshot(item)
        record("session.item_dropped", item, actor=actor, before=before, at=at)
        later = list(item.session.items.filter(number__gt=item.number).order_by("number"))
        try:
            with transaction.atomic():
                item.delete()
        except ProtectedError as error:
            raise Refused("Somebody has declared a conflict on this item; it stays on record.") from error
        _renumber(later, item.number)


def move_item(item: Item, places: int, *, actor: User, at: datetime | None = None) -> Item:
    """Move an item up (negative) or down by places; beyond the ends it stays at the end."""
    at = at or timezone.now()
    with denial_recorded("session.agenda", item.session, actor), transaction.atomic():
        item = locked_item(item)
        require_leader(item.session.body, actor, at)
        require_planning(item.session)
        rows = list(item.session.items.order_by("number"))
        old = rows.index(item)
        rows.insert(max(0, min(len(rows) - 1, old + places)), rows.pop(old))
        _renumber(rows, 1)
        titles = [row.title for row in rows]
        record("session.agenda", item.session, actor=actor, at=at, ref=item.session.ref, order=titles)
        return next(row for row in rows if row.pk == item.pk)


def _add(
    session: Session, topic: Topic, wish: Proposal, *, actor: User | None, minutes: int | None = None
) -> Item:
    last = session.items.aggregate(last=Max("number"))["last"] or 0
    kind = ContentType.objects.get_for_model(wish.subject) if wish.subject is not None else None
    return Item.objects.create(
        session=session,
        number=last + 1,
        topic=topic.slug,
        title=wish.title[:200],
        why=wish.why,
        subject_type=kind,
        subject_id=wish.subject.pk if wish.subject is not None else None,
        system=wish.system,
        case=wish.case,
        takes_votes=bool(topic.choices) or wish.case is not None,
        minutes=topic.minutes if minutes is None else minutes,
        proposed_by=actor,
    )


def _renumber(rows: list[Item], first: int) -> None:
    for number, row in enumerate(rows, start=first):
        if row.number != number:
            row.number = number
            row.save(update_fields=["number"])
