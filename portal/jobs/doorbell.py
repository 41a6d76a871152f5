"""Ringing Celery when there is work. The ledger has the work; a lost ring costs a second, never a run."""

from __future__ import annotations

import logging
import os
import time
from functools import cache
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError
from kombu.pools import ProducerPool, producers, reset
from redis.exceptions import RedisError

from portal.celery import app

logger = logging.getLogger(__name__)

RING = "portal.jobs.ring"
DELIVER = "portal.jobs.deliver"
MOST_RINGS = 8
"""More processes than that need no waking at once; whoever is awake goes on until nothing waits."""
QUIET = 30.0
"""Seconds without a ring after one failed, so that an absent broker slows one request, not every one."""
UNHEARD = 60
"""Seconds after which a ring nobody heard is thrown away; by then a worker has looked by itself."""

_quiet_until = 0.0


def ring_on_commit(runs: int = 1) -> None:
    """Wake workers for that many runs when the transaction commits."""
    transaction.on_commit(lambda: ring(runs), robust=True)


def deliver_on_commit() -> None:
    """Wake a worker for the outbox when the transaction commits."""
    transaction.on_commit(lambda: _ring(DELIVER, 1), robust=True)


def ring(runs: int = 1) -> None:
    """Wake workers for that many runs now."""
    _ring(RING, min(runs, MOST_RINGS))


def _ring(task: str, times: int) -> None:
    global _quiet_until  # noqa: PLW0603 - one broker a process
    if time.monotonic() < _quiet_until:
        return
    try:
        with _pool().acquire(block=True, timeout=1) as producer:
            for _ in range(times):
                app.send_task(task, producer=producer, retry=False, expires=UNHEARD, ignore_result=True)
    except (OperationalError, RedisError, OSError) as reason:
        _quiet_until = time.monotonic() + QUIET
        logger.warning("the broker does not answer (%s); workers look for work by themselves", reason)


@cache
def _pool() -> ProducerPool:
    """Producers whose connection gives up after a second: a web request waits for nobody."""
    options: dict[str, Any] = {
        **app.conf.broker_transport_options,
        "socket_timeout": 1,
        "socket_connect_timeout": 1,
    }
    pool: ProducerPool = producers[app.connection_for_write(transport_options=options)]
    return pool


def _forget_connections() -> None:
    _pool.cache_clear()
    reset()


os.register_at_fork(after_in_child=_forget_connections)
