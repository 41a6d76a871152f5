"""Locks, and who may do what in a session: its seats say so."""

from __future__ import annotations

from datetime import datetime

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.bodies.models import Body, Function, Item, ItemState, Seat, Session, State
from portal.errors import Denied, Refused

LEADERS = (Function.CHAIR, Function.SECRETARY)


def locked(session: Session) -> Session:
    """The session as it is now, held until the transaction ends."""
    return (
        Session.objects.select_for_update(of=("self",), no_key=True)
        .select_related("body__unit")
        .get(pk=session.pk)
    )


def locked_item(item: Item) -> Item:
    """The item as it is now, held with its session until the transaction ends."""
    session = locked(item.session)
    found = (
        Item.objects.select_for_update(of=("self",), no_key=True)
        .select_related("system", "case", "subject_type")
        .get(pk=item.pk)
    )
    found.session = session
    return found


def leads(body: Body, person: User, at: datetime) -> bool:
    """Whether the person chairs the body or writes its minutes on that day, or stands in for who does."""
    day = organisation().today(at)
    return body.seats.on(day).held_by(person).filter(function__in=LEADERS).exists()


def require_leader(body: Body, person: User, at: datetime) -> None:
    """Raise Denied unless the person leads the body."""
    if not leads(body, person, at):
        raise Denied(f"Only the chair or the secretary of {body} may do this.")


def require_seat(body: Body, person: User, at: datetime) -> Seat:
    """The seat the person holds on that day, their own before one they stand in for. Raises Denied."""
    held = list(body.seats.on(organisation().today(at)).held_by(person))
    if not held:
        raise Denied(f"You have no seat on {body}.")
    return next((seat for seat in held if seat.person_id == person.pk), held[0])


def require_planning(session: Session) -> None:
    if not session.planning:
        raise Refused(f"The agenda of {session.ref} cannot change any more: {state_words(session)}.")


def require_running(session: Session) -> None:
    if not session.running:
        raise Refused(f"{session.ref} is not in session: {state_words(session)}.")


def require_open(item: Item) -> None:
    require_running(item.session)
    if item.state != ItemState.OPEN:
        raise Refused(f"Item {item.number} is not open: {item.get_state_display().lower()}.")


def state_words(session: Session) -> str:
    return State(session.state).label.lower()
