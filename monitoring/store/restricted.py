"""The restricted store: protected attributes, opened for a stated purpose within one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import orjson
import pyarrow as pa
from django.db import connection, transaction

from monitoring.models import Batch
from monitoring.store.copying import fetch_day, stage
from portal.registry.models import ModelVersion


@contextmanager
def purpose(word: str) -> Iterator[None]:
    """Say why the restricted store is opened; it closes with the block or, at the latest, the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('portal.purpose', %s, true)", [word])
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('portal.purpose', '', true)")


def append_attributes(version: ModelVersion, batch: Batch, rows: pa.Table) -> tuple[int, list[date]]:
    """Put protected attributes into the restricted store. Returns how many changed it, and their days."""
    names = [name for name in rows.column_names if name != "prediction_id"]
    values = [orjson.dumps(row).decode() for row in rows.select(names).to_pylist()]
    staged = pa.table({"prediction_id": rows.column("prediction_id"), "attributes": pa.array(values)})
    with purpose("ingest"), connection.cursor() as cursor:
        stage(cursor, "incoming_attribute", "prediction_id text, attributes jsonb", staged)
        cursor.execute(
            """
            INSERT INTO monitoring_attribute AS a
                (version_id, prediction_id, event_time, attributes, batch_id)
            SELECT DISTINCT ON (i.prediction_id) %s, i.prediction_id, k.event_time, i.attributes, %s
            FROM incoming_attribute i
            LEFT JOIN monitoring_prediction_index k
                   ON k.version_id = %s AND k.prediction_id = i.prediction_id
            ORDER BY i.prediction_id
            ON CONFLICT (version_id, prediction_id) DO UPDATE
                SET attributes = a.attributes || excluded.attributes, batch_id = excluded.batch_id
                WHERE a.attributes || excluded.attributes <> a.attributes
            RETURNING (event_time AT TIME ZONE 'UTC')::date
            """,
            [version.pk, batch.pk, version.pk],
        )
        touched = [day for (day,) in cursor.fetchall()]
    return len(touched), sorted({day for day in touched if day is not None})


def attributes_of_day(version: ModelVersion, day: date, names: Sequence[str]) -> pa.Table:
    """The protected attributes of the predictions of a UTC day; only a profile job asks for them."""
    picked = ", ".join(["attributes ->> %s"] * len(names))
    with purpose("profile"):
        return fetch_day(
            f"SELECT prediction_id, {picked} FROM monitoring_attribute"  # noqa: S608 - placeholders only
            " WHERE version_id = %s AND event_time >= %s AND event_time < %s",
            version,
            day,
            ("prediction_id", *names),
            names,
        )
