"""Features as content-addressed Parquet, and the rows that still wait for their file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
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

ROW_GROUP = 16_384


def write_segment(version: ModelVersion, batch: Batch, rows: pa.Table) -> Segment:
    """Write rows as one Parquet file, named by its content, and enter it in the manifest."""
    sink = io.BytesIO()
    parquet.write_table(rows, sink, compression="zstd", row_group_size=ROW_GROUP)
    content = sink.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    name = f"segments/{version.pk}/{digest}.parquet"
    storage.keep(name, io.BytesIO(content))
    ends = pc.min_max(rows.column("event_time")).as_py()
    return Segment.objects.create(
        version=version,
        batch=batch,
        path=name,
        sha256=digest,
        size=len(content),
        rows=rows.num_rows,
        first=ends["min"],
        last=ends["max"],
    )


def rows_of_day(version: ModelVersion, day: date, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The predictions of a UTC day with the wanted columns they have, from segments and the waiting rows."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    window = Window(start, start + timedelta(days=1))
    for segment in Segment.objects.filter(version=version, first__lt=window.end, last__gte=window.start):
        yield from _read(segment, window, columns)
    waiting = _waiting(version, window)
    if waiting is not None:
        yield from waiting.select([n for n in columns if n in waiting.column_names]).to_batches()


def columns_of(version: ModelVersion) -> set[str]:
    """Every column any stored segment or waiting row of the version has."""
    names: set[str] = set()
    newest = Segment.objects.filter(version=version).order_by("-pk").first()
    if newest is not None:
        with storage.reading(newest.path) as file:
            names |= set(parquet.read_schema(file).names)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT jsonb_object_keys(features) FROM (SELECT features FROM"
            " monitoring_pending_features WHERE version_id = %s ORDER BY event_time DESC LIMIT 1000) few",
            [version.pk],
        )
        names |= {name for (name,) in cursor.fetchall()}
    return names


def _read(segment: Segment, window: Window, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The row groups of a file that overlap the window, cut to it."""
    low, high = pa.scalar(window.start), pa.scalar(window.end)
    with storage.reading(segment.path) as source:
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


def _waiting(version: ModelVersion, window: Window) -> pa.Table | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prediction_id, event_time, features FROM monitoring_pending_features"
            " WHERE version_id = %s AND event_time >= %s AND event_time < %s ORDER BY event_time",
            [version.pk, window.start, window.end],
        )
        found = cursor.fetchall()
    if not found:
        return None
    rows = [{"prediction_id": key, "event_time": time, **_loaded(features)} for key, time, features in found]
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _typed([row.get(name) for row in rows]) for name in names})


def _typed(values: list[Any]) -> pa.Array:
    """JSON numbers come back as float64, whether or not one of them is whole."""
    if any(isinstance(v, float) for v in values):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array(values)


def _loaded(features: Any) -> dict[str, Any]:
    found: dict[str, Any] = features if isinstance(features, dict) else orjson.loads(features)
    return found
