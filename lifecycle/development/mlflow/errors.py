"""Errors as MLflow's client reads them: ``{"error_code", "message"}`` with the status that goes with it.

A refusal by governance is 403, never 429 or 5xx: the client would retry those for minutes.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import DataError
from rest_framework.exceptions import APIException, MethodNotAllowed
from rest_framework.response import Response

from portal.errors import Conflict, Denied, GateClosed, Invalid, Missing, PortalError, Refused

logger = logging.getLogger("portal.mlflow")

STATUS = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "INTERNAL_ERROR": 500,
}

CODES: tuple[tuple[type[PortalError], str], ...] = (
    (Denied, "PERMISSION_DENIED"),
    (Missing, "RESOURCE_DOES_NOT_EXIST"),
    (Conflict, "RESOURCE_ALREADY_EXISTS"),
    (Invalid, "INVALID_PARAMETER_VALUE"),
    (Refused, "RESOURCE_CONFLICT"),
)
"""MLflow's code of each of our errors; the first that fits."""


class MlflowError(Exception):
    """An error with its MLflow code."""

    def __init__(self, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extra = extra


def invalid(message: str) -> MlflowError:
    return MlflowError("INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> MlflowError:
    return MlflowError("RESOURCE_DOES_NOT_EXIST", message)


def handler(error: Exception, _context: Any) -> Response:
    """Translate whatever a view raised into MLflow's body."""
    known = _known(error)
    if known is None:
        logger.error("mlflow call failed", exc_info=error)
        known = MlflowError("INTERNAL_ERROR", "Something went wrong on our side.")
    body = {"error_code": known.code, "message": known.message, **known.extra}
    status = error.status_code if isinstance(error, MethodNotAllowed) else STATUS[known.code]
    response = Response(body, status=status)
    if known.code == "UNAUTHENTICATED":
        response["WWW-Authenticate"] = 'Bearer realm="portal"'
    return response


def _known(error: Exception) -> MlflowError | None:
    if isinstance(error, MlflowError):
        return error
    if isinstance(error, GateClosed):
        page = settings.PORTAL_PUBLIC_URL + error.help_url
        return MlflowError("PERMISSION_DENIED", f"{error.detail} See {page}", gates=error.gates, help=page)
    if isinstance(error, PortalError):
        code = next((code for kind, code in CODES if isinstance(error, kind)), None)
        return MlflowError(code, error.detail) if code else None
    if isinstance(error, APIException):
        unauthenticated = error.status_code == STATUS["UNAUTHENTICATED"]
        return MlflowError("UNAUTHENTICATED" if unauthenticated else "BAD_REQUEST", str(error.detail))
    if isinstance(error, DataError | ValueError | OverflowError):
        logger.warning("mlflow call refused", exc_info=error)
        return invalid("A value of the request cannot be stored.")
    return None
