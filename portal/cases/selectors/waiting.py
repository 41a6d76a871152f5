"""What waits for a person: votes to give, conditions to meet."""

from __future__ import annotations

from portal.accounts.models import User
from portal.cases.models import Case, Condition, ConditionState, State


def waiting_for(person: User, limit: int = 6) -> list[Case]:
    """The cases that wait for this person's vote, the most urgent first. One query."""
    waiting = Case.objects.decidable_by(person).select_related("system")
    return list(waiting.order_by("due_on", "pk")[:limit])


def duties_of(person: User, limit: int = 6) -> list[Case]:
    """The open cases whose matter this person must do and has not reported, the most urgent first."""
    mine = Case.objects.filter(owner=person, state=State.OPEN, reported_at=None)
    return list(mine.select_related("system").order_by("due_on", "pk")[:limit])


def tasks_of(person: User, limit: int = 6) -> list[Condition]:
    """The conditions this person must meet, the most urgent first. One query."""
    mine = Condition.objects.filter(owner=person, state=ConditionState.BINDING, reported_at=None)
    return list(mine.select_related("case__system").order_by("due_on", "pk")[:limit])
