"""Who sits in a round: who may vote, who has, whom it waits for."""

from __future__ import annotations

from datetime import datetime

from portal.accounts.models import User
from portal.areas import CaseKind
from portal.cases.models import Case, Round


def missing_voters(case: Case, current: Round, at: datetime | None = None) -> list[User]:
    """Who may vote in the round and has not: without conflict, and not who asked for it."""
    away = {case.opened_by_id, *case.conflicts.values_list("person", flat=True)}
    away |= set(case.votes.values_list("voter", flat=True))
    return list(current.voters(at).exclude(pk__in=[pk for pk in away if pk is not None]))


def why_no_vote(case: Case, current: Round, kind: CaseKind, person: User, at: datetime) -> str:
    """The sentence why this person has no vote, empty for whoever has one."""
    if person.token is not None and not person.token.allows(kind.votes or "cases.vote"):
        return "This token does not cover votes."
    if case.opened_by_id == person.pk:
        return "You asked for this decision, so you have no vote on it."
    if own := case.conflicts.filter(person=person).first():
        return f"You have a conflict of interest: {own.reason.rstrip('.')}."
    if not kind.owners_vote and case.system is not None and person.pk in _owners(case):
        return f"You own {case.system}, so you have no vote on it."
    if not current.voters(at).filter(pk=person.pk).exists():
        who = " or ".join(current.roles)
        return f"This round is decided by the role {who} for {case.unit}."
    return ""


def _owners(case: Case) -> set[int | None]:
    return {case.system.owner_id, case.system.deputy_id} if case.system is not None else set()
