"""Every write about data: declaring what a version reads."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from lifecycle.data.compatibility import breaking_changes
from lifecycle.data.schema import VersionSchema, parse_schema, schema_as_json
from portal.accounts.models import User
from portal.errors import Unprocessable
from portal.registry.models import ModelVersion
from portal.registry.services import change_version


def schema_of(version: ModelVersion) -> VersionSchema | None:
    """The declared inputs of a version, or None while it has not declared any."""
    return parse_schema(version.schema) if version.schema else None


@transaction.atomic
def declare_schema(version: ModelVersion, data: Any, *, actor: User) -> VersionSchema:
    """Set what a version reads. Raises Unprocessable with every mistake and where it stands.

    While the version serves somewhere, others send by its schema: a change that would refuse what it took
    until now raises Unprocessable with the columns.
    """
    schema = parse_schema(data)
    _refuse_to_break(version, schema)
    change_version(version, actor=actor, schema=schema_as_json(schema))
    return schema


def _refuse_to_break(version: ModelVersion, schema: VersionSchema) -> None:
    declared = schema_of(version)
    if declared is None or not version.assignments.current().exists():
        return
    if problems := breaking_changes(declared, schema):
        raise Unprocessable(
            f"{version} serves, and rows it took until now would be refused. Register another version.",
            errors=problems,
        )
