"""Boxes on role homes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import EVERYONE, Panel, Role
from portal.cases.models import Case
from portal.cases.selectors.waiting import tasks_of, waiting_for

SHOWN = 6


def decisions_waiting(user: User, at: datetime | None) -> Mapping[str, Any] | None:
    """The votes and conditions that wait for this person; three queries at most."""
    cases, tasks = waiting_for(user, SHOWN), tasks_of(user, SHOWN)
    count = len(cases) if len(cases) < SHOWN else Case.objects.decidable_by(user).count()
    return {"cases": cases, "tasks": tasks, "count": count, "today": organisation().today(at)}


DECISIONS_WAITING = Panel(
    "decisions-waiting",
    homes=EVERYONE - {Role.AUDITOR, Role.ADMINISTRATOR},
    template="cases/panels/waiting.html",
    context=decisions_waiting,
    order=10,
)
