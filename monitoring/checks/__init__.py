"""Measure functions: summaries in, readings out. They read, judge by the policy, and write nothing."""

from monitoring.checks.drift import DRIFT
from monitoring.checks.fairness import FAIRNESS
from monitoring.checks.performance import PERFORMANCE

CHECKS = (DRIFT, FAIRNESS, PERFORMANCE)

__all__ = ["CHECKS", "DRIFT", "FAIRNESS", "PERFORMANCE"]
