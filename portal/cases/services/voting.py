"""Votes and conflicts of interest, under the lock of the case."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import CaseKind, Choice, Stance
from portal.audit import services as audit
from portal.audit.services import record
from portal.cases.models import Case, Condition, ConditionState, ConflictOfInterest, Round, Vote
from portal.cases.selectors.seats import why_no_vote
from portal.cases.selectors.standing import is_stale
from portal.cases.services.closing import settle
from portal.cases.services.telling import tell_answered
from portal.errors import Conflict, Denied, Invalid, Problem, Refused, Stale, blank
from portal.web.figures import day


@dataclass(frozen=True, slots=True)
class Wish:
    """A condition a voter names: what, by whom, and by which day, None for before anything else."""

    text: str
    owner: User
    due_on: date | None = None


def cast_vote(
    case: Case,
    *,
    actor: User,
    reason: str,
    choice: str = "",
    approve: bool | None = None,
    conditions: Sequence[Wish] = (),
    at: datetime | None = None,
) -> Vote:
    """Give a voice: one of the kind's choices, or simply ``approve``; at the quorum the case is decided.

    Raises Denied for whoever has no vote here, Conflict for a second one, Refused when the case is closed or
    past its day, Stale when the subject has changed since the case opened.
    """
    at = at or timezone.now()
    with denial_recorded("case.voted", case, actor), transaction.atomic():
        case = locked(case)
        kind = case.declared_kind
        chosen = _choice(kind, choice, approve=approve)
        current = _open_round(case, at)
        check_voter(case, current, kind, actor, at)
        if not reason.strip():
            raise Invalid("Give a reason; it is printed with the decision.", errors=[blank("/reason")])
        if is_stale(case):
            raise Stale("What is to be decided has changed since the case opened. It has to be asked again.")
        for wish in conditions:
            _propose(case, wish, actor=actor, at=at)
        if chosen.outcome == "conditions" and not case.conditions.exists():
            raise Invalid("Name at least one condition.", errors=[blank("/conditions")])
        vote = Vote.objects.create(
            case=case,
            round=current,
            voter=actor,
            choice=chosen.slug,
            stance=chosen.stance,
            reason=reason.strip(),
            cast_at=at,
        )
        facts: dict[str, Any] = {} if kind.secret else {"choice": chosen.slug}
        record("case.voted", case, actor=actor, at=at, ref=case.ref, round=current.number, **facts)
        tell_answered(case, actor, at)
        settle(case, current, kind, actor=actor, at=at)
        return vote


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person chose, and why, where several are counted at once."""

    voter: User
    choice: str
    reason: str


def cast_together(
    case: Case,
    voices: Sequence[Voice],
    *,
    actor: User | None,
    conditions: Sequence[tuple[User, Wish]] = (),
    at: datetime | None = None,
) -> Case:
    """Count voices that were given in secret all at once, so that no early quorum cuts off a later one.

    Each is held to what holds for ``cast_vote``; one that may not vote stops them all. ``actor`` closed the
    ballot, None when its hour did. The case stays open while the votes do not decide it.
    """
    at = at or timezone.now()
    with transaction.atomic():
        case = locked(case)
        kind = case.declared_kind
        current = _open_round(case, at)
        if is_stale(case):
            raise Stale("What is to be decided has changed since the case opened. It has to be asked again.")
        for proposer, wish in conditions:
            _propose(case, wish, actor=proposer, at=at)
        for voice in voices:
            check_voter(case, current, kind, voice.voter, at)
            chosen = _choice(kind, voice.choice, approve=None)
            Vote.objects.create(
                case=case,
                round=current,
                voter=voice.voter,
                choice=chosen.slug,
                stance=chosen.stance,
                reason=voice.reason,
                cast_at=at,
            )
            facts: dict[str, Any] = {} if kind.secret else {"choice": chosen.slug}
            record("case.voted", case, actor=voice.voter, at=at, ref=case.ref, round=current.number, **facts)
            tell_answered(case, voice.voter, at)
        settle(case, current, kind, actor=actor, at=at)
        return case


def declare_conflict(
    case: Case, *, actor: User, reason: str, at: datetime | None = None
) -> ConflictOfInterest:
    """Step aside: no vote, and no place in the count. Raises Refused for whoever has voted already."""
    at = at or timezone.now()
    with denial_recorded("case.conflict", case, actor), transaction.atomic():
        case = locked(case)
        _open_round(case, at, late=True)
        if not any(seat.voters(at).filter(pk=actor.pk).exists() for seat in case.rounds.all()):
            raise Denied("You have no vote on this case, so there is no conflict to declare.")
        if case.votes.filter(voter=actor).exists():
            raise Refused("You have voted on this case already.")
        if case.conflicts.filter(person=actor).exists():
            raise Conflict("A conflict of yours is on record already.")
        if not reason.strip():
            raise Invalid("Say what the conflict is.", errors=[blank("/reason")])
        made = ConflictOfInterest.objects.create(
            case=case, person=actor, reason=reason.strip(), declared_at=at
        )
        reason = case.open_to_audit(made.reason)
        record("case.conflict", case, actor=actor, at=at, ref=case.ref, reason=reason)
        tell_answered(case, actor, at)
        return made


def propose_condition(
    case: Case, *, text: str, owner: User, due_on: date | None, actor: User, at: datetime | None = None
) -> Condition:
    """Name a condition while the case is open; it binds once the case is approved with conditions."""
    at = at or timezone.now()
    with denial_recorded("case.condition", case, actor), transaction.atomic():
        case = locked(case)
        current = _open_round(case, at)
        check_voter(case, current, case.declared_kind, actor, at, voted_too=True)
        return _propose(case, Wish(text, owner, due_on), actor=actor, at=at)


def locked(case: Case) -> Case:
    """The case as it is now, held until the transaction ends."""
    return (
        Case.objects.select_for_update(of=("self",), no_key=True)
        .select_related("unit", "system")
        .get(pk=case.pk)
    )


def check_voter(
    case: Case, current: Round, kind: CaseKind, person: User, at: datetime, *, voted_too: bool = False
) -> None:
    """Raise Denied, with the sentence why, unless the person may vote in this round."""
    if why := why_no_vote(case, current, kind, person, at):
        raise Denied(why)
    if not voted_too and case.votes.filter(voter=person).exists():
        raise Conflict("You have voted on this case already; a vote is not changed.")


def denial_recorded(action: str, case: Case, actor: User) -> AbstractContextManager[None]:
    """Keep the record of a denial, in the words that the audit may hold of this case."""
    return audit.denial_recorded(action, case, actor, told=case.open_to_audit)


def _open_round(case: Case, at: datetime, *, late: bool = False) -> Round:
    current = case.current_round
    if not case.open or current is None:
        raise Refused(f"{case.ref} is closed: {case.outcome_title.lower()}.")
    if not late and organisation().today(at) > case.due_on:
        raise Refused(f"{case.ref} was due on {day(case.due_on)}. Set a new day before anybody votes.")
    return current


def _choice(kind: CaseKind, slug: str, *, approve: bool | None) -> Choice:
    if not slug and approve is not None:
        side = Stance.FOR if approve else Stance.AGAINST
        return next(choice for choice in kind.choices if choice.stance is side)
    for choice in kind.choices:
        if choice.slug == slug:
            return choice
    known = ", ".join(choice.slug for choice in kind.choices)
    raise Invalid(f"Choose one of: {known}.", errors=[Problem("/choice", f"One of: {known}.")])


def _propose(case: Case, wish: Wish, *, actor: User, at: datetime) -> Condition:
    if not wish.text.strip():
        raise Invalid("Say what the condition is.", errors=[blank("/conditions/0/text")])
    if wish.due_on is not None and wish.due_on <= organisation().today(at):
        raise Invalid(
            "The day of a condition lies ahead.", errors=[Problem("/conditions/0/due_on", "A later day.")]
        )
    made = Condition.objects.create(
        case=case,
        text=wish.text.strip(),
        owner=wish.owner,
        due_on=wish.due_on,
        state=ConditionState.PROPOSED,
        proposed_by=actor,
        proposed_at=at,
    )
    text = case.open_to_audit(made.text)
    record("case.condition", case, actor=actor, at=at, ref=case.ref, condition=made.pk, text=text)
    return made
