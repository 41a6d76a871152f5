"""Ballots, conflicts and conditions, under the lock of the item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import Choice, Stance
from portal.audit.services import denial_recorded, record
from portal.bodies.models import Attendance, Ballot, Conflict, Item, ItemCondition, ItemState
from portal.bodies.selectors.bench import why_no_ballot
from portal.bodies.services.guards import (
    locked_item,
    require_open,
    require_seat,
)
from portal.cases import services as cases
from portal.cases.selectors.seats import why_no_vote
from portal.errors import Conflict as Clash
from portal.errors import Denied, Invalid, Problem, Refused, blank


@dataclass(frozen=True, slots=True)
class Demand:
    """A condition somebody names: what, by whom, and by which day."""

    text: str
    owner: User
    due_on: date


def cast_ballot(
    item: Item,
    *,
    actor: User,
    choice: str,
    reason: str,
    conditions: Sequence[Demand] = (),
    at: datetime | None = None,
) -> Ballot:
    """Give or change one's voice on an open item. Nobody sees it until the item is closed.

    Raises Denied for whoever has no vote on it, Refused while the item is not open or its deadline is over.
    """
    at = at or timezone.now()
    with denial_recorded("session.voted", item, actor), transaction.atomic():
        item = locked_item(item)
        require_open(item)
        if not item.takes_votes:
            raise Refused(f"Item {item.number} is for information; nobody votes on it.")
        if item.session.over(at):
            raise Refused("The deadline for votes has passed.")
        chosen = _choice(item, choice)
        _attend_in_writing(item, actor, at)
        if why := why_no_ballot(item, actor, at):
            raise Denied(why)
        if not reason.strip():
            raise Invalid("Give a reason; it is printed in the minutes.", errors=[blank("/reason")])
        row = Attendance.objects.select_related("seat").get(session=item.session, attended_by=actor)
        for demand in conditions:
            _propose(item, demand, actor=actor, at=at)
        if chosen.outcome == "conditions" and not item.conditions.exists():
            raise Invalid("Name at least one condition first.", errors=[blank("/conditions")])
        ballot, _new = Ballot.objects.update_or_create(
            item=item,
            seat=row.seat,
            defaults={
                "voter": actor,
                "choice": chosen.slug,
                "counts": chosen.stance is not Stance.ABSTAIN,
                "reason": reason.strip(),
                "cast_at": at,
            },
        )
        record("session.voted", item, actor=actor, at=at, ref=item.session.ref, item=item.number)
        return ballot


def declare_conflict(item: Item, *, actor: User, reason: str, at: datetime | None = None) -> Conflict:
    """Step aside from an item that is not closed: no vote, not counted; a ballot given is taken back.

    On a case the conflict stands there too.
    """
    at = at or timezone.now()
    with denial_recorded("session.conflict", item, actor), transaction.atomic():
        item = locked_item(item)
        require_seat(item.session.body, actor, at)
        if item.state == ItemState.CLOSED:
            raise Refused(f"Item {item.number} is closed.")
        if not reason.strip():
            raise Invalid("Say what the conflict is.", errors=[blank("/reason")])
        if item.conflicts.filter(person=actor).exists():
            raise Clash("A conflict of yours is on record already.")
        taken_back, _each = item.ballots.filter(voter=actor).delete()
        made = Conflict.objects.create(item=item, person=actor, reason=reason.strip(), declared_at=at)
        if item.case is not None and _may_step_aside(item, actor, at):
            cases.declare_conflict(item.case, actor=actor, reason=made.reason, at=at)
        record(
            "session.conflict",
            item,
            actor=actor,
            reason=made.reason,
            at=at,
            ref=item.session.ref,
            item=item.number,
            taken_back=bool(taken_back),
        )
        return made


def propose_condition(
    item: Item, demand: Demand, *, actor: User, at: datetime | None = None
) -> ItemCondition:
    """Name a condition on an open item; it becomes a case once the item is decided with conditions."""
    at = at or timezone.now()
    with denial_recorded("session.condition", item, actor), transaction.atomic():
        item = locked_item(item)
        require_open(item)
        require_seat(item.session.body, actor, at)
        return _propose(item, demand, actor=actor, at=at)


def _propose(item: Item, demand: Demand, *, actor: User, at: datetime) -> ItemCondition:
    if not demand.text.strip():
        raise Invalid("Say what the condition is.", errors=[blank("/condition")])
    if demand.due_on <= organisation().today(at):
        raise Invalid(
            "The day of a condition lies ahead.", errors=[Problem("/condition_due", "A later day.")]
        )
    made = ItemCondition.objects.create(
        item=item,
        text=demand.text.strip(),
        owner=demand.owner,
        due_on=demand.due_on,
        proposed_by=actor,
        proposed_at=at,
    )
    facts: dict[str, Any] = {
        "ref": item.session.ref,
        "item": item.number,
        "text": made.text,
        "owner": made.owner_id,
    }
    record("session.condition", item, actor=actor, at=at, **facts)
    return made


def _choice(item: Item, slug: str) -> Choice:
    found = next((choice for choice in item.choices if choice.slug == slug), None)
    if found is None:
        known = ", ".join(choice.slug for choice in item.choices)
        raise Invalid(f"Choose one of: {known}.", errors=[Problem("/choice", f"One of: {known}.")])
    return found


def _attend_in_writing(item: Item, actor: User, at: datetime) -> None:
    """In writing, to vote is to attend."""
    if not item.session.in_writing:
        return
    day = organisation().today(at)
    held = item.session.body.seats.on(day).held_by(actor).values("pk")
    rows = item.session.attendance.filter(seat__in=held)
    if rows.filter(attended_by=actor).exists():
        return
    own = rows.filter(attended_by=None, seat__person=actor).first() or rows.filter(attended_by=None).first()
    if own is not None:
        own.attended_by, own.arrived_at = actor, at
        own.save(update_fields=["attended_by", "arrived_at"])


def _may_step_aside(item: Item, actor: User, at: datetime) -> bool:
    case = item.case
    current = case.current_round if case is not None else None
    if case is None or current is None or case.votes.filter(voter=actor).exists():
        return False
    return not why_no_vote(case, current, case.declared_kind, actor, at)
