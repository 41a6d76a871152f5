"""Sealing: what was committed goes under a signed Merkle root, and a checkpoint of it outside the database.

Any process may seal at any time; an advisory lock lets one through. A seal is one transaction: a sealer that
is killed leaves the entries pending, nothing else.
"""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from portal.audit import keys, merkle
from portal.audit.canonical import canonical, instant
from portal.audit.models import Pending, Seal

SEALER_LOCK = 7_265_108
"""The advisory lock of the one sealer: any number nobody else uses."""

BATCH = 10_000
"""Entries under one seal at most: bounds memory, and the length of a proof to 14 digests."""

NOTHING_BEFORE = "0" * 64
"""What the first seal names as the digest of the seal before it."""


def seal_pending() -> int:
    """Seal everything that was committed, and write a checkpoint. Returns the number of entries sealed.

    0 when nothing waits or another process is sealing. Cheap enough to call every second.
    """
    sealed = 0
    while batch := seal_batch():
        sealed += batch
    return sealed


@transaction.atomic
def seal_batch() -> int:
    """Seal at most BATCH entries; the checkpoint follows when the surrounding transaction commits."""
    if not Pending.objects.exists() or not _alone():
        return 0
    waiting = _waiting()
    if not waiting:
        return 0
    seal = _sign(merkle.root([leaf for _, leaf in waiting]), size=len(waiting))
    entries = [number for number, _ in waiting]
    _place(entries, seal)
    Pending.objects.filter(entry_id__in=entries).delete()
    transaction.on_commit(write_checkpoint)
    return len(entries)


def hold_off_sealers() -> None:
    """Let nobody else seal until the open transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])


def write_checkpoint() -> None:
    """Append the newest seal to the anchor file, unless it stands there already.

    Called again after a crash it writes what is missing. The chain of seals covers those between.
    """
    anchor = Path(settings.PORTAL_AUDIT_ANCHOR)
    anchor.parent.mkdir(parents=True, exist_ok=True)
    with anchor.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        newest = Seal.objects.select_related("key").first()
        if newest is None or _last_line(file) == (line := canonical(checkpoint(newest)).encode()):
            return
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def checkpoint(seal: Seal) -> dict[str, Any]:
    """A seal with its public key: what is needed to recognise it later without the database."""
    return {**statement(seal), "digest": seal.digest, "signature": seal.signature, "public": seal.key.public}


def statement(seal: Seal) -> dict[str, Any]:
    """What a seal says, as it is hashed and signed."""
    return {
        "key": seal.key_id,
        "number": seal.number,
        "previous": seal.previous,
        "root": seal.root,
        "sealed_at": instant(seal.sealed_at),
        "size": seal.size,
    }


def _alone() -> bool:
    """Whether this transaction is the sealer now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        return bool(cursor.fetchone()[0])


def _waiting() -> list[tuple[int, bytes]]:
    """Number and leaf of the oldest pending entries, in the order of their numbers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.id, entry.leaf FROM audit_pending JOIN audit_entry entry ON entry.id = entry_id"
            " ORDER BY entry.id LIMIT %s",
            [BATCH],
        )
        return [(number, bytes(leaf)) for number, leaf in cursor.fetchall()]


def _sign(root: bytes, *, size: int) -> Seal:
    last = Seal.objects.first()
    number = last.number + 1 if last else 1
    key, private = keys.key_for(number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        sealed_at = cursor.fetchone()[0]
    seal = Seal(
        number=number,
        sealed_at=sealed_at,
        size=size,
        root=root.hex(),
        previous=last.digest if last else NOTHING_BEFORE,
        key=key,
    )
    text = canonical(statement(seal)).encode()
    seal.digest = sha256(text).hexdigest()
    seal.signature = private.sign(text).hex()
    seal.save(force_insert=True)
    return seal


def _place(entries: list[int], seal: Seal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_position (entry_id, seal_id, index)"
            " SELECT number, %s, place - 1 FROM unnest(%s) WITH ORDINALITY AS listed (number, place)",
            [seal.number, entries],
        )


def _last_line(file: Any) -> bytes:
    """The last line of the file that is complete, of at most 4 096 bytes."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - 4096))
    return bytes(file.read().rstrip(b"\n").rpartition(b"\n")[2])
