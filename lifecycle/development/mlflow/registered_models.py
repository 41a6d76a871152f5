"""The calls on registered models, their tags and aliases."""

from __future__ import annotations

import re
from typing import Any

from lifecycle.development.mlflow import wire
from lifecycle.development.mlflow.call import (
    Call,
    Parameters,
    alias_of,
    aliases_of,
    answered,
    key_of,
    limit,
    model_body,
    page_of,
    stage_of,
    tag_of,
    tags_of,
    text,
    the_model,
    the_version,
    version_body,
    version_named,
)
from lifecycle.development.mlflow.errors import invalid
from lifecycle.development.mlflow.filters import MODELS
from lifecycle.development.services import arrive
from portal.registry import services
from portal.registry.models import RegisteredModel

RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)


def create_model(call_: Call, given: Parameters) -> dict[str, Any]:
    row = arrive(
        text(given, "name"),
        actor=call_.user,
        description=text(given, "description", required=False),
        tags=tags_of(given),
    )
    return model_body(row)


def rename_model(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_model(call_, given, "registry.register")
    return model_body(services.rename_model(row, text(given, "new_name"), actor=call_.user))


def update_model(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_model(call_, given, "registry.register")
    description = text(given, "description", required=False)
    return model_body(services.change_model(row, actor=call_.user, description=description))


def delete_model(call_: Call, given: Parameters) -> dict[str, Any]:
    services.delete_model(the_model(call_, given, "registry.register"), actor=call_.user)
    return {}


def get_model(call_: Call, given: Parameters) -> dict[str, Any]:
    return model_body(the_model(call_, given))


def search_models(call_: Call, given: Parameters) -> dict[str, Any]:
    size = limit(given, default=100, most=1000)
    visible = RegisteredModel.objects.visible_to(call_.user).values_list(*wire.MODEL_FIELDS, named=True)
    rows, following = page_of(visible, given, MODELS, size)
    return answered("registered_models", wire.models(rows), following)


def latest_versions(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_model(call_, given)
    wanted = given.get("stages") or list(wire.LATEST_STAGES)
    if not isinstance(wanted, list):
        raise invalid("stages must be a list.")
    stages = {stage_of(str(stage)) for stage in wanted}
    newest = wire.by_stage(row.versions.live().order_by("-number"), stages)
    told = [wire.version(each, row.name, aliases_of(each)) for each in newest]
    return answered("model_versions", told, None)


def set_model_tag(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_model(call_, given, "registry.register")
    key, value = tag_of(given)
    services.change_model(row, actor=call_.user, touch=False, tags={**row.tags, key: value})
    return {}


def delete_model_tag(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_model(call_, given, "registry.register")
    removed = key_of(given)
    kept = {key: value for key, value in row.tags.items() if key != removed}
    if kept != row.tags:
        services.change_model(row, actor=call_.user, touch=False, tags=kept)
    return {}


def set_alias(call_: Call, given: Parameters) -> dict[str, Any]:
    alias = alias_of(given)
    if RESERVED_ALIAS.fullmatch(alias):
        raise invalid(f"'{alias}' alias name is reserved.")
    action = "registry.promote" if alias in services.PRODUCTION_ALIASES else "registry.register"
    services.set_alias(the_version(call_, given, action), alias, actor=call_.user)
    return {}


def delete_alias(call_: Call, given: Parameters) -> dict[str, Any]:
    row = the_model(call_, given, "registry.register")
    alias = alias_of(given)
    if row.aliases.filter(alias=alias).exists():
        services.delete_alias(row, alias, actor=call_.user)
    return {}


def version_by_alias(call_: Call, given: Parameters) -> dict[str, Any]:
    return version_body(version_named(the_model(call_, given), alias_of(given)))
