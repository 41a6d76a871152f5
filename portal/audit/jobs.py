"""What workers do for the audit by the ledger. Sealing itself they do every second, without a run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from portal.areas import JobKind
from portal.audit.services import record_verification, seal_pending
from portal.audit.verification import verify_database

logger = logging.getLogger(__name__)


def seal(_run: Any) -> Callable[[], int]:
    """Nothing to prepare: the seal is made, and stands or falls, with the end of the run."""
    return seal_pending


def verify(_run: Any) -> Callable[[], Any]:
    """Verify everything; what was found becomes an entry with the end of the run."""
    report = verify_database()
    if not report.holds:
        logger.error("the audit does not hold: %s", report.problems[0])
    return partial(record_verification, report)


SEAL = JobKind(slug="audit-seal", title="Seal the audit", run=seal)
VERIFY = JobKind(
    slug="audit-verify",
    title="Verify the audit",
    run=verify,
    every=timedelta(days=1),
    catch_up=1,
    limit=timedelta(hours=2),
)
