"""A session begins: its pack is frozen, people arrive, items are opened, what is said is noted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.audit.canonical import canonical
from portal.audit.services import denial_recorded, record
from portal.bodies.models import Attendance, Conflict, Item, ItemState, Note, Pack, Session, State
from portal.bodies.pack import content_of
from portal.bodies.services.guards import (
    leads,
    locked,
    locked_item,
    require_leader,
    require_running,
    require_seat,
    state_words,
)
from portal.bodies.services.telling import tell_begun
from portal.cases.services import set_due_day
from portal.cases.snapshots import digest_of
from portal.errors import Denied, Invalid, Problem, Refused, blank

LATEST = timedelta(days=92)


def freeze_pack(session: Session, *, actor: User, at: datetime | None = None) -> Pack:
    """Freeze what the members decide on. From now on the agenda stays as it is."""
    at = at or timezone.now()
    with denial_recorded("session.frozen", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        return _freeze(session, actor=actor, at=at)


def start_session(session: Session, *, actor: User, at: datetime | None = None) -> Session:
    """Begin: freeze the pack unless that is done. In writing, every item opens at once.

    Raises Refused in a meeting while fewer voting seats are present than the quorum.
    """
    at = at or timezone.now()
    with denial_recorded("session.begun", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        if session.state == State.CALLED:
            _freeze(session, actor=actor, at=at)
        if session.state != State.FROZEN:
            raise Refused(f"{session.ref} cannot begin: {state_words(session)}.")
        present = session.attendance.filter(attended_by__isnull=False, seat__votes=True).count()
        if not session.in_writing and present < session.quorum:
            raise Refused(f"{present} voting seats are present, the quorum is {session.quorum}.")
        if session.in_writing and at >= session.ends_at:
            raise Refused("The deadline for votes has passed. Set a later one.")
        session.state, session.begun_at = State.RUNNING, at
        session.save(update_fields=["state", "begun_at"])
        record("session.begun", session, actor=actor, at=at, ref=session.ref, present=present)
        if session.in_writing:
            for item in session.items.select_related("case").all():
                item.session = session
                _open(item, actor=actor, at=at)
        tell_begun(session, at)
        return session


def arrive(
    session: Session, *, actor: User, person: User | None = None, at: datetime | None = None
) -> Attendance:
    """Mark who is present: oneself, or for who leads the body anybody with a seat or a deputy of one.

    A deputy takes the seat of whoever sent them; while that person is present the deputy has none.
    """
    at = at or timezone.now()
    with denial_recorded("session.arrived", session, actor), transaction.atomic():
        session = locked(session)
        person = person or actor
        if person.pk != actor.pk:
            require_leader(session.body, actor, at)
        seat = require_seat(session.body, person, at)
        if session.in_writing:
            raise Refused("In writing nobody arrives: to vote is to take part.")
        if not session.near(at):
            raise Refused(f"{session.ref} begins on {session.starts_at:%-d %b %Y}; nobody arrives yet.")
        if session.state not in (State.CALLED, State.FROZEN, State.RUNNING):
            raise Refused(f"{session.ref} takes no attendance: {state_words(session)}.")
        row = session.attendance.filter(seat=seat).select_related("attended_by").first()
        if row is None:
            raise Refused(f"{person} was not invited to {session.ref}.")
        if row.attended_by_id is not None and row.attended_by_id != person.pk:
            raise Refused(f"{row.attended_by} sits on this seat already.")
        if row.attended_by_id is None:
            row.attended_by, row.arrived_at = person, at
            row.save(update_fields=["attended_by", "arrived_at"])
            record(
                "session.arrived",
                session,
                actor=actor,
                at=at,
                ref=session.ref,
                person=person.pk,
                seat=seat.pk,
            )
        return row


def open_item(item: Item, *, actor: User, at: datetime | None = None) -> Item:
    """Take up an item. In a meeting one is open at a time."""
    at = at or timezone.now()
    with denial_recorded("session.item_opened", item, actor), transaction.atomic():
        item = locked_item(item)
        require_leader(item.session.body, actor, at)
        require_running(item.session)
        if item.state != ItemState.PLANNED:
            raise Refused(f"Item {item.number} is {item.get_state_display().lower()} already.")
        other = item.session.items.filter(state=ItemState.OPEN).first()
        if other is not None and not item.session.in_writing:
            raise Refused(f"Close item {other.number} first.", help_url=other.get_absolute_url())
        return _open(item, actor=actor, at=at)


def add_note(item: Item, *, actor: User, text: str, at: datetime | None = None) -> Note:
    """Note what was said on an item, while the session runs."""
    at = at or timezone.now()
    with denial_recorded("session.noted", item, actor), transaction.atomic():
        item = locked_item(item)
        require_running(item.session)
        if not leads(item.session.body, actor, at):
            require_seat(item.session.body, actor, at)
        if not text.strip():
            raise Invalid("Write something.", errors=[blank("/text")])
        made = Note.objects.create(item=item, author=actor, text=text.strip(), written_at=at)
        facts: dict[str, Any] = {"ref": item.session.ref, "item": item.number, "text": made.text}
        record("session.noted", item, actor=actor, at=at, **facts)
        return made


def extend(
    session: Session, ends_at: datetime, *, actor: User, reason: str, at: datetime | None = None
) -> Session:
    """Give votes in writing a later deadline."""
    at = at or timezone.now()
    with denial_recorded("session.extended", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        require_running(session)
        if not session.in_writing:
            raise Refused("A meeting has no deadline for votes.")
        if not max(at, session.ends_at) < ends_at <= at + LATEST:
            raise Invalid("Choose a later hour.", errors=[Problem("/ends_at", "Not in range.")])
        if not reason.strip():
            raise Invalid("Say why.", errors=[blank("/reason")])
        before = session.ends_at
        session.ends_at = ends_at
        session.save(update_fields=["ends_at"])
        for item in session.items.filter(state=ItemState.OPEN).select_related("case"):
            item.session = session
            _give_time(item, actor=actor, at=at)
        record(
            "session.extended",
            session,
            actor=actor,
            before={"ends_at": before},
            after={"ends_at": ends_at},
            reason=reason.strip(),
            at=at,
        )
        tell_begun(session, at)
        return session


def _freeze(session: Session, *, actor: User, at: datetime) -> Pack:
    if session.state != State.CALLED:
        raise Refused(f"The pack of {session.ref} cannot be frozen: {state_words(session)}.")
    if not session.items.exists():
        raise Refused("The agenda is empty. Accept what is proposed, or add an item.")
    for item in session.items.select_related("system", "case"):
        _bar(item, at)
    data = canonical(content_of(session, at))
    pack = Pack.objects.create(
        session=session, data=data, digest=digest_of(data), frozen_by=actor, frozen_at=at
    )
    session.state = State.FROZEN
    session.save(update_fields=["state"])
    record("session.frozen", session, actor=actor, at=at, ref=session.ref, digest=pack.digest)
    return pack


def _bar(item: Item, at: datetime) -> None:
    """Note who stands too close: owner and deputy of the system, and whoever is barred from the case."""
    if not item.takes_votes:
        return
    close: dict[int, str] = {}
    if item.system is not None:
        close |= dict.fromkeys(filter(None, [item.system.deputy_id]), f"Deputy owner of {item.system}")
        close |= dict.fromkeys(filter(None, [item.system.owner_id]), f"Owner of {item.system}")
    if item.case is not None:
        close |= {row.person_id: row.reason for row in item.case.conflicts.all()}
        if item.case.opened_by_id is not None:
            close[item.case.opened_by_id] = f"Asked for {item.case.ref}"
    known = set(item.conflicts.values_list("person", flat=True))
    seats = item.session.attendance.values_list("seat__person", "seat__deputy")
    sitting = {person for pair in seats for person in pair}
    Conflict.objects.bulk_create(
        Conflict(item=item, person_id=person, reason=why, declared=False, declared_at=at)
        for person, why in close.items()
        if person in sitting and person not in known
    )


def _open(item: Item, *, actor: User, at: datetime) -> Item:
    _give_time(item, actor=actor, at=at)
    item.state, item.opened_at = ItemState.OPEN, at
    item.save(update_fields=["state", "opened_at"])
    record("session.item_opened", item, actor=actor, at=at, ref=item.session.ref, item=item.number)
    return item


def _give_time(item: Item, *, actor: User, at: datetime) -> None:
    """A case that falls due before the session votes on it gets a later day, on record."""
    case = item.case
    if case is None or not case.open:
        return
    ours = organisation()
    needed = ours.today(item.session.ends_at if item.session.in_writing else at)
    if case.due_on >= needed:
        return
    day = max(needed, ours.today(at) + timedelta(days=1))
    try:
        set_due_day(case, day, actor=actor, reason=f"On the agenda of {item.session.ref}", at=at)
    except Denied as denial:
        detail = f"{case.ref} was due on {case.due_on:%-d %b %Y}. Who may vote on it sets a new day first."
        raise Refused(detail, help_url=case.get_absolute_url()) from denial
