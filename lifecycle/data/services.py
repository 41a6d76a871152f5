"""Every write about data: declaring what a version reads."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from lifecycle.data.schema import VersionSchema, parse_schema, schema_as_json
from portal.accounts.models import User
from portal.registry.models import ModelVersion
from portal.registry.services import change_version


def schema_of(version: ModelVersion) -> VersionSchema | None:
    """The declared inputs of a version, or None while it has not declared any."""
    return parse_schema(version.schema) if version.schema else None


@transaction.atomic
def declare_schema(version: ModelVersion, data: Any, *, actor: User) -> VersionSchema:
    """Set what a version reads. Raises Unprocessable with every mistake and where it stands."""
    schema = parse_schema(data)
    change_version(version, actor=actor, schema=schema_as_json(schema))
    return schema
