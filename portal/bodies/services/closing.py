"""The chair closes an item: the votes are counted and shown, and what they decide takes effect."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.audit.services import denial_recorded, record
from portal.bodies.models import Item, ItemState, Session, State
from portal.bodies.models.items import NOTED, POSTPONED
from portal.bodies.selectors.bench import tally
from portal.bodies.services.follow_up import follow_up
from portal.bodies.services.guards import (
    locked,
    locked_item,
    require_leader,
    require_running,
)
from portal.bodies.services.minutes import write_minutes
from portal.bodies.services.telling import tell_closed
from portal.cases.services import Voice, cast_together
from portal.cases.services.voting import Wish
from portal.errors import Invalid, Problem, Refused


def close_item(
    item: Item,
    *,
    actor: User | None,
    resolution: str = "",
    postpone: bool = False,
    next_review_on: date | None = None,
    at: datetime | None = None,
) -> Item:
    """Count the votes on an open item and let the outcome take effect; ``postpone`` puts it off instead.

    The actor is None when a deadline closes it: then what the votes do not decide is postponed. Raises
    Refused where the quorum is missing or a tie is not decided. On a case the voices are counted there.
    """
    at = at or timezone.now()
    with denial_recorded("session.item_closed", item, actor), transaction.atomic():
        item = locked_item(item)
        if actor is not None:
            require_leader(item.session.body, actor, at)
        require_running(item.session)
        _require_closable(item, postpone=postpone)
        if next_review_on is not None and next_review_on <= organisation().today(at):
            raise Invalid("A review lies ahead.", errors=[Problem("/next_review_on", "A later day.")])
        item.resolution, item.next_review_on = resolution.strip(), next_review_on
        _decide(item, actor=actor, postpone=postpone, at=at)
        item.state, item.closed_at, item.closed_by = ItemState.CLOSED, at, actor
        item.save()
        if item.outcome == "conditions" and item.case is None:
            follow_up(item, at)
        if (effect := item.declared_topic.on_closed) is not None:
            effect(item, actor=actor)
        record(
            "session.item_closed",
            item,
            actor=actor,
            at=at,
            ref=item.session.ref,
            item=item.number,
            outcome=item.outcome,
            votes={str(ballot.voter_id): ballot.choice for ballot in item.ballots.all()},
        )
        return item


def close_session(session: Session, *, actor: User | None, at: datetime | None = None) -> Session:
    """End a session that had its quorum and an outcome for every item; its minutes come from the record."""
    at = at or timezone.now()
    with denial_recorded("session.closed", session, actor), transaction.atomic():
        session = locked(session)
        if actor is not None:
            require_leader(session.body, actor, at)
        require_running(session)
        left = [item.number for item in session.items.exclude(state=ItemState.CLOSED)]
        if left:
            numbers = ", ".join(map(str, left))
            raise Refused(f"Items without an outcome: {numbers}. Close or postpone them first.")
        present = session.attendance.filter(attended_by__isnull=False, seat__votes=True).count()
        if present < session.quorum:
            raise Refused(f"{present} voting seats took part, the quorum is {session.quorum}.")
        session.state, session.closed_at = State.CLOSED, at
        session.save(update_fields=["state", "closed_at"])
        record("session.closed", session, actor=actor, at=at, ref=session.ref, present=present)
        write_minutes(session, actor=actor, at=at)
        tell_closed(session, at)
        return session


def close_at_deadline(session: Session, at: datetime) -> bool:
    """Close a session in writing whose hour has come, by its votes; False where it has no quorum."""
    with transaction.atomic():
        session = locked(session)
        if not session.running or not session.over(at):
            return False
        present = session.attendance.filter(attended_by__isnull=False, seat__votes=True).count()
        if present < session.quorum:
            return False
        for item in session.items.filter(state=ItemState.OPEN):
            close_item(item, actor=None, at=at)
        close_session(session, actor=None, at=at)
        return True


def _require_closable(item: Item, *, postpone: bool) -> None:
    if item.state == ItemState.CLOSED:
        raise Refused(f"Item {item.number} is closed already.")
    if item.state == ItemState.PLANNED and not postpone:
        raise Refused(f"Open item {item.number} first, or postpone it.")


def _decide(item: Item, *, actor: User | None, postpone: bool, at: datetime) -> None:
    """Set choice and outcome by the votes."""
    if postpone:
        item.outcome = POSTPONED
        return
    if not item.takes_votes:
        item.outcome = NOTED
        return
    if item.case is not None and not item.case.open:
        _take_over(item)
        return
    counted = tally(item)
    if not counted.choice:
        if actor is not None:
            raise Refused(f"{counted.why} Postpone the item, or wait.")
        item.outcome, item.resolution = POSTPONED, counted.why
        return
    if item.case is not None:
        _decide_case(item, actor=actor, at=at)
        return
    chosen = next(choice for choice in item.choices if choice.slug == counted.choice)
    item.choice, item.outcome = chosen.slug, chosen.outcome


def _decide_case(item: Item, *, actor: User | None, at: datetime) -> None:
    assert item.case is not None
    voices = [
        Voice(ballot.voter, ballot.choice, ballot.reason) for ballot in item.ballots.select_related("voter")
    ]
    wishes = [
        (row.proposed_by, Wish(row.text, row.owner, row.due_on))
        for row in item.conditions.select_related("proposed_by", "owner")
    ]
    item.case = cast_together(item.case, voices, actor=actor, conditions=wishes, at=at)
    if item.case.open:
        item.outcome = POSTPONED
        item.resolution = item.resolution or f"The votes do not decide {item.case.ref} yet; it stays open."
    else:
        item.outcome = item.case.outcome


def _take_over(item: Item) -> None:
    """The case was closed elsewhere meanwhile: its outcome is the item's."""
    assert item.case is not None
    if item.case.outcome:
        item.outcome = item.case.outcome
    else:
        item.outcome = POSTPONED
        item.resolution = (
            item.resolution or f"{item.case.ref} was {item.case.outcome_title.lower()} meanwhile."
        )
