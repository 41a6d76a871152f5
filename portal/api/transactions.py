"""Several steps, one commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from rest_framework.exceptions import APIException

from portal.errors import PortalError

T = TypeVar("T")


def together(work: Callable[[], T]) -> T:
    """Commit at once what ``work`` would have committed piece by piece; after a defect, nothing of it.

    A service owns its transaction: when it refuses, it has undone its changes by itself, and may have
    recorded the refusal afterwards. So a refusal does not undo the whole; it leaves as it came, after the
    commit. Inside somebody else's transaction this adds nothing.

    Not ``transaction.atomic``, in which a durable block, such as the record of a refusal, may not stand.
    """
    connection = transaction.get_connection()
    if connection.in_atomic_block or not connection.get_autocommit():
        return work()
    transaction.set_autocommit(False)
    try:
        result = work()
    except (PortalError, APIException):
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
