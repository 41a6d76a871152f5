"""The worker's second leg: next to Celery's pool, a poller that looks into the ledger by itself.

Celery's prefork pool is fed by the loop that talks to the broker; without a broker that loop stands still
and the pool with it. So the worker also keeps a small process of its own, ``portal.jobs.poller``, that does
what has waited too long. It is a child of the worker, started again when it ends, and ends with the worker.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from celery import Celery, bootsteps
from django.conf import settings
from kombu.transport.redis import Channel

logger = logging.getLogger(__name__)

NAME = "PORTAL_WORKER"
"""The environment variable with which pool and poller know which worker they belong to."""
AGAIN = 1.0
"""Seconds before a poller that ended is started again."""
SILENCE = float(os.environ.get("PORTAL_POLLER_SILENCE", "60"))
"""Seconds without a beat of its pulse after which a poller is taken to hang, and is killed."""


def worker_name() -> str:
    """The worker this process belongs to: host, and process id of its main process."""
    return os.environ.get(NAME) or f"{socket.gethostname()}:{os.getpid()}"


class Keeper:
    """Keeps one poller running until it is told to stop: one that ends or hangs is replaced."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.over = threading.Event()
        self.poller: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._keep, name="keeper of the poller", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Let the poller finish what it does, and wait for it."""
        self.over.set()
        if self.poller is not None:
            self.poller.terminate()
        self.thread.join()

    def terminate(self) -> None:
        self.over.set()
        if self.poller is not None:
            self.poller.kill()

    def _keep(self) -> None:
        while not self.over.is_set():
            pulse, theirs = os.pipe()
            try:
                self.poller = self._start(theirs)
                os.close(theirs)
                if self.over.is_set():  # stopped between the question and the start
                    self.poller.terminate()
                self._listen(self.poller, pulse)
            finally:
                os.close(pulse)
            code = self.poller.wait()
            if not self.over.wait(AGAIN):
                logger.warning("the poller ended with %s and is started again", code)

    def _start(self, pulse: int) -> subprocess.Popen[bytes]:
        numbers = (os.getpid(), self.slots, pulse)
        return subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-m", "django", "poll", *map(str, numbers)],
            env={**os.environ, "PORTAL_JOB_PROCESS": "1"},
            cwd=settings.BASE_DIR,
            pass_fds=[pulse],
        )

    def _listen(self, poller: subprocess.Popen[bytes], pulse: int) -> None:
        """Follow the poller's pulse until it has ended; where the pulse stays away, kill it.

        Told to stop, the poller rests its pulse and waits for its children: then there is no hurry.
        """
        heard = time.monotonic()
        while poller.poll() is None:
            if select.select([pulse], [], [], AGAIN)[0] and os.read(pulse, 4096):
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE and not self.over.is_set():
                logger.error("the poller has hung for %.0f s and is replaced", SILENCE)
                poller.kill()
                return


class Polling(bootsteps.StartStopStep):
    """The step of Celery's worker that keeps the poller, with a broker or without."""

    requires = ("celery.worker.components:Pool",)

    def create(self, parent: Any) -> Any:
        os.environ[NAME] = f"{socket.gethostname()}:{os.getpid()}"
        return Keeper(parent.concurrency)


def extend(app: Celery) -> None:
    """Make every worker of the application poll, and let it outlive its broker.

    Celery would hand the rings it holds back to a broker that is gone, and end over it. They are worth
    nothing by then: the ledger has the work.
    """
    app.steps["worker"].add(Polling)
    Channel.do_restore = False
