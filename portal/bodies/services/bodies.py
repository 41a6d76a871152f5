"""Bodies are set up, and people get seats on them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import Unit, User
from portal.accounts.services import organisation
from portal.audit.services import denial_recorded, record, snapshot
from portal.bodies.models import Body, Function, Seat
from portal.bodies.services.guards import leads
from portal.errors import Conflict, Denied, Invalid, Problem
from portal.rights import require


def create_body(
    name: str, *, slug: str, unit: Unit, actor: User, at: datetime | None = None, **rules: Any
) -> Body:
    """Set up a body in a unit; ``rules`` are its further columns. Raises Conflict where the name is taken."""
    at = at or timezone.now()
    require(actor, "bodies.define")
    if not any(unit.path.startswith(path) for path in actor.places("bodies.define")):
        raise Denied(f"You may set up no body in {unit}.")
    body = Body(name=name.strip(), slug=slug, unit=unit, created_by=actor, created_at=at, **rules)
    _check(body, exclude={"unit", "created_by"})
    with transaction.atomic():
        _save(body)
        record("body.created", body, actor=actor, after=snapshot(body), at=at)
    return body


def change_body(body: Body, *, actor: User, **changes: Any) -> Body:
    """Change the rules of a body. Sessions that are planned already keep theirs."""
    with denial_recorded("body.changed", body, actor), transaction.atomic():
        body = _held(body, actor)
        before = snapshot(body)
        for name, value in changes.items():
            setattr(body, name, value)
        _check(body, exclude={"unit", "created_by"})
        _save(body)
        record("body.changed", body, actor=actor, before=before, after=snapshot(body))
        return body


def add_seat(
    body: Body,
    person: User,
    *,
    actor: User,
    function: str = Function.MEMBER,
    votes: bool = True,
    deputy: User | None = None,
    started_on: date | None = None,
    ended_on: date | None = None,
    at: datetime | None = None,
) -> Seat:
    """Give a person a seat for a term. An observer never votes.

    Raises Conflict where the person sits there already or the chair is taken in that time.
    """
    at = at or timezone.now()
    with denial_recorded("body.seated", body, actor), transaction.atomic():
        body = _held(body, actor)
        first = started_on or organisation().today(at)
        if ended_on is not None and ended_on < first:
            raise Invalid(
                "A term ends after it begins.", errors=[Problem("/ended_on", "Before the first day.")]
            )
        if deputy == person:
            raise Invalid("The deputy is somebody else.", errors=[Problem("/deputy", "Somebody else.")])
        seat = Seat(
            body=body,
            person=person,
            function=function,
            votes=votes and function != Function.OBSERVER,
            deputy=deputy,
            started_on=first,
            ended_on=ended_on,
        )
        try:
            with transaction.atomic():
                seat.save(force_insert=True)
        except IntegrityError as error:
            taken = "chair" if "one_chair" in str(error) else "person"
            detail = (
                f"{body} has a chair then." if taken == "chair" else f"{person} has a seat on {body} then."
            )
            raise Conflict(detail) from error
        record("body.seated", seat, actor=actor, after=snapshot(seat), at=at)
        return seat


def end_seat(seat: Seat, *, actor: User, last_day: date, at: datetime | None = None) -> Seat:
    """Let a term end with a day."""
    with denial_recorded("body.unseated", seat.body, actor), transaction.atomic():
        _held(seat.body, actor)
        if last_day < seat.started_on:
            raise Invalid(
                "A term ends after it begins.", errors=[Problem("/last_day", "Before the first day.")]
            )
        before = snapshot(seat)
        seat.ended_on = last_day
        seat.save(update_fields=["ended_on"])
        record("body.unseated", seat, actor=actor, before=before, after=snapshot(seat), at=at)
        return seat


def name_deputy(seat: Seat, deputy: User | None, *, actor: User) -> Seat:
    """Say who stands in on a seat, or nobody. For whoever sits there, the chair and the secretary."""
    with denial_recorded("body.deputy", seat.body, actor), transaction.atomic():
        if seat.person_id != actor.pk:
            _held(seat.body, actor)
        if deputy is not None and deputy.pk == seat.person_id:
            raise Invalid("The deputy is somebody else.", errors=[Problem("/deputy", "Somebody else.")])
        before = snapshot(seat)
        seat.deputy = deputy
        seat.save(update_fields=["deputy"])
        record("body.deputy", seat, actor=actor, before=before, after=snapshot(seat))
        return seat


def may_define(body: Body, person: User, at: datetime | None = None) -> bool:
    """Whether the person leads the body, or sets up bodies where it stands."""
    if leads(body, person, at or timezone.now()):
        return True
    return any(body.unit.path.startswith(path) for path in person.places("bodies.define"))


def _held(body: Body, actor: User) -> Body:
    body = Body.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=body.pk)
    if not may_define(body, actor):
        raise Denied(f"Only the chair or the secretary of {body} may do this.")
    return body


def _check(body: Body, *, exclude: set[str]) -> None:
    try:
        body.clean_fields(exclude=exclude)
    except ValidationError as error:
        problems = [Problem(f"/{name}", texts[0]) for name, texts in error.message_dict.items()]
        raise Invalid("The body is not complete.", errors=problems) from error


def _save(body: Body) -> None:
    try:
        with transaction.atomic():
            body.save()
    except IntegrityError as error:
        if "slug" in str(error) or "name" in str(error):
            raise Conflict(f"There is a body {body.name!r} already.") from error
        raise Invalid("These rules do not fit together.") from error
