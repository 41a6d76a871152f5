"""The picture a decision is bound to: the digest of its canonical JSON, and what changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that is no longer what it was; None where it is missing on that side."""

    label: str
    then: str | None
    now: str | None


def digest_of(text: str) -> str:
    """The SHA-256 of a canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def changes(then: str, now: str) -> list[Change]:
    """What differs between two canonical texts, fact by fact, in the order of their labels.

    >>> changes('{"purpose":"Sort","tier":"low"}', '{"purpose":"Rank","tier":"low"}')
    [Change(label='Purpose', then='Sort', now='Rank')]
    """
    before, after = dict(facts(then)), dict(facts(now))
    return [
        Change(label, before.get(label), after.get(label))
        for label in sorted(before.keys() | after.keys())
        if before.get(label) != after.get(label)
    ]


def facts(text: str) -> list[tuple[str, str]]:
    """The facts of a canonical text as label and value, one line each."""
    return list(_lines(json.loads(text), ""))


def _lines(value: Any, label: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            words = key.replace("_", " ")
            yield from _lines(inner, f"{label}, {words}" if label else words[:1].upper() + words[1:])
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for number, inner in enumerate(value, start=1):
            yield from _lines(inner, f"{label} {number}")
    else:
        yield label, _words(value)


def _words(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_words(inner) for inner in value)
    return str(value)
