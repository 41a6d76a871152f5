"""What surrounds a request: it gets a name, entries say where they come from, a refusal leaves an entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from portal.audit.origin import Origin, acting, current
from portal.audit.services import record_denial
from portal.errors import PortalError

__all__ = ["Origin", "RequestContext", "acting", "current"]

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""What a caller may name a request: nothing that could break a log line or a header."""


class RequestContext:
    """Middleware: names every request, tells the name in the answer, and announces it to the audit.

    A signed-in person who is refused (403) leaves an entry, unless a service has recorded the refusal.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        told = request.headers.get(HEADER, "")
        request_id = told if SANE.fullmatch(told) else ""
        via = "api" if request.path.startswith("/api/") else "web"
        with acting(request_id=request_id, via=via, ip=address_of(request)) as origin:
            response = self.get_response(request)
            if response.status_code == 403 and not origin.denials and _is_signed_in(request):
                self._record(request, response)
        response.headers[HEADER] = origin.request_id
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Keep the sentence of a refusal; the page that shows it is made elsewhere."""
        if isinstance(exception, PortalError):
            request.refusal = exception.detail  # type: ignore[attr-defined] # read below

    def _record(self, request: HttpRequest, response: HttpResponseBase) -> None:
        body = getattr(response, "data", None)  # of the API
        detail = body.get("detail") if isinstance(body, dict) else getattr(request, "refusal", None)
        record_denial(
            "request.denied",
            None,
            actor=request.user,
            reason=str(detail or ""),
            method=request.method,
            path=request.path[:LONGEST_PATH],
        )


LONGEST_PATH = 500


def _is_signed_in(request: HttpRequest) -> bool:
    """False also where an answer was given before anybody asked who it is."""
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated


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
