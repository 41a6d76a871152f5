"""Who hears of a session: in the inbox at once, and by mail with the day and the agenda."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.bodies.models import Attendance, Function, Session
from portal.findings.services import notify, settle
from portal.jobs.services import enqueue_mail


def there(value: datetime) -> str:
    """A moment in the organisation's zone, with the zone's name: "24 Nov 2026, 10:00 CET"."""
    return f"{timezone.localtime(value, organisation().zone):%-d %b %Y, %H:%M %Z}"


def leaders_of(session: Session) -> list[User]:
    """Chair and secretary on the day of the session."""
    day = organisation().today(session.starts_at)
    seats = session.body.seats.on(day).filter(function__in=[Function.CHAIR, Function.SECRETARY])
    return [seat.person for seat in seats.select_related("person")]


def invited(session: Session) -> list[Attendance]:
    return list(session.attendance.select_related("seat__person", "seat__deputy"))


def invite(session: Session, at: datetime) -> None:
    """Tell everybody with a seat, in the inbox and by mail, when and where, and what it is about."""
    rows = invited(session)
    _line(
        session,
        [row.seat.person for row in rows],
        "session-invitation",
        f"{session}: invitation",
        at,
        act=True,
    )
    text = _invitation(session)
    for row in rows:
        key = f"session-{session.pk}-{session.starts_at:%Y%m%dT%H%M}-{row.seat.person_id}"
        enqueue_mail(row.seat.person.email, f"{session}, {there(session.starts_at)}", text, key=key)


def tell_moved(session: Session, at: datetime) -> None:
    """The session has another day or place: everybody is invited anew."""
    invite(session, at)


def tell_cancelled(session: Session, at: datetime) -> None:
    settle(session, at=at)
    people = [row.seat.person for row in invited(session)]
    _line(session, people, "session-cancelled", f"{session} is cancelled", at)
    for person in people:
        text = f"{session} on {there(session.starts_at)} is cancelled.\n\n{session.cancelled_because}\n"
        enqueue_mail(person.email, f"Cancelled: {session}", text, key=f"session-{session.pk}-off-{person.pk}")


def tell_planned(session: Session, at: datetime) -> None:
    """A rule has planned a session: those who lead it settle the agenda and call it."""
    title = f"{session}: settle the agenda and call it"
    _line(session, leaders_of(session), "session-planned", title, at, act=True)


def tell_answered(session: Session, person: User, at: datetime) -> None:
    settle(session, users=[person], at=at)


def tell_begun(session: Session, at: datetime) -> None:
    """Votes can be given: whoever attends or, in writing, whoever is invited hears of it."""
    settle(session, at=at)
    people = [row.seat.person for row in invited(session) if row.seat.votes]
    if session.in_writing:
        title = f"{session}: vote by {there(session.ends_at)}"
        _line(session, people, "session-votes", title, at, act=True)


def tell_overdue(session: Session, at: datetime) -> None:
    """The deadline of a session in writing has passed without its quorum: somebody has to set another."""
    title = f"{session} has no quorum: set a new deadline"
    _line(session, leaders_of(session), "session-overdue", title, at, act=True)


def tell_closed(session: Session, at: datetime) -> None:
    """The session is over: the minutes can be read."""
    settle(session, at=at)
    people = [row.seat.person for row in invited(session)]
    _line(session, people, "session-minutes", f"{session}: the minutes are written", at)


def _line(
    session: Session, people: Iterable[User], kind: str, title: str, at: datetime, *, act: bool = False
) -> None:
    notify(
        people,
        session,
        kind=kind,
        title=title[:300],
        url=session.get_absolute_url(),
        needs_action=act,
        due_on=organisation().today(session.ends_at if session.in_writing else session.starts_at),
        digest=kind not in {"session-invitation", "session-cancelled"},
        at=at,
    )


def _invitation(session: Session) -> str:
    when = there(session.starts_at)
    where = f"{session.place}\n" if session.place else ""
    lines = [f"{item.number}. {item.title}" for item in session.items.all()]
    agenda = "\n".join(lines) or "The agenda follows."
    until = f"Votes in writing until {there(session.ends_at)}" if session.in_writing else when
    address = f"{settings.PORTAL_PUBLIC_URL}{session.get_absolute_url()}"
    return f"{session}\n{until}\n{where}\nAgenda\n{agenda}\n\nAnswer, and read the papers:\n{address}\n"
