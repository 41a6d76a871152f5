"""How predictions treat groups of people, with intervals, and what of it may be shown."""

from portal.stats.fairness.ll144 import LL144, ll144
from portal.stats.fairness.suppression import suppress
from portal.stats.fairness.table import RATES, SMALL_CELL, Gaps, Group, GroupRates, GroupTable, Rate

__all__ = [
    "LL144",
    "RATES",
    "SMALL_CELL",
    "Gaps",
    "Group",
    "GroupRates",
    "GroupTable",
    "Rate",
    "ll144",
    "suppress",
]
