"""Where a piece of work comes from: the request or the job, carried along so that entries can say it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""What a caller may name a request: nothing that could break a log line or a header."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where work comes from. ``via`` is web, api, job or command.

    ``units`` remembers which unit a system stands in, so that a job with a thousand entries asks once.
    """

    via: str = "command"
    request_id: str = ""
    ip: str = ""
    units: dict[int, int | None] = field(default_factory=dict, compare=False)


_origin: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)


def current() -> Origin:
    """The origin of what runs now; work that nobody announced is a command's."""
    return _origin.get() or Origin()


@contextmanager
def acting(*, request_id: str = "", via: str = "job", ip: str = "") -> Iterator[Origin]:
    """Announce where the work inside the block comes from; entries and log lines carry it."""
    origin = Origin(via=via, request_id=request_id or new_request_id(), ip=ip)
    token = _origin.set(origin)
    try:
        with structlog.contextvars.bound_contextvars(request_id=origin.request_id):
            yield origin
    finally:
        _origin.reset(token)


def new_request_id() -> str:
    return uuid.uuid4().hex


class RequestContext:
    """Middleware: names every request, tells the name in the answer, and announces it to the audit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        told = request.headers.get(HEADER, "")
        request_id = told if SANE.fullmatch(told) else ""
        via = "api" if request.path.startswith("/api/") else "web"
        with acting(request_id=request_id, via=via, ip=address_of(request)) as origin:
            response = self.get_response(request)
        response.headers[HEADER] = origin.request_id
        return response


def address_of(request: HttpRequest) -> str:
    """The caller's address, empty when unknown.

    Behind a proxy it is the last one of X-Forwarded-For: the only one our own proxy wrote.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        told = request.headers.get("X-Forwarded-For", told).rpartition(",")[2].strip()
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
