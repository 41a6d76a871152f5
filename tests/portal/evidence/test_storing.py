"""Bytes are kept once, under their digest, checked on the way out, and removed when nothing names them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from hypothesis import given
from hypothesis import strategies as st

from portal.audit.models import Entry
from portal.errors import Invalid, Refused, TooLarge, Unprocessable
from portal.evidence.jobs import SWEEP
from portal.evidence.models import Blob, Evidence, Kind
from portal.evidence.selectors import evidence_of
from portal.evidence.services import discard, fetch, link, store, verify
from portal.evidence.services.storing import media_type_of, plain_name
from portal.jobs.models import Run
from tests.portal.cases.conftest import Cast

REPORT = b"All groups within limits.\n"
DIGEST = hashlib.sha256(REPORT).hexdigest()


def add(cast: Cast, content: Any = REPORT, **more: Any) -> Evidence:
    given: dict[str, Any] = {"title": "Audit", "system": cast.churn, "actor": cast.erin, **more}
    return store(content, **given)


def bytes_on(shelf: Path) -> list[Path]:
    return [path for path in shelf.rglob("*") if path.is_file()]


def test_bytes_lie_under_a_name_made_from_their_digest(cast: Cast, shelf: Path) -> None:
    made = add(cast, filename="../../etc/passwd")
    assert made.blob_id == DIGEST
    assert bytes_on(shelf) == [shelf / "evidence" / DIGEST[:2] / DIGEST]
    assert made.filename == "passwd"
    assert (shelf / "evidence" / DIGEST[:2] / DIGEST).read_bytes() == REPORT


def test_the_same_bytes_are_kept_once(cast: Cast, shelf: Path) -> None:
    add(cast)
    add(cast, BytesIO(REPORT), title="The same again")
    assert len(bytes_on(shelf)) == 1
    assert Blob.objects.get().evidence.count() == 2


def test_an_uploaded_file_is_read_as_a_stream(cast: Cast) -> None:
    made = add(cast, ContentFile(REPORT, name="audit.txt"), filename="audit.txt", kind=Kind.UPLOADED)
    assert (made.blob.size, made.media_type, made.kind) == (len(REPORT), "text/plain", "uploaded")


def test_over_the_cap_nothing_is_stored(cast: Cast, shelf: Path) -> None:
    with pytest.raises(TooLarge, match="larger than 2 MB"):
        add(cast, BytesIO(b"x" * 2_000_001), largest=2_000_000)
    assert not bytes_on(shelf)
    assert not Evidence.objects.exists()


def test_a_command_stores_without_a_cap(cast: Cast) -> None:
    assert add(cast, BytesIO(b"x" * 2_000_001), largest=None).blob.size == 2_000_001


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.txt", b""),
        ("report.pdf", b"MZ\x90"),
        ("chart.png", b"<svg onload=alert(1)>"),
        ("t.parquet", b"CSV"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(cast: Cast, name: str, content: bytes) -> None:
    with pytest.raises(Unprocessable):
        add(cast, content, filename=name)


def test_it_cannot_end_before_it_starts(cast: Cast) -> None:
    with pytest.raises(Invalid, match="ends before it starts"):
        add(cast, valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1))


@given(st.text(max_size=400))
def test_a_name_is_never_a_path(name: str) -> None:
    plain = plain_name(name)
    assert "/" not in plain
    assert "\\" not in plain
    assert plain not in {".", ".."}
    assert len(plain) <= 200


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("page.html", "application/octet-stream"),
        ("drawing.svg", "application/octet-stream"),
        ("code.js", "application/octet-stream"),
        ("report.pdf", "application/pdf"),
        ("no ending", "application/octet-stream"),
    ],
)
def test_what_a_browser_could_run_is_plain_bytes(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type


def test_a_download_gives_the_bytes_and_the_audit_says_who_took_them(cast: Cast) -> None:
    made = add(cast)
    with fetch(made, actor=cast.otto) as taken:
        assert taken.read() == REPORT
    assert Entry.objects.get(action="evidence.downloaded").actor == cast.otto


def test_damaged_bytes_do_not_leave(cast: Cast, shelf: Path) -> None:
    made = add(cast)
    (shelf / made.blob.key).write_bytes(b"All groups beyond limits.\n")
    with pytest.raises(Refused, match="not those that were recorded"):
        fetch(made, actor=cast.otto)
    assert "not those" in verify(made, actor=cast.otto)
    assert Entry.objects.filter(action="evidence.damaged").count() == 2


def test_lost_bytes_are_reported(cast: Cast, shelf: Path) -> None:
    made = add(cast)
    assert verify(made, actor=cast.otto) == ""
    (shelf / made.blob.key).unlink()
    assert "are gone" in verify(made, actor=cast.otto)


def test_bytes_go_with_the_last_evidence_that_names_them(
    cast: Cast, shelf: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    first, second = add(cast), add(cast, title="The same again")
    with django_capture_on_commit_callbacks(execute=True):
        discard(first, actor=cast.dara, reason="A double.")
    assert len(bytes_on(shelf)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        discard(second, actor=cast.dara, reason="Not needed.")
    assert not bytes_on(shelf)
    blob = Blob.objects.get()
    assert blob.removed_at is not None
    assert Entry.objects.filter(action="evidence.removed").exists()


def test_removed_bytes_can_come_back(
    cast: Cast, shelf: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        discard(add(cast), actor=cast.dara, reason="A mistake.")
    again = add(cast)
    assert again.blob.removed_at is None
    assert len(bytes_on(shelf)) == 1


def test_the_sweep_removes_what_a_crash_left(cast: Cast, shelf: Path) -> None:
    discard(add(cast), actor=cast.dara, reason="Then the power failed.")
    assert len(bytes_on(shelf)) == 1
    finish = SWEEP.run(Run(job=SWEEP.slug))
    assert finish is not None
    assert finish() == {"removed": 1}
    assert not bytes_on(shelf)


def test_a_link_says_the_same_evidence_proves_something_else(cast: Cast) -> None:
    made = add(cast)
    link(made, cast.churn_v1, claim="Version 1 was audited", actor=cast.erin)
    assert list(evidence_of(cast.churn_v1)) == [made]
