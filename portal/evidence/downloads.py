"""Bytes of evidence over HTTP: in only up to the cap, out only checked, as a file, never to be run."""

from __future__ import annotations

from base64 import b64encode

from django.http import FileResponse, HttpRequest
from rest_framework.request import Request

from portal.accounts.models import User
from portal.errors import TooLarge
from portal.evidence.models import Evidence
from portal.evidence.services import LARGEST, fetch


def answer(evidence: Evidence, user: User) -> FileResponse:
    """The file as an attachment that no browser opens or guesses the type of, and no cache keeps."""
    response = FileResponse(
        fetch(evidence, actor=user),
        as_attachment=True,
        filename=evidence.filename,
        content_type=evidence.media_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    digest = b64encode(bytes.fromhex(evidence.blob_id)).decode()
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    return response


def refuse_long_bodies(request: HttpRequest | Request) -> None:
    """Raise TooLarge before anything of a body is read that cannot hold an acceptable file."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > LARGEST + 1_000_000:
        raise TooLarge(f"The file is larger than {LARGEST // 1_000_000} MB.")
