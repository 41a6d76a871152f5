"""A case closes: by a decision, which takes effect in the same transaction, or without one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from portal.accounts.models import User
from portal.areas import CaseKind, Choice, Stance
from portal.audit.services import record
from portal.cases.models import Case, Condition, ConditionState, Round, State
from portal.cases.services.telling import tell_outcome, tell_voters

COUNTED = (Stance.FOR, Stance.AGAINST)


def close_unanswered(case: Case, state: str, *, actor: User | None, reason: str, at: datetime) -> None:
    """Close a case that nobody decided: withdrawn or expired. It approves nothing."""
    case.state = state
    case.closed_by = actor
    case.closed_at = at
    case.closing_reason = reason
    case.save(update_fields=["state", "closed_by", "closed_at", "closing_reason"])
    case.conditions.filter(state=ConditionState.PROPOSED).update(state=ConditionState.DROPPED)
    record(f"case.{state}", case, actor=actor, reason=case.open_to_audit(reason), at=at, ref=case.ref)


def settle(case: Case, current: Round, kind: CaseKind, *, actor: User | None, at: datetime) -> None:
    """Close the round if its votes decide it, then open the next one or decide the case."""
    winner = winning_choice(current, kind)
    if winner is None:
        return
    current.ended_at = at
    current.outcome = winner.outcome
    current.save(update_fields=["ended_at", "outcome"])
    following = case.rounds.filter(number__gt=current.number).first()
    if winner.stance is Stance.AGAINST or following is None:
        decide(case, kind, _strictest(case, kind, winner), actor=actor, at=at)
        return
    following.started_at = at
    following.save(update_fields=["started_at"])
    record("case.round", case, actor=actor, at=at, ref=case.ref, round=following.number)
    tell_voters(case, following, at)


def winning_choice(current: Round, kind: CaseKind) -> Choice | None:
    """What a round has decided, if it has: the quorum of voices for or against, and a majority among them.

    A tie waits for one more voice. Of several choices on the winning side the one with most voices holds, and
    of equally many the strictest.
    """
    votes = list(current.votes.values_list("choice", "stance"))
    sides = Counter(stance for _, stance in votes if stance in COUNTED)
    if sides.total() < current.quorum or sides[Stance.FOR] == sides[Stance.AGAINST]:
        return None
    side = max(COUNTED, key=lambda stance: sides[stance])
    voices = Counter(choice for choice, stance in votes if stance == side)
    return max(
        (choice for choice in kind.choices if choice.stance is side),
        key=lambda choice: (voices[choice.slug], kind.choices.index(choice)),
    )


def _strictest(case: Case, kind: CaseKind, last: Choice) -> Choice:
    """The outcome over all rounds: what an earlier round demanded still holds after a milder later one."""
    if last.stance is Stance.AGAINST:
        return last
    outcomes = {*case.rounds.exclude(outcome="").values_list("outcome", flat=True), last.outcome}
    return [choice for choice in kind.choices if choice.outcome in outcomes and choice.stance is Stance.FOR][
        -1
    ]


def decide(case: Case, kind: CaseKind, winner: Choice, *, actor: User | None, at: datetime) -> None:
    """Write the outcome, bind or drop the conditions, and let the kind say what the decision means."""
    case.state = State.DECIDED
    case.outcome = winner.outcome
    case.approved = winner.stance is Stance.FOR
    case.closed_by = actor
    case.closed_at = at
    case.save(update_fields=["state", "outcome", "approved", "closed_by", "closed_at"])
    binding = winner.outcome == "conditions"
    proposed = Condition.objects.filter(case=case, state=ConditionState.PROPOSED)
    proposed.update(state=ConditionState.BINDING if binding else ConditionState.DROPPED)
    record(
        "case.decided",
        case,
        actor=actor,
        at=at,
        ref=case.ref,
        outcome=case.outcome,
        approved=case.approved,
        digest=case.digest,
        votes={str(vote.voter_id): vote.choice for vote in case.votes.all()},
    )
    if kind.on_decided is not None:
        kind.on_decided(case, actor=actor)
    tell_outcome(case, at)
