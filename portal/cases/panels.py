"""Boxes on role homes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import EVERYONE, Panel, Role
from portal.cases.models import Case
from portal.cases.selectors.about import as_rows, cases_of_system, cases_of_version
from portal.cases.selectors.waiting import duties_of, tasks_of, waiting_for
from portal.registry.models import ModelVersion, System

SHOWN = 6


def decisions_waiting(user: User, at: datetime | None) -> Mapping[str, Any] | None:
    """The votes, conditions and duties that wait for this person; four queries at most."""
    cases, tasks = waiting_for(user, SHOWN), tasks_of(user, SHOWN)
    duties = duties_of(user, SHOWN)
    count = len(cases) if len(cases) < SHOWN else Case.objects.decidable_by(user).count()
    return {
        "cases": cases,
        "tasks": tasks,
        "duties": duties,
        "count": count,
        "today": organisation().today(at),
    }


def reviews_of_version(user: User, version: ModelVersion) -> Mapping[str, Any] | None:
    """What people decided about a version, or must decide."""
    url = reverse("cases:approvals", args=[version.model.name, version.number])
    return _few(cases_of_version(user, version), _("Who must agree"), url)


def reviews_of_system(user: User, system: System) -> Mapping[str, Any] | None:
    """What people decided about a system, or must decide."""
    query = urlencode({"q": system.name})
    return _few(cases_of_system(user, system), _("Reviews"), f"{reverse('cases:cases')}?{query}")


def _few(cases: QuerySet[Case], title: str, url: str) -> Mapping[str, Any] | None:
    rows = as_rows(cases[:SHOWN])
    return {"rows": rows, "title": title, "url": url} if rows else None


DECISIONS_WAITING = Panel(
    "decisions-waiting",
    homes=EVERYONE - {Role.AUDITOR, Role.ADMINISTRATOR},
    template="cases/panels/waiting.html",
    context=decisions_waiting,
    order=10,
)
VERSION_REVIEWS = Panel(
    "version-reviews",
    homes=EVERYONE,
    template="cases/panels/reviews.html",
    context=reviews_of_version,
    order=20,
)
SYSTEM_REVIEWS = Panel(
    "system-reviews",
    homes=EVERYONE,
    template="cases/panels/reviews.html",
    context=reviews_of_system,
    order=20,
)
