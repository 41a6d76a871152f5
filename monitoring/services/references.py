"""Freezing what current data are compared with."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lifecycle.data.services import schema_of
from monitoring.incoming.bodies import Body
from monitoring.incoming.tables import prediction_table
from monitoring.models import Reference, Summary
from monitoring.services.ingestion import touch_days
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Unprocessable
from portal.registry.models import ModelVersion
from portal.stats.profile import build_reference


@transaction.atomic
def freeze_reference(
    version: ModelVersion, body: Body, *, actor: User | None, at: datetime | None = None
) -> Reference:
    """Freeze bins on the rows of a file. A later reference follows; it never changes an earlier one.

    The rows look like predictions; id and time may be absent, ``outcome`` may be among them. Raises
    Unprocessable without a schema or with a row that contradicts it.
    """
    schema = schema_of(version)
    if schema is None:
        raise Unprocessable("Declare the version's inputs first: PUT …/schema/.")
    table = prediction_table(_completed(body), schema, now=timezone.now(), outcome=True)
    if table.refusals:
        first = table.refusals[0]
        raise Unprocessable(f"Row {first.row}: {first.column} {first.detail}.")
    rows = table.rows
    for name, values in table.protected.items():
        rows = rows.append_column(name, values)
    try:
        frozen = build_reference(rows.to_batches(), version.schema or {})
    except ValueError as error:
        raise Unprocessable(str(error)) from error
    content = frozen.to_json()
    number = version.references.count() + 1
    reference = Reference.objects.create(
        version=version,
        number=number,
        content=content,
        digest=Reference.digest_of(content),
        n=frozen.n,
        frozen_by=actor,
        frozen_at=at or timezone.now(),
    )
    record("reference.frozen", reference, actor=actor, at=at, n=frozen.n, digest=reference.digest)
    newest = Summary.objects.filter(version=version, segment="").newest()
    touch_days(version, newest.values_list("day", flat=True), actor=actor)
    return reference


def _completed(body: Body) -> Body:
    """A reference needs neither ids nor times; rows get their number and one instant."""
    columns = dict(body.columns)
    columns.setdefault("prediction_id", [str(row) for row in range(body.rows)])
    columns.setdefault("event_time", ["2000-01-01T00:00:00Z"] * body.rows)
    return Body(body.rows, columns, body.features, body.segment)
