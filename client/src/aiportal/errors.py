"""What can go wrong between a program and the portal.

PortalError
├── NotSignedIn      no address or no token is known, or the token is not valid
├── Unreachable      the portal did not answer within the time-outs
└── Refused          the portal answered no; carries its problem body
    ├── GateClosed   a gate says no; carries every gate's answer
    └── RowsRefused  rows of a delivery are not taken; carries what was stored before them
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiportal.gates import GateReport
    from aiportal.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with what was sent: where (a JSON pointer such as ``/12/score``) and what."""

    pointer: str
    detail: str


class PortalError(Exception):
    """The root of everything this package raises on its own account."""


class NotSignedIn(PortalError):
    """No address or no token is known, or the token is not valid."""


class Unreachable(PortalError):
    """The portal did not answer within the time-outs, retries included."""


class Refused(PortalError):
    """The portal answered no. ``problem`` is its RFC 9457 body, or what could be made of the answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.detail = str(problem.get("detail") or problem.get("title") or f"The portal answered {status}.")
        self.help_url = problem.get("help") or None
        self.errors = [
            Problem(str(each.get("pointer", "")), str(each.get("detail", "")))
            for each in problem.get("errors") or ()
        ]
        super().__init__(self.detail)


class GateClosed(Refused):
    """A gate says no. ``report.gates`` holds the answers, the closed ones first."""

    def __init__(self, status: int, problem: Mapping[str, Any], report: GateReport) -> None:
        super().__init__(status, problem)
        self.report = report
        self.gates = report.gates

    def __str__(self) -> str:
        return self.report.text()


class RowsRefused(Refused):
    """Rows are not taken; nothing of their piece was stored. ``receipt`` counts the pieces before it."""

    def __init__(self, refusal: Refused, receipt: Receipt, first_row: int, rows: int) -> None:
        super().__init__(refusal.status, refusal.problem)
        self.receipt = receipt
        self.first_row = first_row
        self.rows = rows
        self.errors = [Problem(_shifted(each.pointer, first_row), each.detail) for each in self.errors]

    def lines(self, most: int = 20) -> Sequence[str]:
        """The refused places for a person, at most so many; rows count from 0 in what was handed over."""
        shown = [f"{each.pointer}: {each.detail}" for each in self.errors[:most]]
        hidden = len(self.errors) - len(shown)
        return [*shown, *([f"and {hidden} more"] if hidden else [])]


def _shifted(pointer: str, by: int) -> str:
    """The pointer with its row counted from the beginning of everything, not of the piece."""
    row, slash, rest = pointer.removeprefix("/").partition("/")
    return f"/{int(row) + by}{slash}{rest}" if row.isdigit() else pointer
