"""An ``Idempotency-Key`` makes a POST safe to repeat: the same key and body give the same answer, once.

    first        the key is claimed (its own transaction), the handler runs, its effects and its answer
                 commit together
    again        the stored answer, with ``Idempotency-Replayed: true``
    meanwhile    409 with Retry-After
    other body   422, as for another address: a key belongs to one request
    refused      4xx and 5xx leave nothing behind, the key is free again (a handler calls one service)
    crashed      nothing was committed; after the lease the key may be claimed again, and a process that
                 only slept finds the fence gone and undoes its work

Keys belong to a token, or to a person who is signed in without one, and live a day.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Any, BinaryIO, cast

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.encoding import force_bytes
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import callers
from portal.api.models import IdempotencyKey
from portal.api.transactions import together
from portal.errors import Conflict, Invalid, Problem, Unprocessable

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LIFE = timedelta(days=1)
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
CHUNK = 65_536
SMALLEST_ERROR = 400
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

CLAIM = """
INSERT INTO api_idempotencykey AS known
    (principal, key, fence, claimed_at, lease_until, digest, headers, body)
VALUES (%s, %s, %s, statement_timestamp(), statement_timestamp() + make_interval(secs => %s), '', '{}', '')
ON CONFLICT (principal, key) DO UPDATE SET
    fence = excluded.fence, claimed_at = excluded.claimed_at, lease_until = excluded.lease_until
    WHERE known.answered_at IS NULL AND known.lease_until < statement_timestamp()
RETURNING id
"""


class StillRunning(Conflict):
    """The first request with this key is not answered yet."""

    title = "Still being worked on"
    seconds = 1


class KeyReused(Unprocessable):
    """The key belongs to another request."""

    title = "The key belongs to another request"


class LostClaim(Exception):
    """The lease was over and somebody else has the key: this work may not stand."""


class DigestingStream:
    """A body that is digested as it is read, whoever reads it, and never held.

    The boundary of a multipart body is left out of the digest: clients draw a new one for every attempt.
    """

    def __init__(self, stream: IO[bytes], seed: bytes, boundary: bytes = b"") -> None:
        self.stream = stream
        self.hash = hashlib.sha256(seed)
        self.boundary = boundary
        self.tail = b""

    def read(self, *size: int) -> bytes:
        return self._digested(self.stream.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._digested(self.stream.readline(*size))

    def digest(self) -> str:
        """The digest of the whole body, reading what nobody has read."""
        while self.read(CHUNK):
            pass
        whole = self.hash.copy()
        whole.update(self.tail)
        return whole.hexdigest()

    def _digested(self, chunk: bytes) -> bytes:
        if not self.boundary:
            self.hash.update(chunk)
            return chunk
        *before, last = (self.tail + chunk).split(self.boundary)
        for piece in before:
            self.hash.update(piece)
        settled = max(0, len(last) - len(self.boundary) + 1)
        self.hash.update(last[:settled])
        self.tail = last[settled:]
        return chunk


def watch(request: HttpRequest) -> DigestingStream:
    """Have the body digested while it is read. Call it before anybody reads."""
    seed = f"{request.method} {request.get_full_path()}\n".encode()
    boundary = (request.content_params or {}).get("boundary", "")
    stream = DigestingStream(request._stream, seed, boundary.encode())  # noqa: SLF001 - Django names no other place
    request._stream = cast("BinaryIO", stream)  # noqa: SLF001 - as above
    return stream


def is_asked(request: HttpRequest) -> bool:
    """Whether the request is a POST with a key."""
    return request.method == "POST" and HEADER in request.headers


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer a key: nobody else does until it is answered, released or over."""

    row: int
    fence: uuid.UUID

    def answer(self, response: HttpResponse, digest: str) -> None:
        """Keep the answer, in the transaction of the work. Raises LostClaim, which undoes that work."""
        kept = IdempotencyKey.objects.filter(pk=self.row, fence=self.fence, answered_at=None).update(
            answered_at=timezone.now(),
            digest=digest,
            status=response.status_code,
            headers={name: response[name] for name in KEPT_HEADERS if name in response},
            body=_cipher().encrypt(response.content),
        )
        if not kept:
            raise LostClaim

    def release(self) -> None:
        """Free the key: its request left nothing behind."""
        IdempotencyKey.objects.filter(pk=self.row, fence=self.fence, answered_at=None).delete()


def once(
    request: Request, body: DigestingStream, work: Callable[[], HttpResponse], *, lease: timedelta
) -> HttpResponse:
    """Do the work of a POST unless its key was answered; see the head of this module.

    ``work`` returns a response with its content. Raises StillRunning and KeyReused.
    """
    claim = _claim(request, lease)
    if isinstance(claim, IdempotencyKey):
        return _replay(claim, body.digest())

    def answered() -> HttpResponse:
        response = work()
        if response.status_code < SMALLEST_ERROR:
            claim.answer(response, body.digest())
        return response

    try:
        response = together(answered)
    except LostClaim as lost:
        raise StillRunning("Another request took this key over; ask again for its answer.") from lost
    except Exception:
        claim.release()
        raise
    if response.status_code >= SMALLEST_ERROR:
        claim.release()
    return response


def _claim(request: Request, lease: timedelta) -> Claim | IdempotencyKey:
    """The claim of a key nobody has, or its row once it is answered. Raises StillRunning."""
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise Invalid(errors=[Problem(HEADER, "is 1 to 255 printable ASCII characters without spaces")])
    principal = callers.principal(request) or f"address {callers.address(request)}"
    fence = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [principal, key, str(fence), lease.total_seconds()])
        if claimed := cursor.fetchone():
            return Claim(claimed[0], fence)
    row = IdempotencyKey.objects.filter(principal=principal, key=key).first()
    if row is None or row.answered_at is None:
        raise StillRunning("The first request with this Idempotency-Key is not answered yet.")
    return row


def _replay(row: IdempotencyKey, digest: str) -> HttpResponse:
    if row.digest != digest:
        raise KeyReused(
            "This Idempotency-Key was used for another request. Draw a new key for a new request.",
            errors=[Problem(HEADER, "belongs to another address or body")],
        )
    try:
        content = _cipher().decrypt(bytes(row.body))
    except InvalidToken as error:
        raise Conflict(
            "It was done, but its answer can no longer be read: the secret key changed."
        ) from error
    return HttpResponse(content, status=row.status, headers={**row.headers, REPLAYED: "true"})


def _cipher() -> Fernet:
    """Answers are stored encrypted: one may show a new token, which must stand nowhere in clear."""
    secret = hashlib.blake2b(force_bytes(settings.SECRET_KEY), digest_size=32, person=b"idempotent").digest()
    return Fernet(base64.urlsafe_b64encode(secret))


def rendered(response: Any) -> HttpResponse:
    """A response with its content. Raises TypeError for one that streams: no answer of a POST does."""
    if isinstance(response, Response):
        response.render()
    if not isinstance(response, HttpResponse):
        raise TypeError("a POST with an Idempotency-Key answers in one piece")
    return response


def purge_idempotency_keys(at: datetime | None = None) -> int:
    """Forget the keys that have had their day. Returns how many."""
    return IdempotencyKey.objects.filter(claimed_at__lt=(at or timezone.now()) - LIFE).delete()[0]
