"""One text for one content: JSON as RFC 8785 orders and escapes it, without floating-point numbers.

Whatever is hashed, here or by a stranger years later, is this text. A number that two programs could
print differently is written as a string.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import Any
from uuid import UUID

from django.core.files import File
from django.db.models import Model
from django.utils.duration import duration_iso_string
from django.utils.functional import Promise
from psycopg2.extras import Range

EXACT = 2**53
"""Integers below it are the same in every JSON reader; larger ones are written as strings."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: PostgreSQL keeps neither in a text. Each becomes U+FFFD."""


def canonical(value: Any) -> str:
    """The one text of a JSON-safe or plain Python value. Raises TypeError for what has no plain form."""
    return json.dumps(_ordered(plain(value)), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@singledispatch
def plain(value: Any) -> Any:
    """A value as JSON knows it: instants in UTC, numbers with a fraction as strings, rows as their keys."""
    raise TypeError(f"{type(value).__name__} has no plain form for the audit")


@plain.register(type(None))
@plain.register(bool)
def _same(value: Any) -> Any:
    return value


@plain.register(float)
@plain.register(Decimal)
@plain.register(UUID)
@plain.register(Promise)
def _text(value: Any) -> str:
    return clean(str(value))


@plain.register
def _(value: str) -> str:
    return clean(value) if UNSTORABLE.search(value) else value


@plain.register
def _(value: int) -> int | str:
    return value if -EXACT < value < EXACT else str(value)


@plain.register
def _(value: Enum) -> Any:
    return plain(value.value)


@plain.register
def _(value: datetime) -> str:
    return instant(value)


@plain.register(date)
@plain.register(time)
def _day_or_time(value: date | time) -> str:
    return value.isoformat()


@plain.register
def _(value: timedelta) -> str:
    return duration_iso_string(value)


@plain.register(bytes)
@plain.register(bytearray)
@plain.register(memoryview)
def _bytes(value: bytes) -> str:
    return b64encode(value).decode()


@plain.register(Mapping)
def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {clean(str(key)): plain(item) for key, item in value.items()}


@plain.register(list)
@plain.register(tuple)
def _array(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


@plain.register(set)
@plain.register(frozenset)
def _set(value: Iterable[Any]) -> list[Any]:
    return sorted(_array(value), key=canonical)


@plain.register
def _(value: Range) -> dict[str, Any] | None:
    return None if value.isempty else {"from": plain(value.lower), "to": plain(value.upper)}


@plain.register(File)
def _file(value: File[Any]) -> str | None:
    return value.name


@plain.register
def _(value: Model) -> Any:
    return plain(value.pk)


def clean(text: str) -> str:
    """The text without what PostgreSQL cannot store."""
    return UNSTORABLE.sub("\ufffd", text)


def instant(value: datetime) -> str:
    """An aware instant in UTC with microseconds, e.g. 2026-10-01T00:00:00.000000Z."""
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _ordered(value: Any) -> Any:
    """The keys of every object in the order of their UTF-16 code units, as RFC 8785 has it."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
