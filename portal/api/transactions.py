"""Several steps, one commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

T = TypeVar("T")


def together(work: Callable[[], T]) -> T:
    """Commit at once what ``work`` would have committed piece by piece, also when it raises.

    A service owns its transaction: when it refuses, it has undone its changes by itself, and may have
    recorded the refusal afterwards. So its exception does not undo the whole here; it leaves as it came,
    after the commit.
    """
    failure: Exception | None = None
    with transaction.atomic():
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - raised again below
            failure = error
    if failure is not None:
        raise failure
    return result
