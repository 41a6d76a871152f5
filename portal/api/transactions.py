"""Several steps, one commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

T = TypeVar("T")


class Undo(Exception):
    """Raised inside ``together``: nothing of the work may stand."""


def together(work: Callable[[], T]) -> T:
    """Commit at once what ``work`` would have committed piece by piece, also when it raises.

    A service owns its transaction: when it refuses, it has undone its changes by itself, and may have
    recorded the refusal afterwards. So its exception does not undo the whole; it leaves as it came, after
    the commit. Inside somebody else's transaction this adds nothing.

    Not ``transaction.atomic``, in which a durable block, such as the record of a refusal, may not stand.
    """
    connection = transaction.get_connection()
    if connection.in_atomic_block or not connection.get_autocommit():
        return work()
    transaction.set_autocommit(False)
    try:
        result = work()
    except Undo:
        transaction.rollback()
        raise
    except Exception:
        transaction.commit()
        raise
    except BaseException:
        transaction.rollback()
        raise
    else:
        transaction.commit()
        return result
    finally:
        transaction.set_autocommit(True)
