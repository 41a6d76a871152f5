"""Storing a bill once, line by line and exactly, and splitting it by the rules of its months."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
from django.db import connection, transaction
from django.utils import timezone
from pyarrow import csv

from costs.focus import AMOUNTS, TEXTS, Summed, sum_bill
from costs.models import Bill, TagSet
from costs.services.allocation import allocate_bill
from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Conflict
from portal.evidence import storage

COLUMNS = (*TEXTS, "period", *AMOUNTS, "rows", "tag_set_id", "bill_id")
CHUNK = 50_000
"""Groups a statement."""


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


def import_bill(
    path: Path,
    *,
    name: str,
    actor: User | None,
    replaces: Bill | None = None,
    tell: Callable[[float, int], None] = lambda _share, _rows: None,
    at: datetime | None = None,
) -> Receipt:
    """Read a FOCUS bill, keep its file, store its sums and split it. The same file again adds nothing.

    ``replaces`` is the bill this one corrects: it stays and no longer counts. ``tell`` hears how far reading
    is. Raises Unprocessable with row and column for what is no FOCUS bill; then nothing is stored.
    """
    digest = digest_of(path)
    known = Bill.objects.filter(digest=digest).first()
    if known is not None:
        return Receipt(known, added=False)
    summed = sum_bill(path, tell=tell)
    with path.open("rb") as file:
        storage.keep(key_of(digest), file)
    return store_bill(summed, digest=digest, name=name, actor=actor, replaces=replaces, at=at)


@transaction.atomic
def store_bill(
    summed: Summed,
    *,
    digest: str,
    name: str,
    actor: User | None,
    replaces: Bill | None = None,
    at: datetime | None = None,
) -> Receipt:
    """Store a bill that is read and split it, all of it or nothing; one known by its digest is left alone."""
    at = at or timezone.now()
    with connection.cursor() as cursor:  # one import at a time, so that the same file twice is one bill
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('costs.import'))")
    known = Bill.objects.filter(digest=digest).first()
    if known is not None:
        return Receipt(known, added=False)
    bill = Bill.objects.create(
        digest=digest,
        name=name[:200],
        currency=summed.currency,
        rows=summed.rows,
        billed=summed.amounts["billed"].whole(),
        effective=summed.amounts["effective"].whole(),
        first_period=summed.periods[0],
        last_period=summed.periods[-1],
        covered_until=summed.covered_until,
        imported_by=actor,
        imported_at=at,
    )
    _copy(bill, summed)
    if replaces is not None:
        _replace(replaces, bill, actor=actor, at=at)
    record("bill.imported", bill, actor=actor, at=at, after=snapshot(bill))
    allocate_bill(bill, actor=actor, at=at)
    return Receipt(bill, added=True)


def key_of(digest: str) -> str:
    """Where the file of a bill is kept."""
    return f"bills/{digest}"


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(bill: Bill, summed: Summed) -> None:
    """Groups to CSV to COPY, some thousands at a time."""
    table = _table(bill, summed)
    names, texts = ", ".join(COLUMNS), ", ".join(TEXTS)
    statement = f"COPY costs_costline ({names}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({texts}))"
    with connection.cursor() as cursor:
        for piece in table.to_batches(CHUNK):
            sink = io.BytesIO()
            csv.write_csv(piece, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
            sink.seek(0)
            cursor.copy_expert(statement, sink)


def _table(bill: Bill, summed: Summed) -> pa.Table:
    """The groups of a bill as rows of the table of cost lines."""
    columns: dict[str, pa.Array] = {
        name: pa.array(summed.vocabularies[name].values, pa.string()).take(pa.array(summed.codes[name]))
        for name in TEXTS
    }
    columns["period"] = pa.array(summed.values("period"), pa.date32())
    for name in AMOUNTS:
        amounts = summed.amounts[name].decimals()
        columns[name] = pa.array(
            [None if each is None else format(each, "f") for each in amounts], pa.string()
        )
    columns["rows"] = pa.array(summed.lines)
    ids = pa.array(_tag_ids([orjson.loads(each or "{}") for each in summed.vocabularies["tags"].values]))
    columns["tag_set_id"] = ids.take(pa.array(summed.codes["tags"]))
    columns["bill_id"] = pa.array([bill.pk] * len(summed), pa.int64())
    return pa.table({name: columns[name] for name in COLUMNS})


def _tag_ids(sets: Sequence[dict[str, str]]) -> list[int | None]:
    """The row of each set of tags, made where it is new; None for the empty one."""
    digests = [hashlib.sha256(orjson.dumps(each, option=orjson.OPT_SORT_KEYS)).hexdigest() for each in sets]
    wanted = {digest: tags for digest, tags in zip(digests, sets, strict=True) if tags}
    known = dict(TagSet.objects.filter(digest__in=wanted).values_list("digest", "pk"))
    if fresh := [TagSet(digest=d, tags=tags) for d, tags in wanted.items() if d not in known]:
        TagSet.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=5000)
        known = dict(TagSet.objects.filter(digest__in=wanted).values_list("digest", "pk"))
    return [known.get(digest) for digest in digests]


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
