"""Deliveries too large to load before the answer: kept, and loaded by a run."""

from __future__ import annotations

from typing import IO
from uuid import uuid4

from django.db import transaction

from monitoring.models import Batch, BatchState, Kind
from monitoring.services.ingestion import OnInvalid
from portal.accounts.models import User
from portal.audit.services import record
from portal.evidence import storage
from portal.jobs.models import Run
from portal.jobs.services import kind_of, request
from portal.registry.models import ModelVersion

LARGEST = 200_000_000


def accept_upload(
    version: ModelVersion,
    kind: Kind,
    content: IO[bytes],
    *,
    content_type: str,
    on_invalid: OnInvalid,
    actor: User,
) -> Run:
    """Keep a body and ask for the run that loads it. Raises TooLarge over 200 MB, keeping nothing."""
    with storage.received(content, largest=LARGEST) as received, transaction.atomic():
        name = f"uploads/{uuid4().hex}"
        storage.keep(name, received.content)
        batch = Batch.objects.create(
            version=version,
            kind=kind,
            state=BatchState.WAITING,
            upload=name,
            detail={"content_type": content_type, "on_invalid": on_invalid.value},
            sent_by=actor,
        )
        record("batch.received", batch, actor=actor, kind=kind, size=received.size, sha256=received.sha256)
        return request(kind_of("monitoring.load"), batch, actor=actor)
