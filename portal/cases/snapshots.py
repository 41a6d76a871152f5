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


def facts(text: str, *, brief: bool = False) -> list[tuple[str, str]]:
    """The facts of a canonical text as label and value, one line each.

    ``brief`` names the rows of a table in one line, where each has a name, and leaves out what else they say.

    >>> facts('{"inputs":[{"name":"age","type":"number"},{"name":"sum","type":"number"}]}', brief=True)
    [('Inputs', 'age, sum')]
    """
    return list(_lines(json.loads(text), "", brief=brief))


def _lines(value: Any, label: str, *, brief: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            words = key.replace("_", " ")
            below = f"{label}, {words}" if label else words[:1].upper() + words[1:]
            yield from _lines(inner, below, brief=brief)
    elif brief and isinstance(value, list) and all(isinstance(row, dict) and "name" in row for row in value):
        yield label, _words([row["name"] for row in value])
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for number, inner in enumerate(value, start=1):
            yield from _lines(inner, f"{label} {number}", brief=brief)
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
