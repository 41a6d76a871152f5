"""Every write of the audit. Whatever changes something calls ``record`` inside its own transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError

from portal.audit import keys
from portal.audit.canonical import canonical, instant, plain
from portal.audit.models import SYSTEM_MODEL, VERIFIED, Effect, Entry, PersonalValue, SealKey
from portal.audit.origin import Origin, current
from portal.audit.personal import Apart
from portal.audit.sealing import hold_off_sealers, seal_pending
from portal.audit.snapshots import Personal, personal_fields, snapshot
from portal.audit.verifier import Report
from portal.errors import Denied, PortalError

__all__ = [
    "Personal",
    "denial_recorded",
    "erase_person",
    "record",
    "record_denial",
    "record_export",
    "record_verification",
    "rotate_key",
    "seal_pending",
    "snapshot",
]

SCHEMA = 1
"""The form of the body; it changes when a reader must know."""


def record(
    action: str,
    obj: Model | None,
    *,
    actor: Any,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    at: datetime | None = None,
    **facts: Any,
) -> Entry:
    """Write one entry in the transaction of the change it records.

    ``action`` is noun.verb, ``obj`` what it was done to, ``actor`` a user or None for the portal itself.
    ``before`` and ``after`` are snapshots: a whole one (it has the primary key) states the object, a partial
    one changes the named fields, ``before`` alone ends it. ``at`` is when it took effect, by default now.
    Raises TransactionManagementError outside a transaction. One INSERT, and a second one only where
    personal values have to be kept apart.
    """
    return _write(
        action, obj, actor=actor, before=before, after=after, reason=reason, at=at, facts=facts, denied=False
    )


def record_denial(action: str, obj: Model | None, *, actor: Any, reason: str, **facts: Any) -> Entry:
    """Write that somebody was refused something, in a transaction of its own, after the rollback."""
    with transaction.atomic(durable=True):
        return _write(
            action,
            obj,
            actor=actor,
            before=None,
            after=None,
            reason=reason,
            at=None,
            facts=facts,
            denied=True,
        )


@contextmanager
def denial_recorded(
    action: str,
    obj: Model,
    actor: Any,
    *,
    of: type[PortalError] = Denied,
    told: Callable[[str], str] = str,
) -> Iterator[None]:
    """Keep the record of a denial though the transaction inside is rolled back.

    ``told`` makes of its sentence what the audit may hold.
    """
    try:
        yield
    except of as denial:
        record_denial(action, obj, actor=actor, reason=told(denial.detail))
        raise


@transaction.atomic
def erase_person(person: Model, *, actor: Any, reason: str) -> int:
    """Erase every value that speaks of this person; entries and seals stay provable. Returns how many."""
    erased, _ = PersonalValue.objects.filter(person_id=person.pk).delete()
    record("person.erased", person, actor=actor, reason=reason, values=erased)
    return erased


@transaction.atomic
def rotate_key(*, actor: Any, reason: str, lost: bool = False) -> SealKey:
    """Put a new signing key in force. The present one endorses it and signs what waits, unless it is lost."""
    hold_off_sealers()
    if not lost:
        seal_pending()
    key = keys.rotate(reason=reason, lost=lost)
    record("audit.key_rotated", None, actor=actor, reason=reason, key=key.key_id, endorsed=not lost)
    return key


@transaction.atomic
def record_verification(report: Report) -> Entry:
    """Keep what a verification of the whole audit found, with its first problems."""
    return record(
        VERIFIED,
        None,
        actor=None,
        holds=report.holds,
        entries=report.entries,
        seals=report.seals,
        last_seal=report.last_seal,
        problems=[str(problem) for problem in report.problems[:10]],
    )


@transaction.atomic
def record_export(*, actor: Any, complete: bool, entries: int | None, filters: Mapping[str, str]) -> Entry:
    """Keep who took entries away, and which; ``entries`` is None where nobody counted them."""
    return record(
        "audit.exported", None, actor=actor, complete=complete, entries=entries, filters=dict(filters)
    )


def _write(
    action: str,
    obj: Model | None,
    *,
    actor: Any,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
    at: datetime | None,
    facts: Mapping[str, Any],
    denied: bool,
) -> Entry:
    if connection.get_autocommit():
        raise TransactionManagementError("An entry is written in the transaction of the change it records.")
    origin = current()
    actor_id = getattr(actor, "pk", None)
    system_id = _system_of(obj)
    apart = Apart(person_id=_person_of(obj))
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "nonce": secrets.token_hex(16),
        "action": action,
        "denied": denied,
        "actor": actor_id,
        "token": getattr(getattr(actor, "token", None), "pk", None),
        "via": origin.via,
        "request_id": origin.request_id,
        "ip": apart.keep("ip", Personal(origin.ip), person_id=actor_id) if origin.ip else None,
        "object_type": obj._meta.label_lower if obj else "",  # noqa: SLF001 - Django's documented API of models
        "object_id": "" if obj is None else str(obj.pk),
        "label": _label(obj),
        "system": system_id,
        "unit": _unit_of(obj, system_id, origin),
        "effect": _effect(obj, before, after),
        "happened_at": None if at is None else instant(at),
        "reason": reason,
        "before": apart.keep_all(before),
        "after": apart.keep_all(after),
        "facts": apart.keep_all(facts) or {},
    }
    entry = _insert(plain(body))
    apart.store(entry)
    if denied:
        origin.denials.append(entry.pk)
    return entry


def _insert(body: dict[str, Any]) -> Entry:
    """Hand the body to the database, which derives, stamps and hashes the rest."""
    text = canonical(body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (body) VALUES (%s) RETURNING id, recorded_at, happened_at, leaf", [text]
        )
        number, recorded_at, happened_at, leaf = cursor.fetchone()
    entry = Entry(
        id=number,
        recorded_at=recorded_at,
        happened_at=happened_at,
        leaf=bytes(leaf),
        body=text,
        actor_id=body["actor"],
        system_id=body["system"],
        unit_id=body["unit"],
        **{name: body[name] for name in SAME_IN_BODY},
    )
    entry._state.adding = False  # noqa: SLF001 - it is in the database, though not through the ORM
    entry._state.db = connection.alias  # noqa: SLF001 - likewise
    return entry


SAME_IN_BODY = (
    "via",
    "action",
    "denied",
    "object_type",
    "object_id",
    "label",
    "effect",
    "reason",
    "request_id",
)
"""Columns that bear the name of their key in the body."""


def _label(obj: Model | None) -> str:
    """A name of the object that costs no query and names no person: ``audit_label``, ``name`` or ``ref``."""
    if obj is None:
        return ""
    personal = personal_fields(obj)
    for attribute in ("audit_label", "name", "ref"):
        if attribute not in personal and isinstance(label := getattr(obj, attribute, None), str):
            return label
    return ""


def _effect(obj: Model | None, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Effect:
    key = obj._meta.pk.attname if obj is not None and obj._meta.pk else None  # noqa: SLF001 - Django's documented API
    if key is None:
        return Effect.NONE
    if after is not None:
        return Effect.STATED if key in after else Effect.CHANGED
    return Effect.ENDED if before is not None and key in before else Effect.NONE


def _person_of(obj: Model | None) -> int | None:
    """Whom an object's personal values speak of: ``audit_person_id``, or the object if it is a person."""
    if obj is None:
        return None
    person_id: int | None = getattr(obj, "audit_person_id", None)
    return obj.pk if person_id is None and isinstance(obj, AbstractBaseUser) else person_id


def _system_of(obj: Model | None) -> int | None:
    found: int | None = getattr(obj, "audit_system_id", None) or getattr(obj, "system_id", None)
    return found


def _unit_of(obj: Model | None, system_id: int | None, origin: Origin) -> int | None:
    """The unit of the object, else that of its system, asked once per request or job."""
    own: int | None = getattr(obj, "audit_unit_id", None) or getattr(obj, "unit_id", None)
    if own is not None or system_id is None:
        return own
    if system_id not in origin.units:
        systems = apps.get_model(SYSTEM_MODEL)._base_manager  # noqa: SLF001 - no filter of ours may hide it
        origin.units[system_id] = systems.filter(pk=system_id).values_list("unit_id", flat=True).first()
    return origin.units[system_id]
