"""Every write of development: models that arrive from code, and requests to release a version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from lifecycle.development.releases import RELEASE
from portal.accounts.models import Unit, User
from portal.areas import Severity
from portal.cases.models import Case
from portal.cases.services import open_case
from portal.errors import Denied, Missing, Refused
from portal.findings.services import close_finding, raise_finding
from portal.registry.models import ModelVersion, RegisteredModel, State, System
from portal.registry.services import change_model, register_model, set_state, unassigned_system

SYSTEM_TAG = "portal.system"
"""The tag by which code says where a model belongs, e.g. ``SYS-12``."""


@transaction.atomic
def arrive(
    name: str, *, actor: User, description: str = "", tags: Mapping[str, str] | None = None
) -> RegisteredModel:
    """Register a model that a program brings.

    The tag ``portal.system`` names its system. Without it the model is held by the unassigned system of the
    token's unit, and a finding asks where it belongs.
    """
    ref = (tags or {}).get(SYSTEM_TAG)
    system = _named_system(ref, actor) if ref else unassigned_system(_unit_of(actor), actor=actor)
    model = register_model(name, system=system, actor=actor, description=description, tags=tags)
    if system.unassigned:
        raise_finding(
            system,
            "development.unassigned",
            dedupe_key=f"development.unassigned:{model.pk}",
            severity=Severity.MEDIUM,
            title=f"{name} belongs to no system",
            summary="Nobody has said what it is for, who owns it and whom it affects. Assign it to a system.",
            subject=model,
            page=model.get_absolute_url(),
            owner=actor,
            actor=actor,
        )
    return model


@transaction.atomic
def assign_system(model: RegisteredModel, system: System, *, actor: User) -> RegisteredModel:
    """Say which system a model belongs to; the question where it belongs is closed."""
    if system.unassigned:
        raise Refused("Assign it to a real system.")
    changed = change_model(model, actor=actor, system=system)
    close_finding(
        f"development.unassigned:{model.pk}", run=None, actor=actor, note=f"Assigned to {system.name}."
    )
    return changed


@transaction.atomic
def request_release(
    version: ModelVersion, *, actor: User, reason: str = "", at: datetime | None = None
) -> Case:
    """Ask the governance committee to let a version into production."""
    case = open_case(
        RELEASE,
        version,
        system=version.system,
        actor=actor,
        title=f"Release {version} to production",
        reason=reason,
        at=at,
    )
    if version.state == State.REGISTERED:
        set_state(version, State.IN_VALIDATION, actor=actor)
    return case


def _named_system(ref: str, actor: User) -> System:
    found = System.objects.visible_to(actor, "registry.register").with_ref(ref).first()
    if found is None:
        raise Missing(f"There is no system {ref} in which you may register models.")
    return found


def _unit_of(actor: User) -> Unit:
    if actor.token is not None:
        return actor.token.unit
    for membership in actor.current_memberships:
        if membership.unit.path in actor.places("registry.register"):
            return membership.unit
    raise Denied("You have no unit in which to register models.")
