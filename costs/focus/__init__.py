"""FOCUS bills, versions 1.0 to 1.4, CSV or Parquet: read once, column by column, and summed exactly.

``reading`` yields pieces of a file, ``values`` and ``amounts`` judge and code their columns, ``summing`` adds
up the charges that differ in time and amount only. No Python object is made for a line.

Specification: https://focus.finops.org/focus-specification/
"""

from costs.focus.names import AMOUNTS, TEXTS
from costs.focus.reading import is_parquet, lines_at_once
from costs.focus.summing import Summed, sum_bill

__all__ = ["AMOUNTS", "TEXTS", "Summed", "is_parquet", "lines_at_once", "sum_bill"]
