"""What can go wrong, as a tree. Services raise these; pages and API translate them once.

PortalError               500  a defect
├── Refused               409  the state of things does not allow it
│   ├── GateClosed        403  a gate says no; carries the gates' answers
│   ├── Conflict          409  other content under the same key
│   └── Stale             412  somebody changed it meanwhile
├── Invalid               400  the input is wrong; carries errors by pointer
│   └── Unprocessable     422  well-formed, but its content is refused
├── Denied                403  this person may not
├── Missing               404  not there, or not visible: the two answer alike
├── TooLarge              413  over a stated cap
└── Busy                  503  try again; carries seconds
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where (JSON pointer, or a column and row) and what."""

    pointer: str
    detail: str


def blank(pointer: str) -> Problem:
    """The problem of an input that must say something."""
    return Problem(pointer, "Must not be empty.")


class PortalError(Exception):
    """The root. ``detail`` is a sentence for the user, ``help_url`` the page that mends it."""

    status = 500
    title = "Something went wrong on our side"

    def __init__(self, detail: str = "", *, help_url: str = "", errors: Sequence[Problem] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.help_url = help_url
        self.errors = tuple(errors)


class Refused(PortalError):
    """The state of things does not allow it."""

    status = 409
    title = "Not possible in the present state"


class GateClosed(Refused):
    """A gate says no. ``gates`` holds the answers as the API shows them."""

    status = 403
    title = "A gate is closed"

    def __init__(self, detail: str, *, gates: Sequence[dict[str, Any]], help_url: str = "") -> None:
        super().__init__(detail, help_url=help_url)
        self.gates = list(gates)


class Conflict(Refused):
    """Other content under the same key."""

    title = "Conflicts with what is there"


class Stale(Refused):
    """Somebody changed it meanwhile."""

    status = 412
    title = "Changed by somebody else meanwhile"


class Invalid(PortalError):
    """The input is wrong."""

    status = 400
    title = "The input is not valid"


class Unprocessable(Invalid):
    """Well-formed, but its content is refused."""

    status = 422
    title = "The content is refused"


class Denied(PortalError):
    """This person may not."""

    status = 403
    title = "Not allowed"


class Missing(PortalError):
    """Not there, or not visible to this person: the two answer alike."""

    status = 404
    title = "Not found"


class TooLarge(PortalError):
    """Over a stated cap."""

    status = 413
    title = "Too large"


class Busy(PortalError):
    """Try again in ``seconds``."""

    status = 503
    title = "Busy"

    def __init__(self, detail: str = "", *, seconds: int = 5) -> None:
        super().__init__(detail)
        self.seconds = seconds
