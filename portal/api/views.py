"""The pages and documents of the API itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import errors, schema
from portal.api.renderers import dumps
from portal.api.viewsets import Endpoint
from portal.errors import Missing, PortalError
from portal.rights import PUBLIC, SIGNED_IN


class Schema(Endpoint):
    """The OpenAPI 3.1 document."""

    does = SIGNED_IN

    def get(self, request: Request) -> HttpResponseBase:  # noqa: ARG002 - a view's signature
        return HttpResponse(schema.as_json(), content_type="application/vnd.oai.openapi+json;version=3.1")


class ProblemType(Endpoint):
    """What the ``type`` of an error body means."""

    does = SIGNED_IN

    def get(self, request: Request, kind: str) -> Response:
        for error in _errors():
            if errors.kind_of(error) == kind:
                return Response(
                    {
                        "type": request.path,
                        "title": error.title,
                        "status": error.status,
                        "description": " ".join((error.__doc__ or "").split()),
                    }
                )
        raise Missing


@csp_update({"style-src": ["'unsafe-inline'"]})
@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """The document to read and try, drawn by Swagger UI, which writes styles into the page."""
    return render(request, "api/swagger.html", {"schema_url": reverse("api:schema")})


@csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["'self'", "blob:"]})
@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    """The document to read, drawn by Redoc, which writes styles into the page and searches in a worker."""
    return render(request, "api/redoc.html", {"schema_url": reverse("api:schema")})


def nowhere(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """An address below /api/ that does not exist answers as a missing object does."""
    failure = errors.understand(Missing(), {"request": request})
    return HttpResponse(dumps(failure.body()), status=failure.status, content_type=errors.CONTENT_TYPE)


swagger.does = redoc.does = SIGNED_IN  # type: ignore[attr-defined]  # a view carries its action
nowhere.does = PUBLIC  # type: ignore[attr-defined]  # as above


def _errors(root: type[PortalError] = PortalError) -> Iterator[type[PortalError]]:
    yield root
    for error in root.__subclasses__():
        yield from _errors(error)
