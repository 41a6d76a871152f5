"""Request bodies, read only as far as a stated size and refused where readers could disagree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from portal.api import strict
from portal.errors import TooLarge


def within_limit(stream: IO[bytes]) -> bytes:
    """A whole body. Raises TooLarge beyond ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    return raw


class SafeJSONParser(BaseParser):
    """JSON up to ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes, strict as ``portal.api.strict`` says."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - DRF's signature
    ) -> Any:
        return strict.loads(within_limit(stream))


class Untouched(BaseParser):
    """Any body, as the stream it is; the handler reads it up to its own limit."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - DRF's signature
    ) -> Any:
        return stream
