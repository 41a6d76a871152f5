"""How many requests a caller has, counted exactly however many arrive at once.

One upsert in PostgreSQL counts and judges; a period begins with a caller's first request. Authenticated
requests count for their token (or person) and for their address; others for their address as a stranger. The
settings are ``PORTAL_RATE_TOKEN``, ``PORTAL_RATE_ADDRESS`` and ``PORTAL_RATE_STRANGER``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import connection
from django.utils import timezone
from rest_framework.request import Request

from portal.api import callers
from portal.api.models import RateCounter

SETTINGS = ("PORTAL_RATE_TOKEN", "PORTAL_RATE_ADDRESS", "PORTAL_RATE_STRANGER")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}

COUNT = """
INSERT INTO api_ratecounter AS counter (subject, used, ends_at)
SELECT subject, 1, statement_timestamp() + period
FROM unnest(%s::text[], %s::interval[]) AS asked (subject, period)
ON CONFLICT (subject) DO UPDATE SET
    used = CASE WHEN counter.ends_at <= statement_timestamp() THEN 1 ELSE counter.used + 1 END,
    ends_at = CASE WHEN counter.ends_at <= statement_timestamp()
              THEN excluded.ends_at ELSE counter.ends_at END
RETURNING subject, used, extract(epoch FROM ends_at - statement_timestamp())
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in so many seconds."""

    requests: int
    seconds: int

    @classmethod
    @cache
    def parse(cls, text: str) -> Allowance:
        """``600/minute`` and the like. Raises ValueError with the form it wants."""
        number, _, period = text.partition("/")
        if not number.isdecimal() or period not in SECONDS:
            raise ValueError(f"a rate is written like 600/minute, by {', '.join(SECONDS)}; this is {text!r}")
        return cls(int(number), SECONDS[period])


def allowance(name: str) -> Allowance:
    """The allowance a setting gives."""
    return Allowance.parse(getattr(settings, name))


def spend(asked: Sequence[tuple[str, Allowance]]) -> int:
    """Count one request for each subject. Returns 0, or after how many seconds to try again.

    Exact under parallel requests: of N allowed, N pass, whichever they are.
    """
    names = [subject for subject, _ in asked]
    periods = [timedelta(seconds=allowed.seconds) for _, allowed in asked]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [names, periods])
        counted = {subject: (used, left) for subject, used, left in cursor.fetchall()}
    over = [counted[subject][1] for subject, allowed in asked if counted[subject][0] > allowed.requests]
    return max(1, math.ceil(max(over))) if over else 0


def spend_of(request: Request) -> int:
    """Count a request for whoever sends it; see ``spend``."""
    address = callers.address(request)
    principal = callers.principal(request)
    if principal is None:
        return spend([(f"stranger {address}", allowance("PORTAL_RATE_STRANGER"))])
    return spend(
        [
            (f"address {address}", allowance("PORTAL_RATE_ADDRESS")),
            (principal, allowance("PORTAL_RATE_TOKEN")),
        ]
    )


def purge_rate_counters(at: datetime | None = None) -> int:
    """Forget the counters of callers who have been silent for a day. Returns how many."""
    silent_since = (at or timezone.now()) - timedelta(days=1)
    return RateCounter.objects.filter(ends_at__lt=silent_since).delete()[0]
