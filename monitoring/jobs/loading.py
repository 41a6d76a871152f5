"""Loading a delivery that was too large to load before the answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from lifecycle.data.services import schema_of
from monitoring.incoming import read_file
from monitoring.incoming.bodies import Body
from monitoring.incoming.tables import OUTCOME, PREDICTION, known_attributes
from monitoring.models import Batch, Kind
from monitoring.services.ingestion import (
    OnInvalid,
    Receipt,
    ingest_attributes,
    ingest_outcomes,
    ingest_predictions,
)
from portal.areas import JobKind
from portal.evidence import storage
from portal.jobs.models import Run
from portal.registry.models import ModelVersion

INGEST: dict[str, Callable[..., Receipt]] = {
    Kind.PREDICTIONS: ingest_predictions,
    Kind.OUTCOMES: ingest_outcomes,
    Kind.ATTRIBUTES: ingest_attributes,
}


def load_delivery(run: Run) -> Callable[[], Any]:
    """Decode a kept delivery, then store all of it in the commit of the run."""
    batch = Batch.objects.select_related("version__model__system", "sent_by").get(pk=run.subject_id or 0)
    body = _kept(batch)

    def commit() -> Any:
        receipt = INGEST[batch.kind](
            batch.version,
            body,
            actor=batch.sent_by,
            on_invalid=OnInvalid(batch.detail["on_invalid"]),
            batch=batch,
        )
        return receipt.as_dict()

    return commit


def row_fields(kind: str, version: ModelVersion) -> tuple[str, ...]:
    """The names a row of a delivery has itself; other columns are features."""
    if kind == Kind.PREDICTIONS:
        return PREDICTION
    if kind == Kind.OUTCOMES:
        return OUTCOME
    schema = schema_of(version)
    return known_attributes(schema) if schema is not None else ("prediction_id",)


def _kept(batch: Batch) -> Body:
    with tempfile.NamedTemporaryFile() as file:
        with storage.reading(batch.upload) as source:
            copyfileobj(source, file)
        file.flush()
        fields = row_fields(batch.kind, batch.version)
        return read_file(Path(file.name), batch.detail["content_type"], fields)


LOAD_DELIVERY = JobKind("monitoring.load", "Load a delivery", load_delivery, priority=40)
