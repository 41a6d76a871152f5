"""Features as content-addressed Parquet, and the rows that still wait for their file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import NoneType
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from pyarrow import parquet

from monitoring.models import Batch, Segment
from monitoring.store.copying import copy
from portal.areas import Window
from portal.evidence import storage
from portal.registry.models import ModelVersion
from portal.stats.profile.columns import label_text

ROW_GROUP = 16_384


def write_segment(version: ModelVersion, batch: Batch, rows: pa.Table) -> Segment:
    """Write the rows of a delivery as one file, and enter it in the manifest."""
    segment = kept_file(version, rows)
    segment.batch = batch
    segment.save()
    return segment


def kept_file(version: ModelVersion, rows: pa.Table) -> Segment:
    """Write rows as one Parquet file, named by its content; a segment that is not in the manifest yet."""
    sink = io.BytesIO()
    parquet.write_table(rows, sink, compression="zstd", row_group_size=ROW_GROUP)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    name = f"segments/{version.pk}/{digest}.parquet"
    storage.keep(name, io.BytesIO(content))
    ends = pc.min_max(rows.column("event_time")).as_py()
    return Segment(
        version=version,
        path=name,
        sha256=digest,
        size=len(content),
        rows=rows.num_rows,
        first=ends["min"],
        last=ends["max"],
    )


@dataclass(frozen=True, slots=True)
class DayRows:
    """The predictions of a UTC day as they stood at one instant: the files that hold some, and what waits."""

    window: Window
    paths: tuple[str, ...]
    waiting: pa.Table | None

    def columns(self) -> set[str]:
        """Every column that any of the files or waiting rows has."""
        names = set() if self.waiting is None else set(self.waiting.column_names)
        for path in self.paths:
            with storage.reading(path) as file:
                names |= set(parquet.read_schema(file).names)
        return names

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows with those of the columns that they have; a file at a time."""
        for path in self.paths:
            yield from _read(path, self.window, columns)
        if self.waiting is not None:
            held = [name for name in columns if name in self.waiting.column_names]
            yield from self.waiting.select(held).to_batches()


def rows_of_day(version: ModelVersion, day: date) -> DayRows:
    """Where the predictions of a UTC day are.

    Asked in one statement: a row that is sealed meanwhile is seen in one of the two places, never in both.
    """
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    window = Window(start, start + timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            (SELECT path, NULL, NULL::timestamptz, NULL::jsonb FROM monitoring_segment
             WHERE version_id = %(version)s AND first < %(end)s AND last >= %(start)s ORDER BY id)
            UNION ALL
            (SELECT NULL, prediction_id, event_time, features FROM monitoring_pending_features
             WHERE version_id = %(version)s AND event_time >= %(start)s AND event_time < %(end)s
             ORDER BY event_time)
            """,
            {"version": version.pk, "start": window.start, "end": window.end},
        )
        found = cursor.fetchall()
    paths = tuple(path for path, *_ in found if path is not None)
    rows = [row for path, *row in found if path is None]
    return DayRows(window, paths, waiting_table(rows) if rows else None)


def _read(path: str, window: Window, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The row groups of a file that overlap the window, cut to it."""
    low, high = pa.scalar(window.start), pa.scalar(window.end)
    with storage.reading(path) as source:
        file = parquet.ParquetFile(source)
        place = file.schema_arrow.get_field_index("event_time")
        wanted = [name for name in {"event_time", *columns} if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            ends = file.metadata.row_group(group).column(place).statistics
            if ends.max < window.start or ends.min >= window.end:
                continue
            rows = file.read_row_group(group, columns=wanted, use_threads=False)
            times = rows.column("event_time")
            inside = pc.and_(pc.greater_equal(times, low), pc.less(times, high))
            yield from rows.filter(inside).to_batches()


def let_wait(version: ModelVersion, batch: Batch, rows: pa.Table) -> None:
    features = [name for name in rows.column_names if name not in {"prediction_id", "event_time"}]
    values = [orjson.dumps(row).decode() for row in rows.select(features).to_pylist()]
    count = rows.num_rows
    with connection.cursor() as cursor:
        copy(
            cursor,
            "monitoring_pending_features (version_id, batch_id, prediction_id, event_time, features)",
            pa.table(
                {
                    "version_id": pa.array([version.pk] * count, pa.int64()),
                    "batch_id": pa.array([batch.pk] * count, pa.int64()),
                    "prediction_id": rows.column("prediction_id"),
                    "event_time": rows.column("event_time"),
                    "features": pa.array(values, pa.string()),
                }
            ),
        )


def waiting_table(found: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of the waiting table (id, time, features) as columns, as a segment has them."""
    features = [_loaded(features) for _, _, features in found]
    names = dict.fromkeys(name for row in features for name in row)
    return pa.table(
        {
            "prediction_id": pa.array([key for key, _, _ in found], pa.string()),
            "event_time": pa.array([time for _, time, _ in found], pa.timestamp("us", tz="UTC")),
            **{name: _typed([row.get(name) for row in features]) for name in names},
        }
    )


def _typed(values: list[Any]) -> pa.Array:
    """A column of JSON values: numbers are float64 unless all are whole; what is of several kinds is text."""
    kinds = set(map(type, values)) - {NoneType}
    if kinds == {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if len(kinds) > 1:
        return pa.array([label_text(value) for value in values], pa.string())
    return pa.array(values)


def _loaded(features: Any) -> dict[str, Any]:
    found: dict[str, Any] = features if isinstance(features, dict) else orjson.loads(features)
    return found
