"""Every write of findings and of the inbox."""

from portal.findings.services.inbox import finish, notify, settle, snooze
from portal.findings.services.machine import ANSWER_DAYS, close_finding, raise_finding
from portal.findings.services.people import accept, acknowledge, assign, comment
from portal.findings.services.routes import default_owner, remove_view, save_view, set_route, stop_route
from portal.findings.services.waivers import ask_waiver, decide_waiver, end_waivers

__all__ = [
    "ANSWER_DAYS",
    "accept",
    "acknowledge",
    "ask_waiver",
    "assign",
    "close_finding",
    "comment",
    "decide_waiver",
    "default_owner",
    "end_waivers",
    "finish",
    "notify",
    "raise_finding",
    "remove_view",
    "save_view",
    "set_route",
    "settle",
    "snooze",
    "stop_route",
]
