"""One place where a refusal becomes a page. The API translates its own errors; the rest passes here."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from structlog.contextvars import get_contextvars

from portal.errors import Busy, Denied, GateClosed, PortalError

API_PREFIX = "/api/"


class PortalErrors:
    """Middleware: a PortalError raised by a page becomes a styled page with its status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, PortalError) or request.path.startswith(API_PREFIX):
            return None
        return error_page(request, exception)


def error_page(request: HttpRequest, error: PortalError) -> HttpResponse:
    """The error as a page; for a fragment as a toast, so that what stands on the page stays."""
    if getattr(request, "htmx", False):
        response = HttpResponse(status=error.status)
        response["HX-Trigger"] = json.dumps({"toast": {"tone": "bad", "text": error.detail}})
        response["HX-Reswap"] = "none"
    else:
        context = {
            "title": _(error.title),
            "detail": error.detail,
            "help_url": error.help_url,
            "problems": error.errors,
            "gates": error.gates if isinstance(error, GateClosed) else (),
            "status": error.status,
            "reference": get_contextvars().get("request_id", ""),
        }
        response = render(request, "error.html", context, status=error.status)
    if isinstance(error, Busy):
        response["Retry-After"] = str(error.seconds)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """What stands where a form came from another place, or too late."""
    detail = _(
        "The form was open too long or came from another address. Go back, load the page again, send again."
    )
    return error_page(request, Denied(detail))
