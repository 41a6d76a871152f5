"""Values that speak of a person: a digest in the entry, the value apart, where it can be erased.

The digest commits to the value without telling it: nobody guesses it without the salt, and no other value
fits. So an erasure takes nothing from the proof of an entry.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from portal.audit.models import Entry, PersonalValue
from portal.audit.snapshots import Personal

T = TypeVar("T")


class Apart:
    """The personal values of one entry on their way into their own table.

    The same value under the same name gets the same commitment within the entry, so that before and after
    can be compared.
    """

    def __init__(self, person_id: int | None) -> None:
        self.person_id = person_id
        self.values: dict[tuple[str, str], PersonalValue] = {}

    def keep(self, name: str, value: Any, *, person_id: int | None = None) -> Any:
        """The value itself, or the commitment to it when it is personal."""
        if not isinstance(value, Personal):
            return value
        if (name, value) not in self.values:
            salt = secrets.token_hex(16)
            self.values[name, value] = PersonalValue(
                digest=digest(salt, value),
                salt=salt,
                value=str(value),
                person_id=person_id or self.person_id,
            )
        return {"commitment": self.values[name, value].digest}

    def keep_all(self, told: Mapping[str, Any] | None) -> dict[str, Any] | None:
        return None if told is None else {name: self.keep(name, value) for name, value in told.items()}

    def store(self, entry: Entry) -> None:
        for value in self.values.values():
            value.entry = entry
        if self.values:
            PersonalValue.objects.bulk_create(self.values.values())


def digest(salt: str, value: str) -> str:
    """SHA-256 over salt and value."""
    return sha256(f"{salt}{value}".encode()).hexdigest()


def disclosed(told: list[T], *, erased: Any = None) -> list[T]:
    """Bodies, or parts of them, with the values in the place of their commitments. At most one query."""
    digests = set(_commitments(told))
    if not digests:
        return told
    kept = dict(PersonalValue.objects.filter(pk__in=digests).values_list("digest", "value"))
    filled: list[T] = _filled(told, {wanted: kept.get(wanted, erased) for wanted in digests})
    return filled


def _committed(value: Any) -> str | None:
    """The digest, when the value is a commitment."""
    if isinstance(value, dict) and value.keys() == {"commitment"}:
        found: str = value["commitment"]
        return found
    return None


def _commitments(value: Any) -> Iterator[str]:
    if (found := _committed(value)) is not None:
        yield found
    elif isinstance(value, dict | list):
        inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
        for item in inner:
            yield from _commitments(item)


def _filled(value: Any, kept: Mapping[str, Any]) -> Any:
    if (found := _committed(value)) is not None:
        return kept[found]
    if isinstance(value, dict):
        return {name: _filled(item, kept) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, kept) for item in value]
    return value
