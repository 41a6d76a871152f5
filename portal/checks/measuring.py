"""Measuring: read, judge by the policy in force, write nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Model

from portal.areas import Check, Reading, Verdict, Window
from portal.checks.readings import Readings, as_json, digest_of
from portal.errors import Busy, Invalid, PortalError
from portal.jobs.models import Run
from portal.jobs.services import LeaseLost
from portal.policies.selectors import PolicyInForce, in_force
from portal.registry.models import System

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often the ledger tries a measure that raises before its error is the verdict."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a check read, and by which policy it judged, before anything is stored."""

    check: Check
    subject: Model
    system: System
    window: Window
    readings: Sequence[Reading]
    policy: PolicyInForce
    engine: str = "local"
    state: str = "mature"

    @property
    def digest(self) -> str:
        """What was judged and how: the same again is no news."""
        return digest_of(
            {
                "check": self.check.slug,
                "subject": f"{self.subject._meta.label_lower}:{self.subject.pk}",  # noqa: SLF001 - Django's documented API
                "window": str(self.window),
                "state": self.state,
                "engine": self.engine,
                "policy": self.policy.snapshot(),
                "readings": [as_json(reading) for reading in self.readings],
            }
        )


def measure(check: Check, subject: Model, window: Window, *, run: Run | None = None) -> Measurement:
    """Read and judge by the policy in force when the window ended.

    What the check raises is a verdict, ``error`` with its reason, once the ledger has tried often enough;
    only a database that is busy and a lost lease are not the check's.
    """
    system = system_of(subject)
    policy = in_force(check.policy, window.end, system)
    try:
        found = check.measure(subject, window, policy.parameters)
        readings = found if isinstance(found, Readings) else Readings(found)
        for reading in readings:
            as_json(reading)  # a NaN is an error of the check, and shows itself here
    except (LeaseLost, Busy):
        raise
    except Exception as error:
        if run is not None and run.attempt < ATTEMPTS and not isinstance(error, PortalError):
            raise
        logger.exception("check %s failed on %s over %s", check.slug, subject, window)
        readings = Readings([_failed(check, error)])
    return Measurement(
        check, subject, system, window, tuple(readings), policy, readings.engine, readings.state
    )


def system_of(subject: Model) -> System:
    """The system a subject belongs to. Raises Invalid where there is none: nobody would answer for it."""
    system_id = getattr(subject, "audit_system_id", None)
    if system_id is None:
        raise Invalid(f"{subject} belongs to no system, so nobody would answer for what a check finds.")
    return System.objects.select_related("unit", "owner", "deputy").get(pk=system_id)


def _failed(check: Check, error: Exception) -> Reading:
    said = error.detail if isinstance(error, PortalError) else f"{type(error).__name__}: {error}"
    metric = check.metrics[0].slug if check.metrics else check.slug
    return Reading(metric, None, Verdict.ERROR, reason=said[:200])
