"""Measuring, judging and committing what a declared check found."""

from portal.checks.services.evaluate import commit, run_check
from portal.checks.measuring import Measurement, measure

__all__ = ["Measurement", "commit", "measure", "run_check"]
