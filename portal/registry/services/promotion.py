"""What serves where: aliases, MLflow stages, assignments, and the gates that make decisions bind."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import denial_recorded, record, snapshot
from portal.errors import GateClosed, Invalid, Missing, Refused
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
    State,
)
from portal.registry.services.models import change, touch_model

PRODUCTION = "production"
PRODUCTION_ALIASES = frozenset({"champion", "production"})


def set_alias(version: ModelVersion, alias: str, *, actor: User) -> Alias:
    """Point an alias at a version. ``champion`` and ``production`` promote it first, gates included."""
    with denial_recorded("alias.set", version, actor, of=GateClosed), transaction.atomic():
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
    with denial_recorded("version.stage", version, actor, of=GateClosed), transaction.atomic():
        if stage == "Production":
            _promote(version, environment_named(PRODUCTION), actor=actor, at=None)
        at = timezone.now()
        if archive_others:
            others = version.model.versions.live().filter(stage=stage).exclude(pk=version.pk)
            for other in others:
                change(other, "version.stage", actor=actor, at=at, stage="Archived")
        change(version, "version.stage", actor=actor, at=at, stage=stage)
        touch_model(version.model, at)
        return version


def promote(
    version: ModelVersion, environment: str, *, actor: User | None, at: datetime | None = None
) -> Assignment:
    """Make a version the primary of its model in an environment, unless a gate refuses.

    Raises GateClosed with every answer; the refusal is recorded though nothing else is.
    """
    with denial_recorded("version.promoted", version, actor, of=GateClosed), transaction.atomic():
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
        period=DateTimeTZRange(at or timezone.now(), None),
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
            change(current.version, "version.state", actor=actor, touch=False, state=State.APPROVED)
    started = Assignment.objects.create(
        model=model,
        environment=environment,
        version=version,
        period=DateTimeTZRange(at, None),
        assigned_by=actor,
    )
    if environment.slug == PRODUCTION:
        change(version, "version.state", actor=actor, touch=False, state=State.DEPLOYED)
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
    assignment.period = DateTimeTZRange(assignment.period.lower, at)
    assignment.save(update_fields=["period"])
    record("assignment.ended", assignment, actor=actor, before=before, at=at)
