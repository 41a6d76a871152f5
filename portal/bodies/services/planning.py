"""Sessions are planned by hand or by rule, called, moved and cancelled."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.audit.services import denial_recorded, record, snapshot
from portal.bodies.calendar import next_sitting
from portal.bodies.models import Attendance, Body, Mode, Reply, Session, State
from portal.bodies.services.guards import (
    locked,
    require_leader,
    require_seat,
    state_words,
)
from portal.bodies.services.telling import invite, tell_answered, tell_cancelled, tell_moved, tell_planned
from portal.errors import Conflict, Invalid, Problem, Refused, blank

WRITING = timedelta(days=7)
"""How long votes in writing are open unless somebody says otherwise."""


def create_session(
    body: Body,
    *,
    actor: User,
    starts_at: datetime,
    title: str = "",
    ends_at: datetime | None = None,
    mode: str = "",
    place: str | None = None,
    at: datetime | None = None,
) -> Session:
    """Plan a session by hand. Times and place default to what the body's rules say."""
    at = at or timezone.now()
    with denial_recorded("session.planned", body, actor), transaction.atomic():
        require_leader(body, actor, at)
        body = Body.objects.select_related("unit").get(pk=body.pk)
        return _create(
            body,
            title=title,
            starts_at=starts_at,
            ends_at=ends_at,
            mode=mode,
            place=place,
            actor=actor,
            at=at,
        )


@transaction.atomic
def plan_next(body: Body, at: datetime) -> Session | None:
    """Plan the next session the body's rhythm asks for; None where there is none or it is planned already."""
    found = next_sitting(body, at)
    if found is None or body.dissolved_at is not None:
        return None
    if body.sessions.filter(period=found.period).exists():
        return None
    try:
        with transaction.atomic():
            session = _create(
                body,
                period=found.period,
                title=found.title,
                starts_at=found.starts_at,
                actor=None,
                at=at,
            )
    except IntegrityError:
        return None  # planned at the same moment by another run
    tell_planned(session, at)
    return session


def _create(
    body: Body,
    *,
    title: str,
    starts_at: datetime,
    actor: User | None,
    at: datetime,
    period: date | None = None,
    ends_at: datetime | None = None,
    mode: str = "",
    place: str | None = None,
) -> Session:
    mode = mode or body.mode
    length = WRITING if mode == Mode.WRITING else timedelta(minutes=body.duration_minutes)
    ends_at = ends_at or starts_at + length
    _check_times(starts_at, ends_at)
    session = Session.objects.create(
        body=body,
        title=title.strip() or f"Session of {timezone.localtime(starts_at, organisation().zone):%-d %b %Y}",
        period=period,
        mode=mode,
        starts_at=starts_at,
        ends_at=ends_at,
        place=body.place if place is None else place,
        quorum=body.quorum,
        majority=body.majority,
        tie=body.tie,
        created_by=actor,
        created_at=at,
    )
    record("session.planned", session, actor=actor, after=snapshot(session), at=at)
    return session


def call_session(session: Session, *, actor: User, at: datetime | None = None) -> Session:
    """Invite everybody who has a seat on its day, in the inbox and by mail."""
    at = at or timezone.now()
    with denial_recorded("session.called", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        if session.state != State.DRAFT:
            raise Refused(f"{session.ref} is called already: {state_words(session)}.")
        seats = session.body.seats.on(organisation().today(session.starts_at))
        votes = sum(seat.votes for seat in seats)
        if votes < session.quorum:
            raise Refused(
                f"The quorum is {session.quorum}, and {votes} seats vote on that day. Fill seats first.",
                help_url=session.body.get_absolute_url(),
            )
        Attendance.objects.bulk_create(Attendance(session=session, seat=seat) for seat in seats)
        session.state, session.called_at = State.CALLED, at
        session.save(update_fields=["state", "called_at"])
        record("session.called", session, actor=actor, at=at, ref=session.ref, seats=len(seats))
        invite(session, at)
        return session


def move_session(
    session: Session,
    *,
    actor: User,
    starts_at: datetime,
    ends_at: datetime,
    place: str = "",
    title: str = "",
    at: datetime | None = None,
) -> Session:
    """Another day, hour or place, before the pack is frozen. Who was invited is invited anew."""
    at = at or timezone.now()
    with denial_recorded("session.moved", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        if not session.planning:
            raise Refused(f"{session.ref} cannot be moved any more: {state_words(session)}.")
        _check_times(starts_at, ends_at)
        before = snapshot(session)
        session.starts_at, session.ends_at, session.place = starts_at, ends_at, place
        session.title = title.strip() or session.title
        session.save(update_fields=["starts_at", "ends_at", "place", "title"])
        record("session.moved", session, actor=actor, before=before, after=snapshot(session), at=at)
        if session.state == State.CALLED:
            tell_moved(session, at)
        return session


def cancel_session(session: Session, *, actor: User, reason: str, at: datetime | None = None) -> Session:
    """Call a session off before it begins. What waits is proposed for the next one."""
    at = at or timezone.now()
    with denial_recorded("session.cancelled", session, actor), transaction.atomic():
        session = locked(session)
        require_leader(session.body, actor, at)
        if not session.ahead:
            raise Refused(f"{session.ref} cannot be cancelled any more: {state_words(session)}.")
        if not reason.strip():
            raise Invalid("Say why.", errors=[blank("/reason")])
        session.state, session.cancelled_because = State.CANCELLED, reason.strip()
        session.save(update_fields=["state", "cancelled_because"])
        record("session.cancelled", session, actor=actor, reason=reason.strip(), at=at, ref=session.ref)
        tell_cancelled(session, at)
        return session


def answer_invitation(session: Session, *, actor: User, reply: str, at: datetime | None = None) -> Attendance:
    """Say whether one comes, sends the deputy, or neither. It can be said again until the session begins."""
    at = at or timezone.now()
    with denial_recorded("session.answered", session, actor), transaction.atomic():
        session = locked(session)
        seat = require_seat(session.body, actor, at)
        row = session.attendance.select_related("seat").filter(seat=seat).first()
        if row is None or not session.ahead:
            raise Refused(f"{session.ref} waits for no answer: {state_words(session)}.")
        if reply not in Reply.values or not reply:
            known = ", ".join(value for value in Reply.values if value)
            raise Invalid(f"Answer one of: {known}.", errors=[Problem("/reply", f"One of: {known}.")])
        if reply == Reply.DEPUTY and seat.deputy_id is None:
            raise Conflict("Nobody stands in on your seat. Name a deputy first.")
        row.reply, row.replied_at = reply, at
        row.save(update_fields=["reply", "replied_at"])
        record("session.answered", session, actor=actor, at=at, ref=session.ref, reply=reply)
        tell_answered(session, actor, at)
        return row


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise Invalid(
            "A session ends after it begins.", errors=[Problem("/ends_at", "Before the beginning.")]
        )
