"""Many callers at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")


class Call(threading.Thread, Generic[T]):
    """A call in a thread, and on a connection, of its own."""

    def __init__(self, call: Callable[[], T], after: threading.Barrier | None = None) -> None:
        super().__init__()
        self.call = call
        self.after = after
        self.start()

    def run(self) -> None:
        try:
            if self.after is not None:
                self.after.wait(timeout=30)
            self._answer = self.call()
        finally:
            connections.close_all()

    @property
    def answer(self) -> T:
        """What the call returned, as soon as it has."""
        self.join(timeout=60)
        return self._answer


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Start every call at the same moment, and return their answers."""
    barrier = threading.Barrier(len(calls))
    return [running.answer for running in [Call(call, barrier) for call in calls]]
