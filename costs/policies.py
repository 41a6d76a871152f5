"""The limits by which budgets and orphaned costs are judged."""

from __future__ import annotations

from dataclasses import dataclass

from portal.areas import PolicyKind
from portal.policies.parameters import parameter


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """When spending is told, warned of and too much. Shares of the budget's amount."""

    notice: float = parameter(0.50, "Spent, is told from", looser="up")
    warn: float = parameter(0.80, "Spent, warns from", looser="up")
    breach: float = parameter(1.00, "Spent, breaches from", looser="up")
    forecast: float = parameter(1.00, "Forecast breaches above", looser="up")

    def __post_init__(self) -> None:
        if not 0 < self.notice <= self.warn <= self.breach:
            raise ValueError("What is told comes before what warns, and that before what breaches.")
        if self.forecast <= 0:
            raise ValueError("The limit of the forecast is above 0.")


@dataclass(frozen=True, slots=True)
class OrphanLimits:
    """From which cost a month it matters that nobody uses or owns what is paid for."""

    warn: float = parameter(0.0, "Cost a month warns above", looser="up")
    breach: float = parameter(100.0, "Cost a month breaches above", looser="up")

    def __post_init__(self) -> None:
        if not 0 <= self.warn <= self.breach:
            raise ValueError("The limit that warns is not below 0 and not above the one that breaches.")


BUDGET_LIMITS = PolicyKind("budget", "Budget limits", BudgetLimits)
ORPHAN_LIMITS = PolicyKind("orphans", "Orphaned cost limits", OrphanLimits)
