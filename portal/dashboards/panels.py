"""The boxes of homes that read across packages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Panel, Role
from portal.audit.models import Entry
from portal.audit.reading import events
from portal.dashboards.selectors import (
    blocked_versions,
    health_of_systems,
    my_models,
    my_places,
    tile_pillars,
)
from portal.jobs.models import Run, RunState
from portal.registry.selectors import systems_for_list

SHOWN = 8


def kpis(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """KPI tiles by pillar."""
    pillars = tile_pillars(at)
    return {"pillars": pillars} if pillars else None


def blockers(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """What keeps this person's versions from production, each with what mends it."""
    return {"blocked": blocked_versions(user)}


def models(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """This person's models and how they are."""
    found = my_models(user)
    shown = found[:SHOWN]
    health = health_of_systems([model.system for model in shown])
    return {"models": [(model, health.get(model.system_id)) for model in shown], "count": found.count()}


def systems(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """The systems a person sees, those at risk first."""
    visible = systems_for_list(user).filter(unassigned=False)
    found = list(visible)
    health = health_of_systems(found)
    order = {"bad": 0, "warn": 1, "wait": 2, "none": 3, "good": 4}
    found.sort(key=lambda s: (order.get(health[s.pk].tone, 3) if s.pk in health else 3, s.name))
    return {"systems": [(s, health.get(s.pk)) for s in found[:SHOWN]], "count": len(found)}


def register(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """How to register from code, and when the newest token ends."""
    tokens = user.tokens.filter(revoked_at=None, expires_at__gt=timezone.now()).order_by("-last_used_at")
    return {"url": settings.PORTAL_PUBLIC_URL, "token": tokens.first()}


def activity(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """What happened on this person's systems; runs and measurements have pages of their own."""
    entries = (
        Entry.objects.filter(system_id__in=my_places(user))
        .exclude(action__startswith="run.")
        .exclude(action="check.evaluated")
    )
    return {"events": events(entries.select_related("actor").order_by("-happened_at", "-pk")[:SHOWN])}


def health(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """Whether the machinery runs: queue, runs that gave up, mail."""
    counted = dict(Run.objects.order_by().values_list("state").annotate(count=Count("pk")))
    return {
        "queued": counted.get(RunState.QUEUED, 0),
        "running": counted.get(RunState.RUNNING, 0),
        "dead": counted.get(RunState.DEAD, 0),
        "mail_folder": "" if settings.PORTAL_EMAIL_URL else settings.EMAIL_FILE_PATH,
        "version": settings.PORTAL_VERSION,
    }


EXECUTIVES = frozenset({Role.EXECUTIVE})
OVERSIGHT = frozenset({Role.EXECUTIVE, Role.COMMITTEE, Role.ETHICS, Role.AUDITOR})
BUILDERS = frozenset({Role.ENGINEER})

PANELS = (
    Panel("kpis", EXECUTIVES | {Role.COMMITTEE}, "dashboards/panels/kpis.html", kpis, order=10, full=True),
    Panel("blockers", BUILDERS, "dashboards/panels/blockers.html", blockers, order=20, wide=True),
    Panel("models", BUILDERS, "dashboards/panels/models.html", models, order=30, wide=True),
    Panel("activity", BUILDERS, "dashboards/panels/activity.html", activity, order=60, wide=True),
    Panel("register", BUILDERS, "dashboards/panels/register.html", register, order=20),
    Panel("systems", OVERSIGHT, "dashboards/panels/systems.html", systems, order=70, wide=True),
    Panel(
        "health",
        frozenset({Role.ADMINISTRATOR, Role.OPERATIONS}),
        "dashboards/panels/health.html",
        health,
        order=15,
    ),
)
