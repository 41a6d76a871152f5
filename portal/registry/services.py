"""Every write of the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Model
from django.utils import timezone

from portal.accounts.models import Unit, User
from portal.audit.services import record, record_denial, snapshot
from portal.errors import Conflict, GateClosed, Invalid, Missing, Problem, Refused, Stale
from portal.registry.gates import GateReport, ask_gates
from portal.registry.models import (
    Alias,
    Assignment,
    AssignmentRole,
    Environment,
    GateSetting,
    GateWaiver,
    Mode,
    ModelVersion,
    RegisteredModel,
    Stage,
    State,
    System,
    SystemGrant,
)

PRODUCTION = "production"
PRODUCTION_ALIASES = frozenset({"champion", "production"})
Row = TypeVar("Row", RegisteredModel, ModelVersion)
NAME = re.compile(r"[^/:\x00-\x1f]{1,256}")

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


# --- Systems --------------------------------------------------------------------------------------------


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


# --- Models and versions ----------------------------------------------------------------------------------


@transaction.atomic
def register_model(
    name: str,
    *,
    system: System,
    actor: User | None,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> RegisteredModel:
    """Register a name. Raises Conflict when it is taken, whoever has it."""
    check_name(name)
    at = at or timezone.now()
    model = RegisteredModel(
        name=name,
        system=system,
        description=description,
        tags=dict(tags or {}),
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    try:
        with transaction.atomic():
            model.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"A registered model named {name} already exists.") from error
    record("model.registered", model, actor=actor, after=snapshot(model), at=at)
    return model


@transaction.atomic
def register_version(
    model: RegisteredModel, *, actor: User | None, at: datetime | None = None, **fields: Any
) -> ModelVersion:
    """Add the next version. Numbers are never used again, not even after a deletion."""
    at = at or timezone.now()
    RegisteredModel.objects.filter(pk=model.pk).update(last_number=F("last_number") + 1, updated_at=at)
    model.refresh_from_db(fields=["last_number", "updated_at"])
    version = ModelVersion.objects.create(
        model=model, number=model.last_number, created_by=actor, created_at=at, updated_at=at, **fields
    )
    record("version.registered", version, actor=actor, after=snapshot(version), at=at)
    return version


@transaction.atomic
def rename_model(model: RegisteredModel, name: str, *, actor: User) -> RegisteredModel:
    """Give a model another name."""
    check_name(name)
    before = snapshot(model, ["name"])
    model.name = name
    model.updated_at = timezone.now()
    try:
        with transaction.atomic():
            model.save(update_fields=["name", "updated_at"])
    except IntegrityError as error:
        raise Conflict(f"A registered model named {name} already exists.") from error
    record("model.renamed", model, actor=actor, before=before, after=snapshot(model, ["name"]))
    return model


@transaction.atomic
def change_model(
    model: RegisteredModel, *, actor: User, touch: bool = True, **fields: Any
) -> RegisteredModel:
    """Change description, tags or the system a model belongs to.

    ``touch`` says whether the change counts as an update of the model (MLflow: a description does not).
    """
    return _change(model, "model.changed", actor=actor, touch=touch, **fields)


@transaction.atomic
def change_version(version: ModelVersion, *, actor: User, touch: bool = True, **fields: Any) -> ModelVersion:
    """Change description, tags, schema, facts or metrics of a version."""
    return _change(version, "version.changed", actor=actor, touch=touch, **fields)


@transaction.atomic
def delete_model(model: RegisteredModel, *, actor: User) -> None:
    """Remove a model that never served anywhere. Raises Refused otherwise: its record is evidence."""
    if model.assignments.exists():
        raise Refused(
            f"{model.name} has served in an environment, so its record is kept. Archive its system instead."
        )
    record("model.deleted", model, actor=actor, before=snapshot(model))
    model.versions.all().delete()
    model.delete()


@transaction.atomic
def delete_version(version: ModelVersion, *, actor: User) -> None:
    """Hide a version from the API. Its row stays; raises Refused while it serves somewhere."""
    serving = version.assignments.current().select_related("environment").first()
    if serving is not None:
        raise Refused(f"{version} serves in {serving.environment.slug}. End that first.")
    before = snapshot(version)
    version.aliases.all().delete()
    version.deleted_at = timezone.now()
    version.save(update_fields=["deleted_at"])
    _touch(version.model)
    record("version.deleted", version, actor=actor, before=before)


@transaction.atomic
def set_state(version: ModelVersion, state: State, *, actor: User | None, reason: str = "") -> ModelVersion:
    """Move a version along its life, e.g. to deprecated."""
    return _change(version, "version.state", actor=actor, reason=reason, state=state)


# --- Aliases, stages and promotion -------------------------------------------------------------------------


def set_alias(version: ModelVersion, alias: str, *, actor: User) -> Alias:
    """Point an alias at a version. ``champion`` and ``production`` promote it first, gates included."""
    with recorded_refusal("alias.set", version, actor), transaction.atomic():
        if alias in PRODUCTION_ALIASES:
            _promote(version, environment_named(PRODUCTION), actor=actor, at=None)
        row, _ = Alias.objects.update_or_create(
            model=version.model, alias=alias, defaults={"version": version}
        )
        record("alias.set", version, actor=actor, alias=alias)
        return row


@transaction.atomic
def delete_alias(model: RegisteredModel, alias: str, *, actor: User) -> None:
    """Remove an alias. Raises Missing when the model has no such alias."""
    removed, _ = model.aliases.filter(alias=alias).delete()
    if not removed:
        raise Missing(f"Registered model alias {alias} not found.")
    record("alias.deleted", model, actor=actor, alias=alias)


def set_mlflow_stage(version: ModelVersion, stage: str, *, archive_others: bool, actor: User) -> ModelVersion:
    """Move a version to an MLflow stage; Production promotes it, gates included."""
    with recorded_refusal("version.stage", version, actor), transaction.atomic():
        if stage == "Production":
            _promote(version, environment_named(PRODUCTION), actor=actor, at=None)
        if archive_others:
            others = version.model.versions.live().filter(stage=stage).exclude(pk=version.pk)
            for other in others:
                _change(other, "version.stage", actor=actor, stage="Archived")
        _change(version, "version.stage", actor=actor, stage=stage)
        _touch(version.model)
        return version


def promote(
    version: ModelVersion, environment: str, *, actor: User | None, at: datetime | None = None
) -> Assignment:
    """Make a version the primary of its model in an environment, unless a gate refuses.

    Raises GateClosed with every answer; the refusal is recorded though nothing else is.
    """
    with recorded_refusal("version.promoted", version, actor), transaction.atomic():
        return _promote(version, environment_named(environment), actor=actor, at=at)


@transaction.atomic
def assign(
    version: ModelVersion,
    environment: str,
    *,
    role: AssignmentRole,
    share: float,
    actor: User | None,
    at: datetime | None = None,
) -> Assignment:
    """Let a version serve beside the primary, as canary or shadow, with a share of traffic."""
    if role == AssignmentRole.PRIMARY:
        raise Invalid("A primary is promoted, not assigned.")
    made = Assignment.objects.create(
        model=version.model,
        environment=environment_named(environment),
        version=version,
        role=role,
        share=share,
        period=(at or timezone.now(), None),
        assigned_by=actor,
    )
    record("assignment.started", made, actor=actor, after=snapshot(made), at=at)
    return made


@transaction.atomic
def end_assignment(assignment: Assignment, *, actor: User | None, at: datetime | None = None) -> None:
    """Take a version out of an environment."""
    _end(assignment, at or timezone.now(), actor)


@transaction.atomic
def grant_waiver(
    version: ModelVersion, gate: str, *, reason: str, expires_at: datetime, asked_by: User, granted_by: User
) -> GateWaiver:
    """Let one closed gate pass for one version until a day. Who asks never grants."""
    if asked_by == granted_by:
        raise Refused("Who asks for a waiver does not grant it.")
    waiver = GateWaiver.objects.create(
        version=version,
        gate=gate,
        reason=reason,
        asked_by=asked_by,
        granted_by=granted_by,
        expires_at=expires_at,
    )
    record("gate.waived", waiver, actor=granted_by, after=snapshot(waiver), reason=reason)
    return waiver


@transaction.atomic
def set_gate_mode(
    environment: Environment, gate: str, mode: Mode, *, actor: User, reason: str
) -> GateSetting:
    """Say whether a gate enforces, warns or observes in an environment."""
    old = environment.gate_settings.filter(gate=gate).first()
    before = snapshot(old) if old else None
    setting, _ = GateSetting.objects.update_or_create(
        environment=environment, gate=gate, defaults={"mode": mode}
    )
    record("gate.mode", setting, actor=actor, before=before, after=snapshot(setting), reason=reason)
    return setting


def environment_named(slug: str) -> Environment:
    """The environment of that name. Raises Missing with those there are."""
    found = Environment.objects.filter(slug=slug).prefetch_related("gate_settings").first()
    if found is None:
        known = ", ".join(Environment.objects.values_list("slug", flat=True))
        raise Missing(f"There is no environment {slug!r}; there are {known}.")
    return found


def gate_report(version: ModelVersion, environment: str = PRODUCTION) -> GateReport:
    """What every gate of an environment says of a version now."""
    return ask_gates(version, environment_named(environment))


def check_name(name: str) -> None:
    """Raise Invalid unless a name may be a registered model's: no slash, colon or control character."""
    if not NAME.fullmatch(name) or not name.strip():
        raise Invalid(
            f"Invalid model name: {name!r}. It has 1 to 256 characters without '/' and ':'.",
            errors=[Problem("/name", "1 to 256 characters without '/' and ':'.")],
        )


@contextmanager
def recorded_refusal(action: str, obj: Model, actor: User | None) -> Iterator[None]:
    """Keep the record of a refusal though everything else of the transaction is rolled back."""
    try:
        yield
    except GateClosed as refusal:
        record_denial(action, obj, actor=actor, reason=refusal.detail)
        raise


def _promote(
    version: ModelVersion, environment: Environment, *, actor: User | None, at: datetime | None
) -> Assignment:
    model = RegisteredModel.objects.select_for_update().get(pk=version.model_id)
    current = (
        model.assignments.current()
        .filter(environment=environment, role=AssignmentRole.PRIMARY)
        .select_related("version")
        .first()
    )
    if current is not None and current.version_id == version.pk:
        return current
    report = ask_gates(version, environment)
    if not report.allowed:
        raise GateClosed(
            report.sentence(),
            gates=[result.as_dict() for result in report.results],
            help_url=version.get_absolute_url(),
        )
    at = at or timezone.now()
    if current is not None:
        _end(current, at, actor)
        if environment.slug == PRODUCTION:
            _change(current.version, "version.state", actor=actor, touch=False, state=State.APPROVED)
    started = Assignment.objects.create(
        model=model, environment=environment, version=version, period=(at, None), assigned_by=actor
    )
    if environment.slug == PRODUCTION:
        _change(version, "version.state", actor=actor, touch=False, state=State.DEPLOYED)
    record(
        "version.promoted",
        version,
        actor=actor,
        at=at,
        environment=environment.slug,
        gates=[result.as_dict() for result in report.results],
    )
    return started


def _end(assignment: Assignment, at: datetime, actor: User | None) -> None:
    before = snapshot(assignment)
    if at <= assignment.period.lower:
        raise Refused(
            f"{assignment.version} serves since {assignment.period.lower:%d %b %Y %H:%M}; end it later."
        )
    assignment.period = (assignment.period.lower, at)
    assignment.save(update_fields=["period"])
    record("assignment.ended", assignment, actor=actor, before=before, at=at)


def _change(
    row: Row, action: str, *, actor: User | None, touch: bool = True, reason: str = "", **fields: Any
) -> Row:
    before = snapshot(row, sorted(fields))
    for field, value in fields.items():
        setattr(row, field, value)
    if touch:
        row.updated_at = timezone.now()
    row.save(update_fields=[*fields, "updated_at"])
    record(action, row, actor=actor, before=before, after=snapshot(row, sorted(fields)), reason=reason)
    return row


def _touch(model: RegisteredModel) -> None:
    model.updated_at = timezone.now()
    model.save(update_fields=["updated_at"])


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
