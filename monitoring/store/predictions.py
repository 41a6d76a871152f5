"""Predictions: which of them are new, and their narrow rows by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from monitoring.digests import row_digests
from monitoring.incoming.tables import segment_keys
from monitoring.models import Batch
from monitoring.store.copying import copy, stage
from monitoring.store.outcomes import unpark
from monitoring.store.segments import let_wait, write_segment
from portal.registry.models import ModelVersion

SEAL_FROM = 1_000
"""Batches of fewer rows wait in PostgreSQL, so that days of single posts make one file and not thousands."""
NARROW = ("prediction_id", "event_time", "score", "prediction", "route")


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which rows are new, sent before, or contradict what is there; by their place in the delivery."""

    new: pa.Array
    duplicates: int
    conflicts: list[int]


def sort_predictions(version: ModelVersion, rows: pa.Table) -> Sorting:
    """Enter the ids of a delivery into the index; what was there decides duplicate or conflict."""
    staged = pa.table(
        {
            "place": pa.array(range(rows.num_rows), pa.int32()),
            "prediction_id": rows.column("prediction_id"),
            "event_time": rows.column("event_time"),
            "digest": pa.array(row_digests(rows)),
        }
    )
    with connection.cursor() as cursor:
        stage(
            cursor,
            "incoming_prediction",
            "place int, prediction_id text, event_time timestamptz, digest bigint",
            staged,
        )
        cursor.execute(
            """
            WITH first AS (
                SELECT DISTINCT ON (prediction_id) * FROM incoming_prediction ORDER BY prediction_id, place
            ), entered AS (
                INSERT INTO monitoring_prediction_index (version_id, prediction_id, event_time, digest)
                SELECT %s, prediction_id, event_time, digest FROM first ORDER BY prediction_id
                ON CONFLICT DO NOTHING RETURNING prediction_id
            )
            SELECT array_agg(place ORDER BY place) FROM first JOIN entered USING (prediction_id)
            """,
            [version.pk],
        )
        new: list[int] = cursor.fetchone()[0] or []
        if len(new) == rows.num_rows:
            return Sorting(pa.array(new, pa.int32()), 0, [])
        cursor.execute(
            """
            SELECT i.place FROM incoming_prediction i
            JOIN monitoring_prediction_index k ON k.version_id = %s AND k.prediction_id = i.prediction_id
            WHERE k.digest <> i.digest ORDER BY i.place
            """,
            [version.pk],
        )
        conflicts = [place for (place,) in cursor.fetchall()]
    return Sorting(pa.array(new, pa.int32()), rows.num_rows - len(new) - len(conflicts), conflicts)


def append_predictions(version: ModelVersion, batch: Batch, rows: pa.Table) -> None:
    """Store new predictions: narrow rows, and features as a segment or, if few, waiting for one."""
    if not rows.num_rows:
        return
    rows = rows.sort_by("event_time")
    with connection.cursor() as cursor:
        for month in _months(rows.column("event_time")):
            cursor.execute("SELECT monitoring_ensure_month(%s)", [month])
        copy(
            cursor,
            "monitoring_prediction (version_id, batch_id, prediction_id, event_time, score, "
            f"{'label' if pa.types.is_string(rows.column('prediction').type) else 'value'}, route, segment)",
            _narrow(version, batch, rows),
        )
    if rows.num_rows >= SEAL_FROM:
        write_segment(version, batch, rows)
    else:
        let_wait(version, batch, rows)
    unpark(version, rows.column("prediction_id"))


def _narrow(version: ModelVersion, batch: Batch, rows: pa.Table) -> pa.Table:
    count = rows.num_rows
    return pa.table(
        {
            "version_id": pa.array([version.pk] * count, pa.int64()),
            "batch_id": pa.array([batch.pk] * count, pa.int64()),
            **{name: rows.column(name) for name in NARROW},
            "segment": _segments(rows),
        }
    )


def _segments(rows: pa.Table) -> pa.Array:
    """The segment of each row as JSON; each different one is written once."""
    keys = segment_keys(rows.column_names)
    if not keys:
        return pa.nulls(rows.num_rows, pa.string())
    parts = rows.select(list(keys.values())).to_pylist()
    known: dict[tuple[Any, ...], str | None] = {}
    out = []
    for part in parts:
        values = tuple(part.values())
        if values not in known:
            named = {key: part[column] for key, column in keys.items() if part[column] is not None}
            known[values] = orjson.dumps(named).decode() if named else None
        out.append(known[values])
    return pa.array(out, pa.string())


def _months(times: pa.ChunkedArray) -> list[datetime]:
    """The first instant of every month the times fall into."""
    starts = pc.unique(pc.floor_temporal(times, unit="month"))
    return sorted(starts.to_pylist())
