"""Rows to MLflow's JSON: int64 milliseconds as numbers, unset fields left out, versions as strings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from portal.api.prepared import Prepared, among
from portal.registry.models import Alias, ModelVersion, RegisteredModel

NEWEST = Prepared(
    lambda: (
        ModelVersion.objects.live()
        .filter(model__in=among("models"))
        .order_by("model_id", "stage", "-number")
        .distinct("model_id", "stage")
    )
)
ALIASES = Prepared(
    lambda: Alias.objects.filter(model__in=among("models")).select_related("version").order_by("alias")
)

LATEST_STAGES = ("None", "Staging", "Production", "Archived")


def millis(instant: datetime) -> int:
    """Milliseconds since 1970, as the wire has it."""
    return int(instant.timestamp() * 1000)


def tags(of: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in of.items()]


def version(row: ModelVersion, name: str, aliases: Sequence[str] = ()) -> dict[str, Any]:
    """One version of the model of that name."""
    body: dict[str, Any] = {
        "name": name,
        "version": str(row.number),
        "creation_timestamp": millis(row.created_at),
        "last_updated_timestamp": millis(row.updated_at),
        "current_stage": row.stage,
        "description": row.description,
        "source": row.source,
        "run_id": row.run_id,
        "status": "READY",
        "run_link": row.run_link,
    }
    if row.logged_model:
        body["model_id"] = row.logged_model
    if row.tags:
        body["tags"] = tags(row.tags)
    if aliases:
        body["aliases"] = list(aliases)
    return body


MODEL_FIELDS = ("pk", "name", "description", "tags", "created_at", "updated_at")
"""What is told of a model: a page of results reads only these, for an object costs more than all of them."""


def models(rows: Sequence[RegisteredModel]) -> list[dict[str, Any]]:
    """Registered models with their newest version per stage and their aliases, in two queries."""
    ids = [row.pk for row in rows]
    newest: defaultdict[int, list[ModelVersion]] = defaultdict(list)
    for each in NEWEST(models=ids):
        newest[each.model_id].append(each)
    aliases: defaultdict[int, list[Alias]] = defaultdict(list)
    for alias in ALIASES(models=ids):
        aliases[alias.model_id].append(alias)
    return [_model(row, newest[row.pk], aliases[row.pk]) for row in rows]


def model(row: RegisteredModel) -> dict[str, Any]:
    """One registered model."""
    return models([row])[0]


def by_stage(rows: Iterable[ModelVersion], stages: set[str]) -> list[ModelVersion]:
    """The newest version of each wanted stage, of rows that come newest first."""
    newest: dict[str, ModelVersion] = {}
    for row in rows:
        newest.setdefault(row.stage, row)
    return [row for stage, row in newest.items() if stage in stages]


def _model(row: RegisteredModel, newest: Sequence[ModelVersion], aliases: Sequence[Alias]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": row.name,
        "creation_timestamp": millis(row.created_at),
        "last_updated_timestamp": millis(row.updated_at),
    }
    if row.description:
        body["description"] = row.description
    if newest:
        body["latest_versions"] = [version(each, row.name) for each in newest]
    if row.tags:
        body["tags"] = tags(row.tags)
    if aliases:
        body["aliases"] = [{"alias": a.alias, "version": str(a.version.number)} for a in aliases]
    return body
