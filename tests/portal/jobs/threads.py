"""Doing things at the same time, with real commits."""

import threading
from collections.abc import Callable, Sequence

from django.db import connections


def in_threads(works: Sequence[Callable[[], object]]) -> None:
    """Do all of it at once, each in a thread with connections of its own; errors reach the test."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
