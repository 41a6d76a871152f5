"""Rows that came few at a time, moved from PostgreSQL into files.

A file is written first and entered in the manifest in the transaction that removes its rows from where they
waited. Whatever ends in between leaves the rows where they were, and a file that nothing refers to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from monitoring.models import Segment
from monitoring.store.copying import stage
from monitoring.store.segments import kept_file, waiting_table
from portal.errors import Busy
from portal.registry.models import ModelVersion

AT_ONCE = 20_000
"""Rows of a file. They are Python objects for a moment, a few hundred bytes a value."""
A_RUN = 10 * AT_ONCE


@dataclass(frozen=True, slots=True)
class Written:
    """A file that waits to be entered, and the predictions it holds."""

    segment: Segment
    ids: pa.ChunkedArray


def ripe_versions(before: datetime, *, rows: int) -> list[int]:
    """The ids of versions with so many waiting rows, or with one delivered before that instant."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.version_id
            FROM monitoring_pending_features p JOIN monitoring_batch b ON b.id = p.batch_id
            GROUP BY p.version_id HAVING count(*) >= %s OR bool_or(b.created_at < %s) ORDER BY p.version_id
            """,
            [rows, before],
        )
        return [version for (version,) in cursor.fetchall()]


def write_waiting(version: ModelVersion) -> tuple[list[Written], bool]:
    """Write what waits into files, one or more a month of events; whether more waits than one run takes.

    Changes nothing in the database.
    """
    written: list[Written] = []
    rows = 0
    for table in _waiting(version):
        months = pc.floor_temporal(table.column("event_time"), unit="month")
        for month in pc.unique(months):
            part = table.filter(pc.equal(months, month))
            written.append(Written(kept_file(version, part), part.column("prediction_id")))
        rows += table.num_rows
        if rows >= A_RUN:
            return written, True
    return written, False


def enter_written(version: ModelVersion, written: list[Written]) -> int:
    """Enter files in the manifest and remove their rows from where they waited. Returns how many rows.

    Within the caller's transaction. Raises Busy where a row is gone meanwhile: then all of it is done again.
    """
    ids = pa.chunked_array([chunk for each in written for chunk in each.ids.chunks], pa.string())
    with connection.cursor() as cursor:
        stage(cursor, "sealed", "prediction_id text", pa.table({"prediction_id": ids}))
        cursor.execute(
            "DELETE FROM monitoring_pending_features p USING sealed s"
            " WHERE p.version_id = %s AND p.prediction_id = s.prediction_id",
            [version.pk],
        )
        if cursor.rowcount != len(ids):
            raise Busy("Other work removes the same waiting rows.", seconds=1)
    Segment.objects.bulk_create(each.segment for each in written)
    return len(ids)


def _waiting(version: ModelVersion) -> Iterator[pa.Table]:
    """The waiting rows by time, in pieces."""
    after: tuple[datetime | str, str] = ("-infinity", "")
    while found := _next(version, after):
        yield waiting_table(found)
        after = (found[-1][1], found[-1][0])


def _next(version: ModelVersion, after: tuple[datetime | str, str]) -> list[tuple[str, datetime, object]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT prediction_id, event_time, features FROM monitoring_pending_features
            WHERE version_id = %s AND (event_time, prediction_id) > (%s::timestamptz, %s)
            ORDER BY event_time, prediction_id LIMIT %s
            """,
            [version.pk, *after, AT_ONCE],
        )
        found: list[tuple[str, datetime, object]] = cursor.fetchall()
    return found
