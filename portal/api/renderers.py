"""JSON as the API writes it: decimals as strings, instants in ISO 8601 with their zone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.db.models import QuerySet
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class OrjsonRenderer(BaseRenderer):
    """The only representation of the native API."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - DRF's signature
    ) -> bytes:
        return b"" if data is None else dumps(data)


def dumps(data: Any) -> bytes:
    """JSON in UTF-8. What orjson cannot write, integers beyond 64 bits above all, the slow way writes."""
    try:
        return orjson.dumps(data, default=plain, option=OPTIONS)
    except orjson.JSONEncodeError as reason:
        if reason.__cause__ is not None:
            raise
        return json.dumps(data, default=_plain_for_stdlib, ensure_ascii=False, allow_nan=False).encode()


def plain(value: Any) -> Any:
    """A value that JSON lacks, as one it has. Raises TypeError for what has no form."""
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, QuerySet | set | frozenset | tuple):
        return list(value)
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _plain_for_stdlib(value: Any) -> Any:
    try:
        return plain(value)
    except TypeError:
        return orjson.loads(orjson.dumps(value, option=OPTIONS))
