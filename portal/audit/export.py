"""The records of an export, as ``verifier`` describes the format: header, keys, seals with entries, end.

Read in groups of seals with a bounded number of entries, so memory and statements stay small at any size.
Personal values are not part of it: entries carry commitments to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from portal.audit import merkle
from portal.audit.canonical import instant
from portal.audit.models import Entry, Pending, Position, Seal, SealKey
from portal.audit.sealing import SEALER_LOCK, statement

FORMAT = "portal-audit/1"
GROUP = 10_000
"""Entries whose trees are held at a time."""
COMPACT = (",", ":")
STEP = 1000
"""Numbers that are named in one statement."""

Record = dict[str, Any]
Row = tuple[int, datetime, str, int, int]
"""Number, recording time, body, seal, index."""


def lines(entries: QuerySet[Entry] | None = None) -> Iterator[str]:
    """The export as NDJSON: of all entries, or of some with the seals that cover them."""
    return (f"{json.dumps(record, ensure_ascii=False, separators=COMPACT)}\n" for record in records(entries))


def records(entries: QuerySet[Entry] | None = None, *, proofs: bool = True) -> Iterator[Record]:
    """The records of an export. Entries that are sealed while it is read still count as waiting."""
    told = {"entries": 0, "seals": 0}
    chosen = Entry.objects.all() if entries is None else entries
    exported_at, upto = _now()
    yield {
        "kind": "header",
        "format": FORMAT,
        "exported_at": instant(exported_at),
        "complete": entries is None,
    }
    yield from _keys()
    for seals in _groups(_every_seal(upto) if entries is None else _seals_over(entries, upto)):
        rows = _rows(chosen, seals)
        trees = _trees(seals) if proofs else {}
        for seal in seals:
            told["seals"] += 1
            yield {"kind": "seal", **statement(seal), "digest": seal.digest, "signature": seal.signature}
            for row in rows.get(seal.number, ()):
                told["entries"] += 1
                yield _sealed(row, trees.get(seal.number))
    for waiting in _unsealed(chosen, upto):
        told["entries"] += 1
        yield waiting
    yield {"kind": "end", **told}


@transaction.atomic
def _now() -> tuple[datetime, int]:
    """The time, and the newest seal at that time: nobody is sealing between the two readings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [SEALER_LOCK])
        cursor.execute("SELECT clock_timestamp(), (SELECT coalesce(max(number), 0) FROM audit_seal)")
        now, upto = cursor.fetchone()
    return now, upto


def _keys() -> Iterator[Record]:
    for key in SealKey.objects.order_by("first_seal"):
        yield {
            "kind": "key",
            "id": key.key_id,
            "public": key.public,
            "first_seal": key.first_seal,
            "endorsement": key.endorsement,
        }


def _every_seal(upto: int) -> Iterator[Seal]:
    """All seals by ascending number."""
    last = -(2**63)
    while found := list(Seal.objects.filter(number__gt=last, number__lte=upto).order_by("number")[:STEP]):
        yield from found
        last = found[-1].number


def _seals_over(entries: QuerySet[Entry], upto: int) -> Iterator[Seal]:
    """The seals that cover some of these entries, by ascending number."""
    places = Position.objects.filter(entry__in=entries.order_by(), seal__lte=upto)
    numbers = places.order_by("seal").values_list("seal", flat=True).distinct()
    for step in _steps(list(numbers)):
        yield from Seal.objects.filter(number__in=step).order_by("number")


def _groups(seals: Iterable[Seal]) -> Iterator[list[Seal]]:
    """Consecutive seals that together cover at most GROUP entries, or a single one that covers more."""
    group: list[Seal] = []
    size = 0
    for seal in seals:
        if group and size + seal.size > GROUP:
            yield group
            group, size = [], 0
        group.append(seal)
        size += seal.size
    if group:
        yield group


def _steps(numbers: list[int]) -> Iterator[list[int]]:
    return (numbers[start : start + STEP] for start in range(0, len(numbers), STEP))


def _rows(entries: QuerySet[Entry], seals: list[Seal]) -> dict[int, list[Row]]:
    """The entries under these seals, by seal, in the order of their places."""
    rows = (
        entries.filter(position__seal__gte=seals[0], position__seal__lte=seals[-1])
        .order_by("position__seal", "position__index")
        .values_list("id", "recorded_at", "body", "position__seal", "position__index")
    )
    return {number: list(grouped) for number, grouped in groupby(rows, key=lambda row: row[3])}


def _trees(seals: list[Seal]) -> dict[int, merkle.Levels]:
    """The whole tree of each seal, from the leaves that the database hashed."""
    leaves = (
        Position.objects.filter(seal__in=seals).order_by("seal", "index").values_list("seal", "entry__leaf")
    )
    return {
        number: merkle.levels([bytes(leaf) for _, leaf in grouped])
        for number, grouped in groupby(leaves, key=lambda row: row[0])
    }


def _sealed(row: Row, tree: merkle.Levels | None) -> Record:
    number, recorded_at, body, seal, index = row
    record = _plain(number, recorded_at, body) | {"seal": seal, "index": index}
    if tree is not None and index < len(tree[0]):
        record["proof"] = [step.hex() for step in merkle.path(tree, index)]
    return record


def _unsealed(entries: QuerySet[Entry], upto: int) -> Iterator[Record]:
    """Entries that wait for a seal; those that got one after ``upto`` meanwhile still count as waiting."""
    waiting = set(Pending.objects.values_list("entry_id", flat=True))
    waiting.update(Position.objects.filter(seal__gt=upto).values_list("entry_id", flat=True))
    for step in _steps(sorted(waiting)):
        rows = entries.filter(pk__in=step).order_by("id").values_list("id", "recorded_at", "body")
        yield from (_plain(*row) | {"seal": None, "index": None} for row in rows)


def _plain(number: int, recorded_at: datetime, body: str) -> Record:
    return {"kind": "entry", "id": number, "recorded_at": instant(recorded_at), "body": body}
