"""Naming KPIs, their targets, and what their owners say of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import find
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Invalid, Problem, Refused
from portal.metrics.models import CheckIn, Kpi, KpiContribution, Pillar, Target
from portal.metrics.models.kpis import Source
from portal.registry.models import System

CHANGEABLE = frozenset(
    {
        "name",
        "pillar",
        "description",
        "unit",
        "decimals",
        "tolerance",
        "owner",
        "deputy",
        "formula",
        "interval_method",
        "order",
    }
)
"""What may change of a KPI. Its direction, period and source are what its history means."""


@transaction.atomic
def create_pillar(
    name: str, *, slug: str, actor: User | None, description: str = "", order: int = 100
) -> Pillar:
    """Name an aim of the strategy."""
    pillar = Pillar(name=name, slug=slug, description=description, order=order)
    _save(pillar, f"A pillar named {name} already exists.")
    record("pillar.created", pillar, actor=actor, after=snapshot(pillar))
    return pillar


@transaction.atomic
def create_kpi(
    name: str,
    *,
    slug: str,
    pillar: Pillar,
    direction: str,
    actor: User | None,
    at: datetime | None = None,
    **fields: Any,
) -> Kpi:
    """Define a KPI. Raises Invalid for a metric nobody declared, Conflict for a name in use."""
    kpi = Kpi(
        name=name, slug=slug, pillar=pillar, direction=direction, created_at=at or timezone.now(), **fields
    )
    if kpi.source == Source.METRIC:
        _check_metric(kpi.metric)
    _save(kpi, f"A KPI named {name} already exists.")
    record("kpi.created", kpi, actor=actor, after=snapshot(kpi), at=at)
    return kpi


@transaction.atomic
def change_kpi(kpi: Kpi, *, actor: User, **fields: Any) -> Kpi:
    """Change what is said of a KPI. What its past values mean does not change: that is a new one."""
    kpi = Kpi.objects.select_for_update().get(pk=kpi.pk)
    before = snapshot(kpi)
    fixed = [
        Problem(f"/{name}", "Fixed: past values depend on it.") for name in fields if name not in CHANGEABLE
    ]
    if fixed:
        raise Invalid("Some of this cannot change.", errors=fixed)
    for name, value in fields.items():
        setattr(kpi, name, value)
    _save(kpi, "Another KPI has this name.")
    record("kpi.changed", kpi, actor=actor, before=before, after=snapshot(kpi))
    return kpi


@transaction.atomic
def retire_kpi(kpi: Kpi, *, actor: User, reason: str, at: datetime | None = None) -> Kpi:
    """Take a KPI off the scorecard; its history stays."""
    kpi = Kpi.objects.select_for_update().get(pk=kpi.pk)
    if kpi.retired_at is not None:
        raise Refused(f"{kpi.name} is retired already.")
    before = snapshot(kpi)
    kpi.retired_at = at or timezone.now()
    kpi.save(update_fields=["retired_at"])
    record("kpi.retired", kpi, actor=actor, before=before, after=snapshot(kpi), reason=reason, at=at)
    return kpi


@transaction.atomic
def set_target(
    kpi: Kpi,
    value: float,
    *,
    starts_on: date,
    reason: str,
    actor: User | None,
    at: datetime | None = None,
) -> Target:
    """Say what a KPI should reach from a day on. Raises Conflict where that day has a target."""
    if not math.isfinite(value):
        raise Invalid("A target is a number.", errors=[Problem("/value", "Not a number.")])
    if not reason.strip():
        raise Invalid("Say which decision sets it.", errors=[Problem("/reason", "Say which.")])
    target = Target(
        kpi=kpi,
        value=value,
        starts_on=starts_on,
        reason=reason.strip(),
        set_by=actor,
        set_at=at or timezone.now(),
    )
    _save(target, f"{kpi.name} has a target from {starts_on:%d %b %Y} already. Choose a later day.")
    record("kpi.target_set", target, actor=actor, after=snapshot(target), reason=reason, at=at, kpi=kpi.slug)
    return target


@transaction.atomic
def set_contributions(kpi: Kpi, shares: Mapping[System, float | None], *, actor: User | None) -> None:
    """Say which systems contribute to a KPI, and how much of its value, in place of what was said."""
    known = [share for share in shares.values() if share is not None]
    if any(not 0 <= share <= 1 for share in known) or sum(known) > 1 + 1e-9:
        raise Invalid(
            "Shares run from 0 to 1 and add up to 1 at most.", errors=[Problem("/shares", "Check the sum.")]
        )
    before = {row.system.ref: row.share for row in kpi.contributions.select_related("system")}
    kpi.contributions.all().delete()
    KpiContribution.objects.bulk_create(
        [KpiContribution(kpi=kpi, system=system, share=share) for system, share in shares.items()]
    )
    after = {system.ref: share for system, share in shares.items()}
    record("kpi.contributions_set", kpi, actor=actor, shares_before=before, shares=after)


@transaction.atomic
def check_in(kpi: Kpi, text: str, *, actor: User, at: datetime | None = None) -> CheckIn:
    """Say how a KPI stands, in the owner's words."""
    if not text.strip():
        raise Invalid("Write something first.", errors=[Problem("/text", "Empty.")])
    note = CheckIn.objects.create(kpi=kpi, text=text.strip(), author=actor, written_at=at or timezone.now())
    record("kpi.checked_in", kpi, actor=actor, at=at, note=note.pk)
    return note


def _check_metric(slug: str) -> None:
    try:
        find("metrics", slug)
    except KeyError as error:
        raise Invalid(
            "No metric of this name is declared.", errors=[Problem("/metric", str(error.args[0]))]
        ) from error


def _save(row: Pillar | Kpi | Target, taken: str) -> None:
    """Check and store a row. Raises Invalid by field, Conflict where something like it exists."""
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        raise Invalid(
            "Some fields are not valid.",
            errors=[
                Problem(f"/{field}", message)
                for field, messages in error.message_dict.items()
                for message in messages
            ],
        ) from error
    except IntegrityError as error:
        if "one_" in str(error) or "unique" in str(error):
            raise Conflict(taken) from error
        raise Invalid("These values do not fit together.") from error
