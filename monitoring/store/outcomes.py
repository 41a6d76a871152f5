"""Outcomes: appended beside the predictions, never written into them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
from django.db import connection

from monitoring.models import Batch
from monitoring.store.copying import fetch_day, stage
from monitoring.store.restricted import purpose
from portal.registry.models import ModelVersion


def append_outcomes(version: ModelVersion, batch: Batch, rows: pa.Table) -> tuple[int, int, int, list[date]]:
    """Append outcomes where their prediction is known; others are parked until it comes.

    Returns how many were accepted, were there already, were parked, and the days they touch. A different
    outcome for a known one is a correction and gets the next number; the one observed last holds.
    """
    with connection.cursor() as cursor:
        stage(
            cursor,
            "incoming_outcome",
            "prediction_id text, outcome text, observed_at timestamptz",
            rows.select(["prediction_id", "outcome", "observed_at"]),
        )
        cursor.execute(
            """
            INSERT INTO monitoring_parked_outcome (version_id, prediction_id, outcome, observed_at, batch_id)
            SELECT DISTINCT ON (i.prediction_id, i.observed_at) %s, i.prediction_id, outcome, observed_at, %s
            FROM incoming_outcome i
            WHERE NOT EXISTS (SELECT FROM monitoring_prediction_index k
                              WHERE k.version_id = %s AND k.prediction_id = i.prediction_id)
            ORDER BY i.prediction_id, i.observed_at
            ON CONFLICT DO NOTHING
            """,
            [version.pk, batch.pk, version.pk],
        )
        parked = cursor.rowcount
        days, accepted = _join(cursor, version, batch, "incoming_outcome")
        return accepted, rows.num_rows - accepted - parked, parked, days


def outcomes_of_day(version: ModelVersion, day: date) -> pa.Table:
    """The outcome of each prediction of a UTC day that was observed last: prediction_id, outcome."""
    return fetch_day(
        """
        SELECT DISTINCT ON (prediction_id) prediction_id, outcome FROM monitoring_outcome
        WHERE version_id = %s AND event_time >= %s AND event_time < %s
        ORDER BY prediction_id, observed_at DESC, number DESC
        """,
        version,
        day,
        ("prediction_id", "outcome"),
    )


def unpark(cursor: Any, version: ModelVersion, staged: str) -> None:
    """Join what came before its prediction: parked outcomes, and attributes without a time."""
    with purpose("ingest"):
        cursor.execute(
            f"""
            UPDATE monitoring_attribute a SET event_time = i.event_time FROM {staged} i
            WHERE a.version_id = %s AND a.prediction_id = i.prediction_id AND a.event_time IS NULL
            """,  # noqa: S608 - the name of our own temporary table
            [version.pk],
        )
    cursor.execute(
        f"""
        WITH taken AS (
            DELETE FROM monitoring_parked_outcome p USING {staged} i
            WHERE p.version_id = %s AND p.prediction_id = i.prediction_id
            RETURNING p.*, i.event_time
        )
        INSERT INTO monitoring_outcome
            (version_id, event_time, prediction_id, number, outcome, observed_at, batch_id, received_at)
        SELECT version_id, event_time, prediction_id,
               row_number() OVER (PARTITION BY prediction_id ORDER BY observed_at),
               outcome, observed_at, batch_id, received_at
        FROM taken
        """,  # noqa: S608 - the name of our own temporary table
        [version.pk],
    )


def _join(cursor: Any, version: ModelVersion, batch: Batch, staged: str) -> tuple[list[date], int]:
    """Append the staged outcomes whose prediction is known, unless they say nothing new.

    Nothing new is the outcome that holds already, or one that was sent before. One observed earlier than
    what holds is kept, and does not hold.
    """
    cursor.execute(
        f"""
        WITH known AS (
            SELECT DISTINCT ON (i.prediction_id) k.event_time, i.*
            FROM {staged} i JOIN monitoring_prediction_index k
              ON k.version_id = %s AND k.prediction_id = i.prediction_id
            ORDER BY i.prediction_id, i.observed_at DESC
        ), newest AS (
            SELECT known.*, o.number, o.outcome AS held, o.sent
            FROM known LEFT JOIN LATERAL (
                SELECT outcome, max(number) OVER () AS number,
                       bool_or((o.outcome, o.observed_at) = (known.outcome, known.observed_at)) OVER ()
                           AS sent
                FROM monitoring_outcome o
                WHERE o.version_id = %s AND o.event_time = known.event_time
                  AND o.prediction_id = known.prediction_id
                ORDER BY o.observed_at DESC, o.number DESC LIMIT 1
            ) o ON true
        )
        INSERT INTO monitoring_outcome
            (version_id, event_time, prediction_id, number, outcome, observed_at, batch_id)
        SELECT %s, event_time, prediction_id, coalesce(number, 0) + 1, outcome, observed_at, %s
        FROM newest WHERE held IS DISTINCT FROM outcome AND sent IS NOT TRUE
        ON CONFLICT DO NOTHING
        RETURNING (event_time AT TIME ZONE 'UTC')::date
        """,  # noqa: S608 - the name of our own temporary table
        [version.pk, version.pk, version.pk, batch.pk],
    )
    touched = [day for (day,) in cursor.fetchall()]
    return sorted(set(touched)), len(touched)
