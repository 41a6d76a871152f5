"""Every write of cases: opening, voting and deciding, what follows from a decision, and the nightly sweep."""

from portal.cases.services.following import (
    accept_condition,
    comment,
    report_condition,
    report_done,
    set_due_day,
    withdraw,
)
from portal.cases.services.opening import open_case
from portal.cases.services.voting import Voice, cast_together, cast_vote, declare_conflict, propose_condition
from portal.cases.services.waivers import ask_waiver

__all__ = [
    "Voice",
    "accept_condition",
    "ask_waiver",
    "cast_together",
    "cast_vote",
    "comment",
    "declare_conflict",
    "open_case",
    "propose_condition",
    "report_condition",
    "report_done",
    "set_due_day",
    "withdraw",
]
