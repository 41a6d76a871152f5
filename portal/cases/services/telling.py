"""Who is told of a case: those who must vote, and afterwards those whom the decision concerns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.accounts.models import User
from portal.cases.models import Case, Condition, ConditionState, Round
from portal.cases.selectors.seats import missing_voters
from portal.findings.services import notify, settle


def tell_voters(case: Case, current: Round, at: datetime | None = None) -> list[User]:
    """Put the case into the inbox of everybody whose vote this round still waits for."""
    people = missing_voters(case, current, at)
    _tell_to_act(case, people, at)
    return people


def _tell_to_act(case: Case, people: Iterable[User], at: datetime | None) -> None:
    notify(
        people,
        case,
        kind="case-vote",
        title=f"{case.ref}: {case.title}",
        url=case.get_absolute_url(),
        system=case.system,
        due_on=case.due_on,
        at=at,
    )


def tell_owner(case: Case, at: datetime) -> None:
    """Put a case into the inbox of who must do what it is about; voters hear of it once that is done."""
    if case.owner is not None:
        _tell_to_act(case, [case.owner], at)


def tell_reported(case: Case, at: datetime) -> None:
    """Its owner says it is done: now it waits for those who vote."""
    settle(case, at=at)
    if (current := case.current_round) is not None:
        tell_voters(case, current, at)


def tell_answered(case: Case, person: User, at: datetime) -> None:
    """The person has voted or stepped aside: nothing waits for them here any more."""
    settle(case, users=[person], at=at)


def tell_outcome(case: Case, at: datetime) -> None:
    """End the waiting lines; tell opener and owner the outcome, and the owners of conditions their task."""
    settle(case, at=at)
    owner = case.system.owner if case.system is not None else None
    notify(
        [person for person in (case.opened_by, case.owner, owner) if person is not None],
        case,
        kind="case-outcome",
        title=f"{case.ref}: {case.outcome_title.lower()}. {case.title}"[:300],
        url=case.get_absolute_url(),
        system=case.system,
        needs_action=False,
        at=at,
    )
    for condition in case.conditions.filter(state=ConditionState.BINDING).select_related("owner"):
        tell_condition(condition, condition.owner, at)


def tell_condition(condition: Condition, person: User, at: datetime) -> None:
    """Put a condition into the inbox of who must meet it, or accept that it is met."""
    case = condition.case
    notify(
        [person],
        condition,
        kind="case-condition",
        title=f"{case.ref}: {condition.text}"[:300],
        url=case.get_absolute_url(),
        system=case.system,
        due_on=condition.due_on,
        at=at,
    )


def tell_condition_done(condition: Condition, at: datetime) -> None:
    settle(condition, at=at)
