"""Storing a bill once, line by line and exactly, and splitting it by the rules of its months."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from django.db import connection, transaction
from django.db.models import Max, Min, Sum
from django.utils import timezone
from pyarrow import csv

from costs.focus import AMOUNTS, TEXTS, Piece, read_focus
from costs.models import Bill, CostLine, TagSet
from costs.services.allocation import allocate_bill
from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Conflict, TooLarge

COLUMNS = (*TEXTS, "charge_start", "charge_end", "period", *AMOUNTS)
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A bill, and whether this file brought it."""

    bill: Bill
    added: bool

    def as_dict(self) -> dict[str, Any]:
        """The answer of the API and of the command."""
        bill = self.bill
        return {
            "bill": bill.pk,
            "name": bill.name,
            "added": bill.rows if self.added else 0,
            "rows": bill.rows,
            "currency": bill.currency,
            "billed_cost": format(bill.billed, "f"),
            "effective_cost": format(bill.effective, "f"),
            "first_period": bill.first_period.isoformat(),
            "last_period": bill.last_period.isoformat(),
            "digest": f"sha256:{bill.digest}",
        }


@transaction.atomic
def import_bill(
    path: Path,
    *,
    name: str,
    actor: User | None,
    replaces: Bill | None = None,
    largest: int | None = None,
    at: datetime | None = None,
) -> Receipt:
    """Store a FOCUS bill and split it. The same file again adds nothing.

    ``replaces`` is the bill this one corrects: it keeps its lines and no longer counts. Raises Unprocessable
    with row and column for what is no FOCUS bill, TooLarge over ``largest`` rows; then nothing is stored.
    """
    at = at or timezone.now()
    digest = _digest(path)
    with connection.cursor() as cursor:  # one import at a time, so that the same file twice is one bill
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('costs.import'))")
    known = Bill.objects.filter(digest=digest).first()
    if known is not None:
        return Receipt(known, added=False)
    bill = Bill(digest=digest, name=name[:200], imported_by=actor, imported_at=at)
    bill = _store(bill, path, largest)
    if replaces is not None:
        _replace(replaces, bill, actor=actor, at=at)
    record("bill.imported", bill, actor=actor, at=at, after=snapshot(bill))
    allocate_bill(bill, actor=actor, at=at)
    return Receipt(bill, added=True)


def _store(bill: Bill, path: Path, largest: int | None) -> Bill:
    """The bill with its lines; what it sums up to is read back from them."""
    bill.currency, bill.rows, bill.billed, bill.effective = "", 0, Decimal(0), Decimal(0)
    bill.first_period = bill.last_period = NEVER.date()
    bill.covered_until = NEVER
    bill.save()
    known: dict[str, int] = {}
    with connection.cursor() as cursor:
        for piece in read_focus(path):
            bill.rows += piece.lines.num_rows
            bill.currency = piece.currency
            if largest is not None and bill.rows > largest:
                raise TooLarge(f"A bill sent like this has at most {largest:,} lines; use import_focus.")
            _copy(cursor, bill, piece, known)
    lines = CostLine.objects.filter(bill=bill)
    summed = lines.aggregate(
        billed=Sum("billed"),
        effective=Sum("effective"),
        first_period=Min("period"),
        last_period=Max("period"),
    )
    usage = lines.filter(category="Usage").aggregate(end=Max("charge_end"))["end"]
    for field, value in summed.items():
        setattr(bill, field, value)
    bill.covered_until = usage or lines.aggregate(end=Max("charge_end"))["end"]
    bill.save()
    return bill


def _copy(cursor: Any, bill: Bill, piece: Piece, known: dict[str, int]) -> None:
    """Arrow to CSV to COPY: no Python object a line."""
    ids = pa.array(_tag_ids(piece.sets, known), pa.int64())
    table = piece.lines.select(COLUMNS)
    table = table.append_column("tag_set_id", ids.take(piece.tags))
    table = table.append_column("bill_id", pa.array([bill.pk] * table.num_rows, pa.int64()))
    sink = io.BytesIO()
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    sink.seek(0)
    names = ", ".join((*COLUMNS, "tag_set_id", "bill_id"))
    texts = ", ".join(TEXTS)
    cursor.copy_expert(
        f"COPY costs_costline ({names}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({texts}))", sink
    )


def _tag_ids(sets: Sequence[Any], known: dict[str, int]) -> list[int]:
    """The row of each set, made where it is new."""
    digests = [hashlib.sha256(orjson.dumps(each, option=orjson.OPT_SORT_KEYS)).hexdigest() for each in sets]
    fresh = {d: each for d, each in zip(digests, sets, strict=True) if d not in known}
    if fresh:
        TagSet.objects.bulk_create(
            [TagSet(digest=digest, tags=tags) for digest, tags in fresh.items()], ignore_conflicts=True
        )
        known |= dict(TagSet.objects.filter(digest__in=fresh).values_list("digest", "pk"))
    return [known[digest] for digest in digests]


def _replace(old: Bill, new: Bill, *, actor: User | None, at: datetime) -> None:
    """Let the corrected bill stand in place of the old one."""
    old = Bill.objects.select_for_update().get(pk=old.pk)
    if old.replaced_by_id is not None:
        raise Conflict(f"{old} is replaced already, by bill {old.replaced_by_id}.")
    if old.currency != new.currency:
        raise Conflict(f"{old} is in {old.currency}, the correction in {new.currency}.")
    before = snapshot(old)
    old.replaced_by = new
    old.save(update_fields=["replaced_by"])
    record("bill.replaced", old, actor=actor, at=at, before=before, after=snapshot(old))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
