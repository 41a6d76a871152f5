"""What watches over a run while it works: its lease, its time and its log."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import deque
from contextvars import copy_context
from types import FrameType, TracebackType
from typing import Self

from django.db import DatabaseError, InterfaceError, connection

from portal.areas import JobKind
from portal.jobs.models import Run
from portal.jobs.services.leases import LeaseLost, heartbeat

logger = logging.getLogger(__name__)

OUT_OF_TIME_EXIT = 75
"""Exit code of a process that was ended because its job did not stop: EX_TEMPFAIL of sysexits.h."""


class OutOfTime(Exception):
    """The job took longer than its kind allows."""


class LogTail(logging.Handler):
    """The last lines this thread logged, as the run page shows them."""

    LINES = 200

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.thread = threading.get_ident()
        self.lines: deque[str] = deque(maxlen=self.LINES)

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.lines.append(self.format(record)[:2000])

    @property
    def text(self) -> str:
        return "\n".join(tuple(self.lines)).replace("\x00", "")

    def __enter__(self) -> Self:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


class Watch:
    """Extends the lease every third of it, interrupts a job that lost it or is out of time.

    In the main thread the job is interrupted by an exception. A job that goes on regardless loses its process
    when a lease's length more has passed, and the lease hands the run on. In another thread, as tests use it,
    the job notices when it reports progress or commits.
    """

    def __init__(self, run: Run, kind: JobKind, log: LogTail, *, limited: bool) -> None:
        self.run, self.kind, self.log = run, kind, log
        self.limit = kind.limit.total_seconds() if limited else None
        self.over = threading.Event()
        self.lost = False
        self.thread = threading.Thread(
            target=copy_context().run,  # its log lines carry the name of the run too
            args=(self._beat,),
            name=f"lease of run {run.pk}",
            daemon=True,
        )
        self.interruptible = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        self.started = time.monotonic()
        if self.interruptible:
            self.before = signal.signal(signal.SIGALRM, self._interrupt)
            signal.setitimer(signal.ITIMER_REAL, self.limit or 0)
        self.thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self.rest()

    def rest(self) -> None:
        """Stop watching: from here on the fence decides."""
        if self.over.is_set():
            return
        self.over.set()
        self.thread.join()  # before the handler goes: a signal without one would end the process
        if self.interruptible:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self.before)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self.lost:
            raise LeaseLost
        raise OutOfTime(f"It took longer than {self.kind.limit}.")

    def _beat(self) -> None:
        lease = self.kind.lease.total_seconds()
        try:
            while not self.over.wait(lease / 3):
                if self.limit is not None and time.monotonic() - self.started > self.limit + lease:
                    logger.error("run %s does not stop; its process ends", self.run.pk)
                    os._exit(OUT_OF_TIME_EXIT)
                self._extend()
        finally:
            connection.close()

    def _extend(self) -> None:
        try:
            held = heartbeat(self.run, log=self.log.text)
        except (DatabaseError, InterfaceError):
            logger.warning("the lease of run %s could not be extended; trying again", self.run.pk)
            connection.close()
            return
        if not held and not self.lost:
            self.lost = True
            if self.interruptible:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
