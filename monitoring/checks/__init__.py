"""Measure functions: summaries in, readings out. They read, judge by the policy, and write nothing."""

from collections.abc import Sequence

from monitoring.checks.drift import DRIFT
from monitoring.checks.fairness import FAIRNESS
from monitoring.checks.performance import PERFORMANCE
from monitoring.checks.subjects import has_protected
from portal.areas import Check
from portal.registry.models import ModelVersion

CHECKS = (DRIFT, FAIRNESS, PERFORMANCE)


def checks_of(version: ModelVersion) -> Sequence[Check]:
    """The checks that have something to measure: fairness needs a protected attribute."""
    return [check for check in CHECKS if check is not FAIRNESS or has_protected(version)]


__all__ = ["CHECKS", "DRIFT", "FAIRNESS", "PERFORMANCE", "checks_of"]
