"""Where a piece of work comes from: the request or the job, carried along so that entries can say it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import structlog


@dataclass(frozen=True, slots=True)
class Origin:
    """Where work comes from. ``via`` is web, api, job or command.

    ``units`` remembers which unit a system stands in, so that a job with a thousand entries asks once;
    ``denials`` the numbers of the denials recorded so far.
    """

    via: str = "command"
    request_id: str = ""
    ip: str = ""
    units: dict[int, int | None] = field(default_factory=dict, compare=False)
    denials: list[int] = field(default_factory=list, compare=False)


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
