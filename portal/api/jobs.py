"""What the API forgets on a schedule: answers that nobody asks for again, and counters of the silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from portal.api.idempotency import purge_idempotency_keys
from portal.api.rates import purge_rate_counters
from portal.areas import JobKind


def forget_answers(_run: Any) -> Callable[[], dict[str, int]]:
    return lambda: {"keys": purge_idempotency_keys()}


def forget_callers(_run: Any) -> Callable[[], dict[str, int]]:
    return lambda: {"counters": purge_rate_counters()}


FORGET_ANSWERS = JobKind(
    "purge-idempotency-keys",
    "Forget answers kept for a repeated POST",
    forget_answers,
    every=timedelta(hours=6),
    catch_up=1,
)
FORGET_CALLERS = JobKind(
    "purge-rate-counters",
    "Forget the counted requests of silent callers",
    forget_callers,
    every=timedelta(days=1),
    catch_up=1,
)
