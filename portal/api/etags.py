"""Entity tags: what ``If-Match`` and ``If-None-Match`` compare (RFC 9110, sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from portal.errors import Invalid, Problem, Stale

ANY = "*"
_LIST = re.compile(r'\s*(?:W/)?"[\x21\x23-\x7e]*"\s*(?:,\s*(?:W/)?"[\x21\x23-\x7e]*"\s*)*')
_TAG = re.compile(r'(?:W/)?"[^"]*"')


def of(obj: Any) -> str | None:
    """The tag of an object by its whole-number ``version`` or its ``updated_at``; None without either."""
    version = getattr(obj, "version", None)
    if isinstance(version, int):
        return f'"{version}"'
    changed = getattr(obj, "updated_at", None)
    if isinstance(changed, datetime):
        return f'"{changed:%Y%m%d%H%M%S%f}"'
    return None


def parse(header: str, name: str) -> frozenset[str]:
    """The tags a header lists, or ``*`` alone. Raises Invalid where it is neither."""
    if header.strip() == ANY:
        return frozenset({ANY})
    if not _LIST.fullmatch(header):
        raise Invalid(
            errors=[Problem(name, 'is `*`, or entity tags in quotes such as "20260101120000000000"')]
        )
    return frozenset(_TAG.findall(header))


def require(expected: frozenset[str], obj: Any) -> None:
    """Raise Stale unless the object still has one of the tags; a weak tag never matches here."""
    if ANY not in expected and of(obj) not in expected:
        raise Stale("It changed after you read it. Read it again, and repeat the change if it still holds.")
