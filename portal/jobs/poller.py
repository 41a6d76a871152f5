"""Does what waits in the ledger when nobody was rung for it. Each worker keeps one, see ``worker.py``.

Every second or so it looks; for work that has waited too long it forks a child, so that a run that brings its
process down takes nothing else with it. A worker never does more at once than its pool could, whichever of
the two does it. The poller also plans, seals, and says that the worker is alive.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from types import FrameType
from typing import NoReturn

from django.db import connections

from portal.jobs.services import dispatch, drain, upkeep
from portal.jobs.worker import worker_name

logger = logging.getLogger(__name__)

PAUSE = (1.0, 1.6)
"""Seconds between two looks, drawn anew each time so that workers do not look in step."""
PATIENCE = timedelta(seconds=1)
"""How long work waits for Celery before the poller does it."""
TICK = 30.0
"""Seconds between two plans, as beat has it."""
SEEN = 10.0
"""Seconds between two signs of life."""


class Poller:
    """One loop in one thread, so that forking is safe."""

    def __init__(self, parent: int, slots: int, pulse: int) -> None:
        self.parent = parent
        self.slots = slots
        self.pulse = pulse
        os.set_blocking(pulse, False)
        self.stopping = False
        self.drains: set[int] = set()
        self.couriers: set[int] = set()
        self.next_tick = self.next_sign = 0.0

    def run(self) -> None:
        """Look until told to stop or the worker is gone; then wait for what the children have begun."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the worker, which tells us
        while not self.stopping and os.getppid() == self.parent:
            self._beat()
            self._reap(os.WNOHANG)
            self._look()
            time.sleep(random.uniform(*PAUSE))  # noqa: S311 - jitter, no secret
        for child in self.drains | self.couriers:
            os.kill(child, signal.SIGTERM)
        self._reap(0)

    def _beat(self) -> None:
        """Let the worker know that the loop goes on."""
        with suppress(BlockingIOError, BrokenPipeError):  # nobody listens just now, or any more
            os.write(self.pulse, b".")

    def _look(self) -> None:
        try:
            self._keep_house()
            self._start_children()
        except Exception:
            logger.exception("could not look for work; trying again")
        finally:
            connections.close_all()

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self.next_sign:
            upkeep.sign_of_life(self.slots)
            self.next_sign = now + SEEN
        if now >= self.next_tick:
            upkeep.tick()
            self.next_tick = now + TICK
        upkeep.seal()

    def _start_children(self) -> None:
        if not self.couriers and upkeep.mail_waits(PATIENCE):
            self.couriers.add(_fork(_deliver))
        free = self.slots - max(upkeep.under_way(), len(self.drains))
        for _ in range(upkeep.runs_waiting(PATIENCE, free) if free > 0 else 0):
            self.drains.add(_fork(_drain))

    def _reap(self, how: int) -> None:
        """Forget the children that ended; without WNOHANG, wait for all of them."""
        for children in (self.drains, self.couriers):
            for child in tuple(children):
                if os.waitpid(child, how)[0]:
                    children.remove(child)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


def _fork(work: Callable[[], object]) -> int:
    """Do the work in a child; returns its process id."""
    connections.close_all()  # parent and child cannot share one
    child = os.fork()
    return child or _work_and_end(work)


def _work_and_end(work: Callable[[], object]) -> NoReturn:
    code = 1
    try:
        work()
        code = 0
    except Exception:
        logger.exception("a child of the poller failed")
    finally:
        os._exit(code)


def _drain() -> None:
    """Told to stop, finish the present run and take no further one."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    drain(worker_name(), stop=lambda: bool(told))


def _deliver() -> None:
    """Told to stop, end at once: what is under way is sent again under its key."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    dispatch()
