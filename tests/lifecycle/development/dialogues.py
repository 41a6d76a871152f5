"""What a client may say to a model registry, call by call: the same words for MLflow's server and for us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

NEXT = "the token of the page before"
"""Stands in a call for the page token of the answer before it."""

IS_PROMPT = "mlflow.prompt.is_prompt"
LONGEST_KEY, LONGEST_VALUE, LONGEST_ALIAS = 250, 100_000, 255


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``deliberate`` names the entry of the table of differences, if we answer otherwise."""

    method: str
    path: str
    given: Mapping[str, Any]
    content: bytes | None = None
    kind: str = "application/json"
    deliberate: str = ""

    def __str__(self) -> str:
        said = dict(self.given) if self.content is None else self.content
        return f"{self.method} {self.path} {said!r:.300}"


def model(do: str, method: str = "", /, **given: Any) -> Call:
    """A call on registered models."""
    return Call(method or METHODS[do], f"registered-models/{do}", given)


def version(do: str, method: str = "", /, **given: Any) -> Call:
    """A call on model versions."""
    return Call(method or METHODS[do], f"model-versions/{do}", given)


def otherwise(reason: str, call: Call) -> Call:
    """A call that we answer otherwise than MLflow, for a reason of the table."""
    return replace(call, deliberate=reason)


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in pairs.items()]


METHODS = {
    "create": "POST",
    "rename": "POST",
    "update": "PATCH",
    "delete": "DELETE",
    "get": "GET",
    "search": "GET",
    "get-latest-versions": "GET",
    "get-download-uri": "GET",
    "set-tag": "POST",
    "delete-tag": "DELETE",
    "transition-stage": "POST",
}
