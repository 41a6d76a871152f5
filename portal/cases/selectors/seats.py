"""Who sits in a round: who may vote, who has, whom it waits for."""

from __future__ import annotations

from datetime import datetime

from portal.accounts.models import User
from portal.cases.models import Case, Round


def missing_voters(case: Case, current: Round, at: datetime | None = None) -> list[User]:
    """Who may vote in the round and has not: without conflict, and not who asked for it."""
    away = {case.opened_by_id, *case.conflicts.values_list("person", flat=True)}
    away |= set(case.votes.values_list("voter", flat=True))
    return list(current.voters(at).exclude(pk__in=away - {None}))
