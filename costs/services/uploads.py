"""Bills as they are sent: small ones are loaded before the answer, large ones are kept for a run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

from django.db import transaction

from costs.focus import lines_at_once
from costs.loading import JOB, runs_of
from costs.models import Bill, Upload
from costs.services.bills import Receipt, digest_of, import_bill, key_of
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Invalid, TooLarge
from portal.evidence import storage
from portal.jobs.models import WAITING, Run
from portal.jobs.services import kind_of, request

AT_ONCE = 20_000_000
"""Bytes of a bill that is loaded before the answer."""
LINES_AT_ONCE = 100_000
"""Lines of such a bill, where the file says how many it has."""
LARGEST = 2_000_000_000
"""Bytes of a bill that may be sent; larger ones go by ``import_focus``, which reads them where they are."""
CHUNK = 1 << 20


def receive_bill(
    content: IO[bytes], *, name: str, actor: User, replaces: Bill | None = None
) -> Receipt | Run:
    """Take a bill as it streams in: what it made, or the run that loads it. The same file is one bill.

    Raises Unprocessable for a small one that is no FOCUS bill, TooLarge over 2 GB; then nothing is kept.
    """
    with tempfile.NamedTemporaryFile() as file:
        size = 0
        while piece := content.read(CHUNK):
            size += len(piece)
            if size > LARGEST:
                raise TooLarge("A bill sent like this has at most 2 GB; larger ones go by import_focus.")
            file.write(piece)
        file.flush()
        path = Path(file.name)
        if size <= AT_ONCE and lines_at_once(path) <= LINES_AT_ONCE:
            return import_bill(path, name=name, actor=actor, replaces=replaces)
        return load_later(path, name=name, actor=actor, replaces=replaces)


def load_later(path: Path, *, name: str, actor: User, replaces: Bill | None = None) -> Receipt | Run:
    """Keep a bill and ask for the run that loads it; join the run where the same file waits already."""
    digest, size = digest_of(path), path.stat().st_size
    if not size:
        raise Invalid("The file is empty.")
    known = Bill.objects.filter(digest=digest).first()
    if known is not None:
        return Receipt(known, added=False)
    with path.open("rb") as file:
        storage.keep(key_of(digest), file)
    with transaction.atomic():
        facts = {"name": name[:200], "size": size, "replaces": replaces, "sent_by": actor}
        upload, _ = Upload.objects.get_or_create(digest=digest, defaults=facts)
        upload = Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
        if waiting := runs_of(upload).filter(state__in=WAITING).first():
            return waiting
        Upload.objects.filter(pk=upload.pk).update(**facts)
        record("bill.received", upload, actor=actor, size=size, sha256=digest)
        return request(kind_of(JOB), upload, actor=actor)
