"""Deliveries of predictions, outcomes, attributes: checked, stored and accounted for, or nothing at all."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from lifecycle.data.services import schema_of
from lifecycle.data.validation import Refusal
from monitoring import store
from monitoring.incoming import Table, attribute_table, outcome_table, prediction_table
from monitoring.incoming.bodies import Body
from monitoring.models import Batch, BatchState, DirtyDay, Kind
from portal.accounts.models import User
from portal.areas import Window
from portal.audit.services import record
from portal.errors import Conflict, Problem, Unprocessable
from portal.evidence import storage
from portal.jobs.services import kind_of, request
from portal.registry.models import ModelVersion

MAX_LISTED = 100
OTHER_CONTENT = (
    "is known with other content; what was predicted is never changed, so give this an id of its own"
)


class OnInvalid(StrEnum):
    """What one bad row does: refuses the delivery, or goes into a file of its own."""

    REJECT = "reject"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the rows of a delivery."""

    batch: Batch
    windows: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The answer of the API and of the commands."""
        batch = self.batch
        quarantine = reverse("monitoring:quarantine", args=[batch.pk]) if batch.quarantine else None
        return {
            "batch": batch.pk,
            "received": batch.received,
            "accepted": batch.accepted,
            "duplicates": batch.duplicates,
            "refused": batch.refused,
            "parked": batch.parked,
            "quarantine_url": quarantine,
            "windows": list(self.windows),
        }


@transaction.atomic
def ingest_predictions(
    version: ModelVersion,
    body: Body,
    *,
    actor: User | None,
    on_invalid: OnInvalid = OnInvalid.REJECT,
    batch: Batch | None = None,
) -> Receipt:
    """Store a delivery of predictions and have the days it touches profiled again.

    Sent again, it adds nothing. Raises Unprocessable with row and column for bad rows, Conflict for other
    content under a known id; with ``quarantine`` those rows go to a file and the others are stored.
    """
    schema = schema_of(version)
    table = prediction_table(body, schema, now=timezone.now())
    _refuse_or_go_on(table.refusals, on_invalid)
    batch = batch or Batch(version=version, kind=Kind.PREDICTIONS, sent_by=actor)
    _open(batch, body)
    rows, protected = table.accepted, table.accepted_protected()
    whole = rows
    for name, values in protected.items():
        whole = whole.append_column(name, values)
    sorting = store.sort_predictions(version, whole)
    if sorting.conflicts and on_invalid == OnInvalid.REJECT:
        raise _conflict(rows, sorting.conflicts)
    fresh = sorting.fresh(rows)
    store.append_predictions(version, batch, fresh)
    if protected and fresh.num_rows:
        apart = {"prediction_id": rows.column("prediction_id"), **protected}
        store.append_attributes(version, batch, sorting.fresh(pa.table(apart)))
    accepted = _places_of_accepted(table)
    conflicts = [Refusal(accepted[place], "prediction_id", OTHER_CONTENT) for place in sorting.conflicts]
    batch.accepted = fresh.num_rows
    batch.duplicates = sorting.duplicates
    days = _days(fresh.column("event_time"))
    return _settle(batch, body, table, days=days, actor=actor, conflicts=conflicts)


@transaction.atomic
def ingest_outcomes(
    version: ModelVersion,
    body: Body,
    *,
    actor: User | None,
    on_invalid: OnInvalid = OnInvalid.REJECT,
    batch: Batch | None = None,
) -> Receipt:
    """Append outcomes; the days of their predictions are profiled again, however late they come.

    An outcome before its prediction is parked and joined later. Another outcome for the same prediction is
    a correction: both are kept, the newer holds.
    """
    table = outcome_table(body, now=timezone.now())
    _refuse_or_go_on(table.refusals, on_invalid)
    batch = batch or Batch(version=version, kind=Kind.OUTCOMES, sent_by=actor)
    _open(batch, body)
    accepted, duplicates, parked, days = store.append_outcomes(version, batch, table.accepted)
    batch.accepted, batch.duplicates, batch.parked = accepted, duplicates, parked
    return _settle(batch, body, table, days=days, actor=actor)


@transaction.atomic
def ingest_attributes(
    version: ModelVersion,
    body: Body,
    *,
    actor: User | None,
    on_invalid: OnInvalid = OnInvalid.REJECT,
    batch: Batch | None = None,
) -> Receipt:
    """Put protected attributes into the restricted store. Only attributes the schema declares are taken."""
    schema = schema_of(version)
    if schema is None:
        raise Unprocessable("The version declares no inputs, so no protected attribute is known.")
    table = attribute_table(body, schema)
    _refuse_or_go_on(table.refusals, on_invalid)
    batch = batch or Batch(version=version, kind=Kind.ATTRIBUTES, sent_by=actor)
    _open(batch, body)
    changed, days = store.append_attributes(version, batch, table.accepted)
    batch.accepted, batch.duplicates = changed, table.accepted.num_rows - changed
    return _settle(batch, body, table, days=days, actor=actor)


def touch_days(version: ModelVersion, days: Iterable[date], *, actor: User | None) -> None:
    """Mark days as behind their rows and ask for their months to be profiled."""
    days = sorted(set(days))
    DirtyDay.objects.bulk_create(
        [DirtyDay(version=version, day=day) for day in days],
        update_conflicts=True,
        update_fields=["touched_at"],
        unique_fields=["version", "day"],
    )
    for start in sorted({day.replace(day=1) for day in days}):
        request(kind_of("monitoring.profile"), version, month_of(start), actor=actor)


def month_of(day: date) -> Window:
    """The UTC calendar month that holds a day."""
    start = datetime(day.year, day.month, 1, tzinfo=UTC)
    return Window(start, (start + timedelta(days=32)).replace(day=1))


def _open(batch: Batch, body: Body) -> None:
    """Give the delivery a number; its rows are accounted for when it is settled."""
    batch.state = BatchState.WAITING
    batch.received = body.rows
    batch.save()


def _settle(
    batch: Batch,
    body: Body,
    table: Table,
    *,
    days: Sequence[date],
    actor: User | None,
    conflicts: Sequence[Refusal] = (),
) -> Receipt:
    """Account for every row, keep the refused ones, record it, and have the days profiled."""
    refused = sorted({*map(int, table.bad.nonzero()[0]), *(c.row for c in conflicts)})
    batch.refused = len(refused)
    if refused:
        batch.quarantine = _quarantine(batch, body, [*table.refusals, *conflicts], refused)
    batch.state = BatchState.STORED
    batch.save()
    record(
        "batch.stored",
        batch,
        actor=actor,
        kind=batch.kind,
        received=batch.received,
        accepted=batch.accepted,
        duplicates=batch.duplicates,
        refused=batch.refused,
        parked=batch.parked,
    )
    if days:
        touch_days(batch.version, days, actor=actor)
    return Receipt(batch, tuple(day.isoformat() for day in days))


def _quarantine(batch: Batch, body: Body, reasons: Sequence[Refusal], rows: Sequence[int]) -> str:
    """Write the refused rows as they came, each with its reasons, for whoever sent them."""
    by_row: dict[int, list[str]] = {}
    for reason in reasons:
        by_row.setdefault(reason.row, []).append(f"{reason.column} {reason.detail}")
    lines = []
    for row in rows:
        shown = {name: _cell(column, row) for name, column in body.columns.items()}
        shown["features"] = {name: _cell(column, row) for name, column in body.features.items()}
        shown["segment"] = {name: _cell(column, row) for name, column in body.segment.items()}
        lines.append({"row": row, "reasons": by_row.get(row, ["refused"]), "content": shown})
    name = f"quarantine/{batch.pk}.ndjson"
    storage.keep(name, io.BytesIO(b"\n".join(orjson.dumps(line, default=str) for line in lines) + b"\n"))
    return name


def _cell(column: Any, row: int) -> Any:
    value = column[row]
    return value.as_py() if isinstance(value, pa.Scalar) else value


def _refuse_or_go_on(refusals: Sequence[Refusal], on_invalid: OnInvalid) -> None:
    if refusals and on_invalid == OnInvalid.REJECT:
        first = refusals[0]
        raise Unprocessable(
            f"Row {first.row} (the first is 0): {first.column} {first.detail}. Nothing was stored.",
            errors=[Problem(f"/{r.row}/{r.column}", r.detail) for r in refusals[:MAX_LISTED]],
        )


def _conflict(rows: pa.Table, places: Sequence[int]) -> Conflict:
    ids = rows.column("prediction_id").take(pa.array(places[:MAX_LISTED])).to_pylist()
    return Conflict(
        f"{len(places)} predictions are known with other content, {ids[0]!r} first. Nothing was stored.",
        errors=[
            Problem(f"/{place}/prediction_id", f"{key!r} {OTHER_CONTENT}")
            for place, key in zip(places, ids, strict=False)
        ],
    )


def _places_of_accepted(table: Table) -> list[int]:
    """The place in the delivery of each accepted row."""
    return [int(place) for place in (~table.bad).nonzero()[0]]


def _days(times: pa.ChunkedArray) -> list[date]:
    """The UTC days of event times, each once."""
    naive = times.cast(pa.timestamp("us"))
    return sorted(pc.unique(naive.cast(pa.date32(), safe=False)).to_pylist())
