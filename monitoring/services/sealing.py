"""Sealing what came few rows at a time: a day of single posts makes one file, and its rows wait no longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from monitoring import store
from monitoring.store.sealing import Written
from portal.audit.services import record
from portal.jobs.services import kind_of, request
from portal.registry.models import ModelVersion


@transaction.atomic
def seal(version: ModelVersion, written: Sequence[Written], *, more: bool) -> dict[str, Any]:
    """Enter written files in place of the rows they were written from, and record it.

    ``more``: rows were left over, for another run.
    """
    rows = store.enter_written(version, list(written)) if written else 0
    if written:
        record(
            "segments.sealed",
            version,
            actor=None,
            rows=rows,
            sha256=[each.segment.sha256 for each in written],
        )
    if more:
        request(kind_of("monitoring.seal"), version)
    return {"rows": rows, "files": len(written)}
