"""Writes on systems: propose, change, move along their life, and exceptions to who sees them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.models import Unit, User
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Invalid, Problem, Refused, Stale
from portal.registry.models import Stage, System, SystemGrant

STAGES: Mapping[str, frozenset[str]] = {
    Stage.PROPOSED: frozenset({Stage.APPROVED, Stage.ARCHIVED}),
    Stage.APPROVED: frozenset({Stage.DEVELOPMENT, Stage.ARCHIVED}),
    Stage.DEVELOPMENT: frozenset({Stage.OPERATION, Stage.PAUSED, Stage.ARCHIVED}),
    Stage.OPERATION: frozenset({Stage.PAUSED, Stage.RETIRING}),
    Stage.PAUSED: frozenset({Stage.DEVELOPMENT, Stage.OPERATION, Stage.RETIRING}),
    Stage.RETIRING: frozenset({Stage.OPERATION, Stage.ARCHIVED}),
    Stage.ARCHIVED: frozenset(),
}
"""Which stage of a system may follow which."""


@transaction.atomic
def create_system(
    name: str, *, unit: Unit, actor: User | None, at: datetime | None = None, **fields: Any
) -> System:
    """Propose a system. Its owner is the actor unless another is named."""
    at = at or timezone.now()
    fields.setdefault("owner", actor)
    system = System(name=name, unit=unit, created_at=at, updated_at=at, **fields)
    _save_new(system)
    record("system.created", system, actor=actor, after=snapshot(system), at=at)
    return system


@transaction.atomic
def update_system(
    system: System, *, actor: User, unless_changed_since: datetime | None = None, **fields: Any
) -> System:
    """Change what is recorded of a system; its stage changes by ``set_stage`` only."""
    system = _locked(system, unless_changed_since)
    before = snapshot(system)
    for field, value in fields.items():
        if field in {"stage", "unassigned", "created_at"}:
            raise Invalid(f"{field} is not changed here.", errors=[Problem(f"/{field}", "Not changed here.")])
        setattr(system, field, value)
    system.updated_at = timezone.now()
    _clean(system)
    system.save()
    record("system.changed", system, actor=actor, before=before, after=snapshot(system))
    return system


@transaction.atomic
def set_stage(
    system: System, stage: Stage, *, actor: User | None, reason: str = "", at: datetime | None = None
) -> System:
    """Move a system along its life. Raises Refused, naming what may follow, for a step that is not one."""
    system = _locked(system)
    if stage not in STAGES[system.stage]:
        allowed = ", ".join(Stage(s).label.lower() for s in sorted(STAGES[system.stage])) or "nothing"
        raise Refused(f"After {Stage(system.stage).label.lower()} may follow: {allowed}.")
    before = snapshot(system)
    system.stage = stage
    system.updated_at = at or timezone.now()
    system.save(update_fields=["stage", "updated_at"])
    record("system.stage", system, actor=actor, before=before, after=snapshot(system), reason=reason, at=at)
    return system


def unassigned_system(unit: Unit, *, actor: User | None) -> System:
    """The system that holds what arrives in a unit without one; made when first needed."""
    found = System.objects.filter(unit=unit, unassigned=True).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return create_system(
                f"Unassigned models of {unit.name}",
                unit=unit,
                actor=actor,
                owner=None,
                unassigned=True,
                purpose="Holds models that were registered without a system, until somebody assigns them.",
            )
    except Conflict:
        return System.objects.get(unit=unit, unassigned=True)


@transaction.atomic
def grant_access(
    system: System, user: User, *, works: bool, reason: str, days: int, actor: User
) -> SystemGrant:
    """Let a person from outside the unit read, or also work on, one system until a day."""
    if user == actor:
        raise Refused("Nobody grants access to themselves.")
    if len(reason.strip()) < 10:
        raise Invalid("Say why, in at least ten characters.", errors=[Problem("/reason", "Too short.")])
    if not 1 <= days <= 366:
        raise Invalid("Access lasts 1 to 366 days.", errors=[Problem("/days", "1 to 366.")])
    permission = Permission.objects.get(
        content_type=ContentType.objects.get_for_model(System),
        codename="work_on_system" if works else "read_system",
    )
    now = timezone.now()
    granted, _ = SystemGrant.objects.update_or_create(
        user=user,
        permission=permission,
        content_object=system,
        defaults={
            "reason": reason,
            "granted_by": actor,
            "granted_at": now,
            "expires_at": now + timedelta(days=days),
        },
    )
    record("access.granted", granted, actor=actor, after=snapshot(granted), reason=reason)
    return granted


@transaction.atomic
def end_access(grant: SystemGrant, *, actor: User) -> None:
    """Take an exception back before its day."""
    record("access.ended", grant, actor=actor, before=snapshot(grant))
    grant.delete()


def _locked(system: System, unless_changed_since: datetime | None = None) -> System:
    found = System.objects.select_for_update().get(pk=system.pk)
    if unless_changed_since is not None and found.updated_at != unless_changed_since:
        raise Stale(f"{found.name} was changed at {found.updated_at:%d %b %Y %H:%M} UTC. Load it again.")
    return found


def _save_new(system: System) -> None:
    _clean(system)
    try:
        with transaction.atomic():
            system.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"A system named {system.name!r} already exists.") from error


def _clean(system: System) -> None:
    try:
        system.full_clean(validate_constraints=False)
    except ValidationError as error:
        raise Invalid(
            "Some fields are not valid.",
            errors=[
                Problem(f"/{field}", message)
                for field, messages in error.message_dict.items()
                for message in messages
            ],
        ) from error
    if system.deputy_id is not None and system.deputy_id == system.owner_id:
        raise Invalid(
            "The deputy is somebody else than the owner.", errors=[Problem("/deputy", "Same as the owner.")]
        )
