"""The calls on versions of registered models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lifecycle.development.mlflow import wire
from lifecycle.development.mlflow.call import (
    Call,
    Parameters,
    answered,
    flag,
    key_of,
    limit,
    page_of,
    stage_of,
    tag_of,
    tags_of,
    text,
    the_model,
    the_version,
    version_body,
)
from lifecycle.development.mlflow.errors import invalid
from lifecycle.development.mlflow.filters import VERSIONS
from lifecycle.development.mlflow.sources import files_of, origin_of
from portal.registry import services
from portal.registry.models import ModelVersion

ARCHIVABLE = frozenset({"Staging", "Production"})


def create_version(call_: Call, given: Parameters) -> dict[str, Any]:
    model = the_model(call_, given, "registry.register")
    row = services.register_version(
        model,
        actor=call_.user,
        **origin_of(call_, given),
        run_link=text(given, "run_link", required=False),
        description=text(given, "description", required=False),
        tags=tags_of(given),
        schema=schema_from_tags(tags_of(given)),
    )
    return version_body(row)


def update_version(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_version(call_, given, "registry.register")
    description = text(given, "description", required=False)
    return version_body(services.change_version(row, actor=call_.user, description=description))


def transition_version(call_: Call, given: Parameters) -> dict[str, Any]:
    stage = stage_of(text(given, "stage"))
    archive = flag(given, "archive_existing_versions")
    if archive and stage not in ARCHIVABLE:
        raise invalid(f"'archive_existing_versions' is only for {', '.join(sorted(ARCHIVABLE))}.")
    action = "registry.promote" if stage == "Production" else "registry.register"
    row = the_version(call_, given, action)
    return version_body(services.set_mlflow_stage(row, stage, archive_others=archive, actor=call_.user))


def delete_version(call_: Call, given: Parameters) -> dict[str, Any]:
    services.delete_version(the_version(call_, given, "registry.register"), actor=call_.user)
    return {}


def get_version(call_: Call, given: Parameters) -> dict[str, Any]:
    return version_body(the_version(call_, given))


def search_versions(call_: Call, given: Parameters) -> dict[str, Any]:
    size = limit(given, default=10_000, most=200_000)
    visible = ModelVersion.objects.live().visible_to(call_.user).select_related("model")
    rows, following = page_of(visible, given, VERSIONS, size)
    return answered("model_versions", [wire.version(row, row.model.name) for row in rows], following)


def download_uri(call_: Call, given: Parameters) -> dict[str, Any]:
    return {"artifact_uri": files_of(the_version(call_, given))}


def set_version_tag(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_version(call_, given, "registry.register")
    key, value = tag_of(given)
    services.change_version(row, actor=call_.user, touch=False, tags={**row.tags, key: value})
    return {}


def delete_version_tag(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_version(call_, given, "registry.register")
    removed = key_of(given)
    kept = {key: value for key, value in row.tags.items() if key != removed}
    if kept != row.tags:
        services.change_version(row, actor=call_.user, touch=False, tags=kept)
    return {}


def server_info(_call: Call, _given: Parameters) -> dict[str, Any]:
    return {"workspaces_enabled": False}


def schema_from_tags(tags: Mapping[str, str]) -> dict[str, Any] | None:
    """The declared inputs a client put into the tag ``portal.schema``, if any."""
    if "portal.schema" not in tags:
        return None
    try:
        found = json.loads(tags["portal.schema"])
    except ValueError as error:
        raise invalid("The tag portal.schema is not JSON.") from error
    return found if isinstance(found, dict) else None
