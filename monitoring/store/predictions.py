"""Predictions: which of them are new, and their narrow rows by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from monitoring.digests import row_digests
from monitoring.incoming.tables import segment_keys
from monitoring.models import Batch
from monitoring.store.copying import stage
from monitoring.store.outcomes import unpark
from monitoring.store.segments import let_wait, write_segment
from portal.registry.models import ModelVersion

SEAL_FROM = 1_000
"""Batches of fewer rows wait in PostgreSQL, so that days of single posts make one file and not thousands."""
STAGED = """place int, digest bigint, prediction_id text, event_time timestamptz, score double precision,
            label text, value double precision, route text, segment jsonb"""


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which rows of a delivery are new, sent before, or contradict what is there; by their place in it."""

    received: int
    new: list[int] | None
    """None: all of them."""
    conflicts: list[int]

    @property
    def duplicates(self) -> int:
        return 0 if self.new is None else self.received - len(self.new) - len(self.conflicts)

    def fresh(self, rows: pa.Table) -> pa.Table:
        """The new ones among the rows of the delivery."""
        return rows if self.new is None else rows.take(pa.array(self.new, pa.int32()))


def sort_predictions(version: ModelVersion, rows: pa.Table) -> Sorting:
    """Enter the ids of a delivery into the index; what was there decides duplicate or conflict.

    The new rows stay behind in the temporary table ``incoming_prediction``.
    """
    with connection.cursor() as cursor:
        stage(cursor, "incoming_prediction", STAGED, _narrow(rows))
        cursor.execute(
            """
            WITH first AS (
                SELECT DISTINCT ON (prediction_id) * FROM incoming_prediction ORDER BY prediction_id, place
            ), entered AS (
                INSERT INTO monitoring_prediction_index (version_id, prediction_id, event_time, digest)
                SELECT %s, prediction_id, event_time, digest FROM first ORDER BY prediction_id
                ON CONFLICT DO NOTHING RETURNING prediction_id
            )
            SELECT CASE WHEN count(*) < %s THEN coalesce(array_agg(place ORDER BY place), '{}') END
            FROM first JOIN entered USING (prediction_id)
            """,
            [version.pk, rows.num_rows],
        )
        new: list[int] | None = cursor.fetchone()[0]
        if new is None:
            return Sorting(rows.num_rows, None, [])
        cursor.execute(
            """
            SELECT i.place FROM incoming_prediction i
            JOIN monitoring_prediction_index k ON k.version_id = %s AND k.prediction_id = i.prediction_id
            WHERE k.digest <> i.digest ORDER BY i.place
            """,
            [version.pk],
        )
        conflicts = [place for (place,) in cursor.fetchall()]
        cursor.execute(
            "DELETE FROM incoming_prediction i WHERE NOT EXISTS"
            " (SELECT FROM unnest(%s::int[]) AS new (place) WHERE new.place = i.place)",
            [new],
        )
    return Sorting(rows.num_rows, new, conflicts)


def append_predictions(version: ModelVersion, batch: Batch, rows: pa.Table) -> None:
    """Store the new predictions of the delivery just sorted: its narrow rows from where they were staged,
    and its features as a segment or, if few, waiting for one.
    """
    if not rows.num_rows:
        return
    rows = rows.sort_by("event_time")
    with connection.cursor() as cursor:
        for month in _months(rows.column("event_time")):
            cursor.execute("SELECT monitoring_ensure_month(%s)", [month])
        cursor.execute(
            """
            INSERT INTO monitoring_prediction
                (version_id, batch_id, prediction_id, event_time, score, label, value, route, segment)
            SELECT %s, %s, prediction_id, event_time, score, label, value, route, segment
            FROM incoming_prediction ORDER BY event_time
            """,
            [version.pk, batch.pk],
        )
        unpark(cursor, version, "incoming_prediction")
    if rows.num_rows >= SEAL_FROM:
        write_segment(version, batch, rows)
    else:
        let_wait(version, batch, rows)


def _narrow(rows: pa.Table) -> pa.Table:
    """The rows as they are staged, in the order of its columns."""
    said = rows.column("prediction")
    nothing = pa.nulls(rows.num_rows, pa.string())
    is_label = pa.types.is_string(said.type)
    return pa.table(
        {
            "place": pa.array(np.arange(rows.num_rows, dtype=np.int32)),
            "digest": pa.array(row_digests(rows)),
            **{name: rows.column(name) for name in ("prediction_id", "event_time", "score")},
            "label": said if is_label else nothing,
            "value": nothing if is_label else said,
            "route": rows.column("route"),
            "segment": _segments(rows),
        }
    )


def _segments(rows: pa.Table) -> pa.Array:
    """The segment of each row as JSON; each value of a key is written once."""
    keys = segment_keys(rows.column_names)
    if not keys:
        return pa.nulls(rows.num_rows, pa.string())
    members = [_members(key, rows.column(name).combine_chunks()) for key, name in keys.items()]
    joined = pc.binary_join_element_wise(*members, "")
    written = pc.binary_join_element_wise("{", pc.utf8_rtrim(joined, ","), "}", "")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), written)


def _members(key: str, column: pa.Array) -> pa.Array:
    """The key with each value as a member of a JSON object and a comma, or nothing where it is missing."""
    encoded = column.dictionary_encode()
    texts = [orjson.dumps({key: value})[1:-1].decode() + "," for value in encoded.dictionary.to_pylist()]
    return pc.fill_null(pa.array(texts, pa.string()).take(encoded.indices), "")


def _months(times: pa.ChunkedArray) -> list[datetime]:
    """The first instant of every month the times fall into."""
    starts = pc.unique(pc.floor_temporal(times, unit="month"))
    return sorted(starts.to_pylist())
