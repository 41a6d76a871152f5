# ruff: noqa: PLC0415 — Django is set up, with a database, before anything of the portal is imported
"""Predictions into PostgreSQL, 10 000 a request, beside DRF with bulk_create: `ingestion.py [--rows N]`."""

import argparse
import io
import json
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from measure import middle, show
from portal_database import portal

A_REQUEST = 10_000
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
NOTE = """
10 000 rows a request, 8 features a row, in one process: bytes to committed rows, with types, ranges,
duplicates, the audit entry and the request for a profile (ours). DRF: a ListSerializer of the same
fields, `bulk_create` into a table with the same unique key, in a transaction. Client: CPU of Python and,
for Parquet, of the child that decodes. PostgreSQL runs beside it without waiting for the disk. Medians
of the requests, the first left out. "Again" is the rows a full re-send added. Targets: at least 30 000
rows/s, at least 8 times less client CPU a row than DRF, and a re-send adds nothing.
"""
SCHEMA = {
    "task": "binary",
    "positive": "1",
    "favourable": "1",
    "features": [{"name": f"x{n}", "type": "number", "nullable": True} for n in range(6)]
    + [{"name": "plan", "type": "category"}, {"name": "region", "type": "category"}],
}


def rows(request: int) -> list[dict[str, Any]]:
    first = request * A_REQUEST
    return [
        {
            "prediction_id": f"p-{n:010}",
            "event_time": (BEGIN + timedelta(seconds=n % 2_000_000)).isoformat(),
            "score": (n * 7919 % 10_000) / 10_000,
            "prediction": str(n % 2),
            "features": {f"x{k}": (n * (k + 3) % 1000) / 7 for k in range(6)}
            | {"plan": f"plan {n % 5}", "region": f"region {n % 12}"},
        }
        for n in range(first, first + A_REQUEST)
    ]


def as_ndjson(listed: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in listed)


def as_json(listed: list[dict[str, Any]]) -> bytes:
    return json.dumps(listed).encode()


def as_parquet(listed: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    flat = [{name: v for name, v in row.items() if name != "features"} | row["features"] for row in listed]
    table = pa.Table.from_pylist(flat)
    place = table.column_names.index("event_time")
    times = pa.array(
        [datetime.fromisoformat(row["event_time"]) for row in flat], pa.timestamp("us", tz="UTC")
    )
    sink = io.BytesIO()
    parquet.write_table(table.set_column(place, "event_time", times), sink)
    return sink.getvalue()


def used() -> tuple[float, float]:
    """Wall seconds and CPU seconds of this process and its ended children."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return time.perf_counter(), sum(spent.ru_utime + spent.ru_stime for spent in (own, ended))


def measured(send: Callable[[bytes], int], bodies: list[bytes]) -> tuple[float, float, int]:
    """Rows a second, client CPU µs a row (medians), and the rows that sending the first body again added."""
    walls, cpus = [], []
    for body in bodies:
        wall, cpu = used()
        send(body)
        ended = used()
        walls.append(ended[0] - wall)
        cpus.append(ended[1] - cpu)
    again = sum(send(body) for body in bodies)
    return A_REQUEST / middle(walls[1:]), middle(cpus[1:]) / A_REQUEST * 1e6, again


def our_sender(content_type: str, name: str) -> Callable[[bytes], int]:
    """A model of its own, and what a delivery to its first version does."""
    from lifecycle.data.services import declare_schema
    from monitoring.incoming import read_body
    from monitoring.incoming.tables import PREDICTION
    from monitoring.services.ingestion import ingest_predictions
    from portal.accounts.models import User
    from portal.registry.models import System
    from portal.registry.services import register_model, register_version

    actor, system = User.objects.get(username="erin"), System.objects.get(name="Churn")
    version = register_version(register_model(name, system=system, actor=actor), actor=actor)
    declare_schema(version, SCHEMA, actor=actor)

    def send(raw: bytes) -> int:
        return ingest_predictions(
            version, read_body(raw, content_type, PREDICTION), actor=actor
        ).batch.accepted

    return send


def drf_sender() -> Callable[[bytes], int]:
    """The usual way: a serializer a row, a model a row, one INSERT."""
    from django.db import connection, connections, models, transaction
    from rest_framework import serializers

    class NaivePrediction(models.Model):
        prediction_id = models.CharField(max_length=200, unique=True)
        event_time = models.DateTimeField()
        score = models.FloatField()
        prediction = models.CharField(max_length=200)
        features = models.JSONField()

        class Meta:
            app_label = "monitoring"
            managed = False
            db_table = "benchmark_naive"

    class Row(serializers.Serializer):
        prediction_id = serializers.CharField(max_length=200)
        event_time = serializers.DateTimeField()
        score = serializers.FloatField(min_value=0, max_value=1)
        prediction = serializers.CharField(max_length=200)
        features = serializers.DictField()

    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE TABLE benchmark_naive (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
            " prediction_id varchar(200) UNIQUE NOT NULL, event_time timestamptz NOT NULL,"
            " score double precision NOT NULL, prediction varchar(200) NOT NULL, features jsonb NOT NULL)"
        )
        cursor.execute("GRANT ALL ON benchmark_naive TO portal_app")

    def held() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM benchmark_naive")
            return cursor.fetchone()[0]

    def send(raw: bytes) -> int:
        before = held()
        read = Row(data=json.loads(raw), many=True)
        read.is_valid(raise_exception=True)
        with transaction.atomic():
            made = [NaivePrediction(**row) for row in read.validated_data]
            NaivePrediction.objects.bulk_create(made, ignore_conflicts=True)
        return held() - before

    return send


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=70_000)
    requests = max(asked.parse_args().rows // A_REQUEST, 2)
    formats = (
        ("NDJSON", "application/x-ndjson", as_ndjson),
        ("JSON", "application/json", as_json),
        ("Parquet", "application/vnd.apache.parquet", as_parquet),
    )
    bodies = {title: [written(rows(n)) for n in range(requests)] for title, _, written in formats}
    with portal():
        from tests.portal.cast import make_cast

        make_cast()
        naive = measured(drf_sender(), bodies["JSON"][:4])
        lines = [["DRF ListSerializer + bulk_create", f"{naive[0]:,.0f}", f"{naive[1]:.1f}", "1 ×", naive[2]]]
        for title, content_type, _ in formats:
            fast = measured(our_sender(content_type, f"benchmark-{title.lower()}"), bodies[title])
            times = f"{naive[1] / fast[1]:.1f} ×"
            lines.append([f"ours, {title}", f"{fast[0]:,.0f}", f"{fast[1]:.1f}", times, fast[2]])
    header = ["path", "rows/s", "client CPU, µs/row", "less CPU than DRF", "again, rows added"]
    show("ingestion", "Ingestion of predictions", header, lines, NOTE)


if __name__ == "__main__":
    main()
