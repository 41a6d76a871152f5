"""Where a version comes from: an address that is never fetched here, or another version of the registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from lifecycle.development.mlflow.call import (
    LATEST,
    Call,
    Parameters,
    newest_of,
    stage_of,
    tags_of,
    text,
    the_model,
    the_version,
    version_named,
)
from lifecycle.development.mlflow.errors import invalid
from lifecycle.development.mlflow.filters import PROMPT_TAG
from portal.registry.models import ModelVersion

SCHEMES = frozenset(
    {"models", "runs", "mlflow-artifacts", "file", "s3", "gs", "wasbs", "abfss", "hdfs", "viewfs"}
    | {"dbfs", "http", "https", "ftp", "sftp", "r2", "b2", "oci"}
)
REGISTERED = re.compile(r"models:/+(?P<name>[^/]+?)(?:/(?P<which>[^/]+)|@(?P<alias>[^/@]+))")
LOGGED = re.compile(r"models:/+[^/@]+")

PROMPT_SOURCES = frozenset({"dummy-source", "prompt-template"})
"""What MLflow's clients send as the source of a prompt."""

MAX_ESCAPES = 4
"""Layers of percent signs that are undone to look for ".."; nobody needs more."""


def origin_of(call_: Call, given: Parameters) -> dict[str, Any]:
    """The fields of a new version that say where it comes from.

    A version of this registry, however it is named, becomes ``models:/name/number``; the new version has its
    files, and its run and logged model unless the caller names the same.
    """
    source, run = text(given, "source"), text(given, "run_id", required=False)
    logged = text(given, "model_id", required=False)
    if is_prompt(tags_of(given)):
        _check_prompt_source(source)
        origin = None
    else:
        check_source(source)
        origin = _registered(call_, source)
    if origin is None:
        return {"source": source, "run_id": run, "logged_model": logged}
    if run not in {"", origin.run_id} or logged not in {"", origin.logged_model}:
        raise invalid(f"{source} has another run_id or model_id than the request. Leave them out.")
    return {
        "source": f"models:/{origin.model.name}/{origin.number}",
        "location": files_of(origin),
        "run_id": origin.run_id,
        "logged_model": origin.logged_model,
    }


def files_of(row: ModelVersion) -> str:
    """Where the files of a version are."""
    return row.location or row.source


def check_source(source: str) -> None:
    """Refuse what could be a path on this machine; a source is data and is never fetched here."""
    scheme, colon, rest = source.partition(":")
    if not colon or scheme.lower() not in SCHEMES or _climbs(source) or "\x00" in rest:
        raise invalid(
            f"Invalid model version source: '{source}'. Give a URI such as runs:/… or s3://… without '..'."
        )


def _check_prompt_source(source: str) -> None:
    if source not in PROMPT_SOURCES:
        raise invalid(f"Invalid prompt source: '{source}'. A prompt is in its tags and has no files.")


def is_prompt(tags: Mapping[str, str]) -> bool:
    """Whether what has these tags is a prompt."""
    return tags.get(PROMPT_TAG, "").lower() == "true"


def _climbs(source: str) -> bool:
    """Whether a step of the path is "..", under any escape a reader may undo; too many layers count too."""
    for _ in range(MAX_ESCAPES):
        if ".." in re.split(r"[/\\]", source):
            return True
        plain = unquote(source)
        if plain == source:
            return False
        source = plain
    return True


def _registered(call_: Call, source: str) -> ModelVersion | None:
    """The version of this registry that a source names; None for any other source."""
    if not source.startswith("models:") or LOGGED.fullmatch(source):
        return None
    found = REGISTERED.fullmatch(source)
    if found is None:
        raise invalid(
            f"Invalid model version source: '{source}'. It is models:/name/version, models:/name@alias or "
            "models:/name/latest."
        )
    model = the_model(call_, {"name": found["name"]})
    if is_prompt(model.tags):
        raise invalid(f"Invalid model version source: '{source}'. A prompt is no source of a model.")
    if found["alias"]:
        return version_named(model, found["alias"])
    if found["which"].isdecimal():
        return the_version(call_, {"name": model.name, "version": found["which"]})
    if found["which"].lower() == LATEST:
        return newest_of(model)
    return newest_of(model, stage=stage_of(found["which"]))
