"""Every write of the ledger."""

from portal.jobs.kinds import kind_of, kinds
from portal.jobs.services.execution import drain, execute, run_now
from portal.jobs.services.leases import LeaseLost, claim, fail, finish, heartbeat, progress
from portal.jobs.services.outbox import dispatch, enqueue_mail, enqueue_webhook
from portal.jobs.services.planning import plan
from portal.jobs.services.requests import check_order, dismiss, order_run, replay, request, request_windows

__all__ = [
    "LeaseLost",
    "check_order",
    "claim",
    "dismiss",
    "dispatch",
    "drain",
    "enqueue_mail",
    "enqueue_webhook",
    "execute",
    "fail",
    "finish",
    "heartbeat",
    "kind_of",
    "kinds",
    "order_run",
    "plan",
    "progress",
    "replay",
    "request",
    "request_windows",
    "run_now",
]
