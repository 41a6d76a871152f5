"""The same bytes from many at once are kept once, and nobody loses them to a removal beside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection

from portal.evidence.models import Blob, Evidence
from portal.evidence.services import discard, store, verify
from tests.portal.cases.conftest import Cast

SENDERS = 8


@pytest.mark.real_commits
@pytest.mark.django_db
def test_bytes_sent_while_the_last_evidence_goes_are_there_afterwards(cast: Cast, shelf: Path) -> None:
    going = store(b"The same bytes.", title="Going", system=cast.churn, actor=cast.erin)
    together = Barrier(SENDERS + 1)

    def send(number: int) -> None:
        together.wait()
        store(b"The same bytes.", title=f"Copy {number}", system=cast.churn, actor=cast.erin)
        connection.close()

    def drop() -> None:
        together.wait()
        discard(going, actor=cast.dara, reason="Replaced.")
        connection.close()

    with ThreadPoolExecutor(SENDERS + 1) as threads:
        done = [threads.submit(send, number) for number in range(SENDERS)] + [threads.submit(drop)]
        for work in done:
            work.result()
    assert Evidence.objects.count() == SENDERS
    assert Blob.objects.get().removed_at is None
    assert len([path for path in shelf.rglob("*") if path.is_file()]) == 1
    assert verify(Evidence.objects.all()[0], actor=None) == ""
