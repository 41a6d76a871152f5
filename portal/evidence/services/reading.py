"""Bytes leave only after their digest was checked, and the audit knows who took them."""

from __future__ import annotations

import hashlib
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db import transaction

from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.evidence import storage
from portal.evidence.models import Blob, Evidence

DAMAGED = "The stored bytes are not those that were recorded. Restore them from a backup."
GONE = "The stored bytes are gone. Restore them from a backup."


def fetch(evidence: Evidence, *, actor: User) -> IO[bytes]:
    """The bytes, checked against their digest and rewound; the caller closes them.

    Raises Refused when they are damaged or gone. Either way the audit says who asked.
    """
    held: IO[bytes] = SpooledTemporaryFile(max_size=storage.IN_MEMORY)  # noqa: SIM115 - the caller closes it
    problem = _read(evidence.blob, held)
    with transaction.atomic():
        action = "evidence.damaged" if problem else "evidence.downloaded"
        record(action, evidence, actor=actor, sha256=evidence.blob_id, reason=problem)
    if problem:
        held.close()
        raise Refused(problem)
    held.seek(0)
    return held


def verify(evidence: Evidence, *, actor: User | None) -> str:
    """Check the stored bytes against their digest. Answers what is wrong, empty for nothing."""
    problem = _read(evidence.blob, None)
    with transaction.atomic():
        action = "evidence.damaged" if problem else "evidence.verified"
        record(action, evidence, actor=actor, sha256=evidence.blob_id, reason=problem)
    return problem


def _read(blob: Blob, into: IO[bytes] | None) -> str:
    digest = hashlib.sha256()
    try:
        with storage.reading(blob.key) as source:
            while piece := source.read(storage.CHUNK):
                digest.update(piece)
                if into is not None:
                    into.write(piece)
    except FileNotFoundError:
        return GONE
    return "" if digest.hexdigest() == blob.sha256 else DAMAGED
