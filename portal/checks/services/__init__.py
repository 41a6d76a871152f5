"""Measuring, judging and committing what a declared check found."""

from portal.checks.measuring import Measurement, measure
from portal.checks.services.evaluate import commit, run_check

__all__ = ["Measurement", "commit", "measure", "run_check"]
