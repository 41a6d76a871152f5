"""A file comes in, is tied to what it proves, and may leave when nothing holds it."""

from __future__ import annotations

import mimetypes
import re
from datetime import date, datetime
from typing import IO, Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils import timezone

from portal.accounts.models import Unit, User
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Invalid, Problem, Refused, Unprocessable, blank
from portal.evidence import storage
from portal.evidence.models import Blob, Evidence, EvidenceLink, Kind
from portal.evidence.services.holding import require_no_hold
from portal.evidence.services.standing import system_of, unit_of
from portal.evidence.storage import Received
from portal.registry.models import System

LARGEST = 200_000_000
"""Bytes a person or a program may upload; commands and jobs pass ``largest=None``."""

SHOWN_AS = {
    "application/pdf",
    "application/json",
    "application/zip",
    "image/png",
    "image/jpeg",
    "text/csv",
    "text/plain",
    "text/markdown",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The types a download may name; any other is plain bytes to the browser."""

STARTS = {
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "jpeg": b"\xff\xd8\xff",
    "zip": b"PK",
    "docx": b"PK",
    "xlsx": b"PK",
    "parquet": b"PAR1",
}
"""How files of these endings begin."""

NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, and the marks that turn the direction of writing to disguise an ending."""


@transaction.atomic
def store(
    content: bytes | IO[bytes],
    *,
    title: str,
    actor: User | None,
    claim: str = "",
    kind: Kind = Kind.COMPUTED,
    system: System | None = None,
    unit: Unit | None = None,
    subject: Model | None = None,
    filename: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
    largest: int | None = LARGEST,
    at: datetime | None = None,
) -> Evidence:
    """Keep a file as evidence of a claim about a system and, where given, about exactly one row.

    The same bytes are kept once. ``system`` and ``unit`` default to those of the subject; evidence about a
    private subject is private. Raises TooLarge, and Unprocessable for an empty file or one that does not
    begin as its ending says.
    """
    system = system or system_of(subject)
    unit = unit or unit_of(subject, system)
    if not title.strip():
        raise Invalid("Give it a title.", errors=[blank("/title")])
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise Invalid("It ends before it starts.", errors=[Problem("/valid_until", "Not before valid_from.")])
    name = plain_name(filename)
    at = at or timezone.now()
    with storage.received(content, largest=largest) as file:
        _check(file, name)
        blob = _keep(file, at)
        evidence = Evidence.objects.create(
            title=title.strip()[:200],
            claim=claim.strip(),
            kind=kind,
            system=system,
            unit=unit,
            subject=subject,
            blob=blob,
            filename=name or f"evidence-{file.sha256[:12]}",
            media_type=media_type_of(name),
            private=bool(getattr(subject, "private", False)),
            valid_from=valid_from,
            valid_until=valid_until,
            added_by=actor,
            added_at=at,
        )
    record("evidence.added", evidence, actor=actor, after=_told(evidence), at=at, sha256=blob.sha256)
    return evidence


@transaction.atomic
def link(evidence: Evidence, subject: Model, *, actor: User | None, claim: str = "") -> EvidenceLink:
    """Say that the same evidence also proves something about another row."""
    made, fresh = EvidenceLink.objects.get_or_create(
        evidence=evidence,
        subject_type=ContentType.objects.get_for_model(subject),
        subject_id=subject.pk,
        defaults={"claim": claim.strip(), "linked_by": actor},
    )
    if not fresh:
        raise Conflict(f"{evidence.ref} is linked to {subject} already.")
    record("evidence.linked", made, actor=actor, after=snapshot(made))
    return made


@transaction.atomic
def discard(evidence: Evidence, *, actor: User, reason: str) -> None:
    """Remove a piece of evidence; its bytes go with the last one that names them.

    Raises Refused, naming what stands against it, for evidence under a hold or relied on elsewhere.
    """
    require_no_hold(evidence)
    if not reason.strip():
        raise Invalid("Say why.", errors=[blank("/reason")])
    before, blob = _told(evidence), evidence.blob
    record("evidence.discarded", evidence, actor=actor, before=before, reason=reason, sha256=blob.sha256)
    try:
        with transaction.atomic():
            evidence.delete()
    except ProtectedError as error:
        raise Refused(f"{evidence.ref} is relied on elsewhere, so it stays.") from error
    transaction.on_commit(lambda: remove_unnamed(blob), robust=True)


@transaction.atomic
def remove_unnamed(blob: Blob) -> bool:
    """Remove bytes that no evidence names any more; their row stays and says when. Answers whether it did."""
    blob = Blob.objects.select_for_update().get(pk=blob.pk)
    if blob.removed_at is not None or blob.evidence.exists():
        return False
    storage.remove(blob.key)
    blob.removed_at = timezone.now()
    blob.save(update_fields=["removed_at"])
    record("evidence.removed", None, actor=None, sha256=blob.sha256, size=blob.size)
    return True


def plain_name(name: str) -> str:
    """The last part of a name a client sent, without what could disguise it; never used as a path."""
    last = NOT_IN_A_NAME.sub("", name).replace("\\", "/").rpartition("/")[2].strip(". ")
    stem, dot, ending = last.rpartition(".")
    return last if len(last) <= 200 else f"{(stem or ending)[:180]}{dot}{ending[:18]}"


def media_type_of(name: str) -> str:
    """The type a download names, by the ending; plain bytes for anything a browser might run."""
    guessed = mimetypes.guess_type(name)[0] or ""
    return guessed if guessed in SHOWN_AS else "application/octet-stream"


def _told(evidence: Evidence) -> dict[str, Any]:
    """What the audit, which more people read, keeps of it: of private evidence no words."""
    fields = ["id", "kind", "unit", "blob", "private", "added_by"] if evidence.private else None
    return snapshot(evidence, fields)


def _keep(file: Received, at: datetime) -> Blob:
    """The row of these bytes, locked until the transaction ends so that nobody removes them meanwhile."""
    Blob.objects.get_or_create(pk=file.sha256, defaults={"size": file.size, "stored_at": at})
    blob = Blob.objects.select_for_update().get(pk=file.sha256)
    if blob.removed_at is not None or not storage.holds(blob.key):
        storage.keep(blob.key, file.content)
    if blob.removed_at is not None:
        blob.removed_at = None
        blob.save(update_fields=["removed_at"])
    return blob


def _check(file: Received, name: str) -> None:
    if file.size == 0:
        raise Unprocessable("The file is empty.", errors=[Problem("/file", "Empty.")])
    ending = name.rpartition(".")[2].lower()
    start = file.content.read(8)
    file.content.seek(0)
    if ending in STARTS and not start.startswith(STARTS[ending]):
        detail = f"The file is called .{ending} but does not begin like one."
        raise Unprocessable(detail, errors=[Problem("/file", detail)])
