"""Writes on registered models and their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Invalid, Problem, Refused
from portal.registry.models import ModelVersion, RegisteredModel, State, System

Row = TypeVar("Row", RegisteredModel, ModelVersion)
NAME = re.compile(r"(?!\.\.|\.$)[^/:\x00-\x1f]{1,256}")
NAME_IN_WORDS = "1 to 256 characters without '/' and ':', and does not begin with '..'"


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
    """Give a model another name; its versions, which bear it too, count as changed."""
    check_name(name)
    before = snapshot(model, ["name"])
    model.name = name
    model.updated_at = timezone.now()
    try:
        with transaction.atomic():
            model.save(update_fields=["name", "updated_at"])
    except IntegrityError as error:
        raise Conflict(f"A registered model named {name} already exists.") from error
    model.versions.update(updated_at=model.updated_at)
    record("model.renamed", model, actor=actor, before=before, after=snapshot(model, ["name"]))
    return model


@transaction.atomic
def change_model(
    model: RegisteredModel, *, actor: User, touch: bool = True, **fields: Any
) -> RegisteredModel:
    """Change description, tags or the system a model belongs to.

    ``touch`` says whether the change counts as an update of the model (MLflow: a tag does not).
    """
    return change(model, "model.changed", actor=actor, touch=touch, **fields)


@transaction.atomic
def change_version(version: ModelVersion, *, actor: User, touch: bool = True, **fields: Any) -> ModelVersion:
    """Change description, tags, schema, facts or metrics of a version."""
    return change(version, "version.changed", actor=actor, touch=touch, **fields)


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
    touch_model(version.model)
    record("version.deleted", version, actor=actor, before=before)


@transaction.atomic
def set_state(version: ModelVersion, state: State, *, actor: User | None, reason: str = "") -> ModelVersion:
    """Move a version along its life, e.g. to deprecated."""
    return change(version, "version.state", actor=actor, reason=reason, state=state)


def change(
    row: Row,
    action: str,
    *,
    actor: User | None,
    touch: bool = True,
    reason: str = "",
    at: datetime | None = None,
    **fields: Any,
) -> Row:
    """Change and record fields of a row; with ``touch`` as of ``at``, by default now."""
    before = snapshot(row, sorted(fields))
    for field, value in fields.items():
        setattr(row, field, value)
    if touch:
        row.updated_at = at or timezone.now()
    row.save(update_fields=[*fields, "updated_at"])
    record(action, row, actor=actor, before=before, after=snapshot(row, sorted(fields)), reason=reason)
    return row


def touch_model(model: RegisteredModel, at: datetime | None = None) -> None:
    model.updated_at = at or timezone.now()
    model.save(update_fields=["updated_at"])


def check_name(name: str) -> None:
    """Raise Invalid unless a name may be a registered model's, in an address or a file name too."""
    if not NAME.fullmatch(name) or not name.strip():
        raise Invalid(
            f"Invalid model name: {name!r}. It has {NAME_IN_WORDS}.",
            errors=[Problem("/name", f"{NAME_IN_WORDS}.")],
        )
