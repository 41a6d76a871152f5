"""Findings, and what each person is told."""

from portal.findings.models.findings import Comment, Finding, FindingState, Waiver
from portal.findings.models.inbox import AlertRoute, Channel, Notification, SavedView

__all__ = [
    "AlertRoute",
    "Channel",
    "Comment",
    "Finding",
    "FindingState",
    "Notification",
    "SavedView",
    "Waiver",
]
