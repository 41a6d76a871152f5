"""One error body for the whole API (RFC 9457), and the one place where exceptions become it.

A service raises ``portal.errors``; the framework and the database raise their own. ``understand`` says of
any of them what it means to a client, ``handler`` writes the body. An area that speaks somebody else's
protocol returns a handler of its own from ``get_exception_handler`` and builds it on ``understand``.

A missing object and one this person may not see answer alike, to the byte.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from django.http.request import UnreadablePostError
from django.utils.encoding import force_str
from prometheus_client import Counter
from rest_framework import exceptions
from rest_framework.response import Response

from portal.errors import (
    Busy,
    Conflict,
    Denied,
    GateClosed,
    Invalid,
    Missing,
    PortalError,
    Problem,
    TooLarge,
)

CONTENT_TYPE = "application/problem+json"
TYPES = "/api/problems/"
"""Below this address each type of problem explains itself."""

UNSEEN = "There is nothing here that you may see."
UNEXPECTED = "Part of the input cannot be stored or computed with. The portal has noted which part."

logger = logging.getLogger("portal.api")
unexpected_refusals = Counter(
    "portal_unexpected_400", "Input that no validator named, refused by the database or by Python"
)

UNIQUE_VIOLATION, EXCLUSION_VIOLATION = "23505", "23P01"
RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for a client: status, kind, words, and what to do about it."""

    status: int
    kind: str
    title: str
    detail: str
    errors: tuple[Problem, ...] = ()
    help_url: str = ""
    gates: tuple[Mapping[str, Any], ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The members of RFC 9457, and ours: ``errors``, ``help`` and, at a closed gate, ``gates``."""
        body: dict[str, Any] = {
            "type": f"{TYPES}{self.kind}/",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": [{"pointer": problem.pointer, "detail": problem.detail} for problem in self.errors],
            "help": self.help_url or None,
        }
        if self.gates is not None:
            body["gates"] = list(self.gates)
        return body


def handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to an exception raised anywhere below a viewset; REST_FRAMEWORK["EXCEPTION_HANDLER"]."""
    failure = understand(exc, context)
    return Response(
        failure.body(), status=failure.status, headers=dict(failure.headers), content_type=CONTENT_TYPE
    )


def understand(exc: Exception, context: Mapping[str, Any]) -> Failure:
    """What an exception means to a client. Notes in the log what a developer has to look at."""
    if isinstance(exc, exceptions.APIException) and not isinstance(exc, exceptions.ValidationError):
        return _of_framework(exc)
    error = translated(exc)
    if error is None:
        _report(exc, context)
        error = PortalError()
    elif error.detail == UNEXPECTED:
        unexpected_refusals.inc()
        logger.warning("unexpected 400 at %s", _place(context), exc_info=exc)
    elif error.status == PortalError.status:
        _report(error, context)
    elif isinstance(error, Denied):
        logger.info("denied at %s: %s", _place(context), error.detail)
    return _of_portal(error)


def translated(exc: Exception) -> PortalError | None:
    """The error of our own tree that an exception amounts to; None for a defect."""
    return _of_request(exc) or _of_database(exc)


def _of_request(exc: Exception) -> PortalError | None:  # noqa: PLR0911 - one line a kind of exception
    match exc:
        case PortalError():
            return exc
        case Http404() | ObjectDoesNotExist():
            return Missing()
        case PermissionDenied():
            return Denied(str(exc))
        case exceptions.ValidationError():
            return Invalid(errors=tuple(problems_of(exc.detail)))
        case DjangoValidationError():
            return Invalid(errors=tuple(_problems_of_django(exc)))
        case RequestDataTooBig():
            return TooLarge("The body is larger than this address takes.")
        case UnreadablePostError():
            return Invalid("The body ended before it was complete.")
        case SuspiciousOperation() | TooManyFieldsSent() | TooManyFilesSent():
            return Invalid(str(exc))
    return None


def _of_database(exc: Exception) -> PortalError | None:
    match exc:
        case ProtectedError() | RestrictedError():
            return Conflict("Other things still depend on it.")
        case IntegrityError() if _sqlstate(exc) in {UNIQUE_VIOLATION, EXCLUSION_VIOLATION}:
            return Conflict("Something like it exists already.")
        case OperationalError() | InterfaceError():
            logger.error("the database did not answer in time", exc_info=exc)
            return Busy("The database is busy.", seconds=RETRY_SECONDS)
        case DataError() | IntegrityError() | ValueError() | OverflowError() | RecursionError():
            return Invalid(UNEXPECTED)
    return None


def problems_of(detail: Any, pointer: str = "") -> Iterator[Problem]:
    """The errors of a serializer, one by one, each with the JSON pointer of the value it is about."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            is_whole = name == "non_field_errors"
            yield from problems_of(below, pointer if is_whole else f"{pointer}/{_escaped(force_str(name))}")
    elif isinstance(detail, list):
        for index, below in enumerate(detail):
            nested = isinstance(below, Mapping | list)
            yield from problems_of(below, f"{pointer}/{index}" if nested else pointer)
    else:
        yield Problem(pointer, force_str(detail))


def _of_portal(error: PortalError) -> Failure:
    is_missing = isinstance(error, Missing)
    return Failure(
        status=error.status,
        kind=kind_of(type(error)),
        title=error.title,
        detail=UNSEEN if is_missing else _sentence(error),
        errors=() if is_missing else error.errors,
        help_url="" if is_missing else error.help_url,
        gates=tuple(error.gates) if isinstance(error, GateClosed) else None,
        headers={"Retry-After": str(error.seconds)} if hasattr(error, "seconds") else {},
    )


def _sentence(error: PortalError) -> str:
    """The error's own sentence, else the first of its problems and how many more there are."""
    if error.detail != error.title or not error.errors:
        return error.detail
    first, *others = error.errors
    where = first.pointer or "The body"
    return f"{where}: {first.detail}" + (f" ({len(others)} more)" if others else "")


FRAMEWORK_TITLES = {
    401: "Sign in first",
    405: "This address does not take that method",
    406: "No such representation",
    415: "This address does not take that content type",
    429: "Too many requests",
}


def _of_framework(exc: exceptions.APIException) -> Failure:
    if isinstance(exc, exceptions.NotFound):
        return _of_portal(Missing())
    if isinstance(exc, exceptions.PermissionDenied):
        return _of_portal(Denied(force_str(exc.detail)))
    if exc.status_code not in FRAMEWORK_TITLES:
        return _of_portal(Invalid(force_str(exc.detail)))
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(wait)
    return Failure(
        status=exc.status_code,
        kind=_dashed(type(exc).__name__),
        title=FRAMEWORK_TITLES[exc.status_code],
        detail=force_str(exc.detail),
        headers=headers,
    )


def kind_of(error: type[PortalError]) -> str:
    """The last part of a problem's type, e.g. ``gate-closed``; a defect is ``defect``."""
    return "defect" if error is PortalError else _dashed(error.__name__)


def _dashed(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _problems_of_django(exc: DjangoValidationError) -> Iterator[Problem]:
    if hasattr(exc, "error_dict"):
        for name, messages in exc.message_dict.items():
            pointer = "" if name == "__all__" else f"/{_escaped(name)}"
            yield from (Problem(pointer, message) for message in messages)
    else:
        yield from (Problem("", message) for message in exc.messages)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _sqlstate(exc: Exception) -> str:
    return getattr(exc.__cause__, "pgcode", None) or ""


def _place(context: Mapping[str, Any]) -> str:
    """The address and the name of the request, as its answer's X-Request-ID has it."""
    request = context.get("request")
    if request is None:
        return "no address"
    request_id = structlog.contextvars.get_contextvars().get("request_id", "unnamed")
    return f"{request.method} {request.path} (request {request_id})"


def _report(exc: Exception, context: Mapping[str, Any]) -> None:
    """Log a defect, and tell whoever listens for one: the metrics, and Django's test client."""
    logger.error("defect at %s", _place(context), exc_info=exc)
    got_request_exception.send(sender=None, request=context.get("request"))
