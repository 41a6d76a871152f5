"""How loudly checks speak: the policy that stands between a breach and a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from portal.areas import PolicyKind, Severity
from portal.policies.parameters import parameter


@dataclass(frozen=True, slots=True)
class Alerting:
    """When a breach becomes a finding, and by when it is answered."""

    critical_days: int = parameter(0, "Days to answer a critical finding", looser="up")
    high_days: int = parameter(1, "Days to answer a high finding", looser="up")
    medium_days: int = parameter(5, "Days to answer a medium finding", looser="up")
    low_days: int = parameter(20, "Days to answer a low finding", looser="up")
    confirm_windows: int = parameter(1, "Windows in a row before a breach counts", looser="up")
    warns: bool = parameter(False, "A warning is a low finding", looser="down")
    together: int = parameter(5, "Breaches at once before they become one finding", looser="down")
    reopen_days: int = parameter(
        7, "Days within which a finding that returns is opened again", looser="never"
    )
    silent_windows: int = parameter(3, "Windows without a result before that is a finding", looser="up")

    def __post_init__(self) -> None:
        if min(self.critical_days, self.high_days, self.medium_days, self.low_days, self.reopen_days) < 0:
            raise ValueError("Days are 0 or more.")
        if not self.critical_days <= self.high_days <= self.medium_days <= self.low_days:
            raise ValueError("A more severe finding is answered no later than a less severe one.")
        if min(self.confirm_windows, self.together, self.silent_windows) < 1:
            raise ValueError("Counts are 1 or more.")

    def answer_days(self, severity: Severity) -> int:
        """Within how many days a finding of that severity is answered."""
        days: int = getattr(self, f"{severity.value}_days")
        return days

    @property
    def reopen_within(self) -> timedelta:
        return timedelta(days=self.reopen_days)


ALERTING = PolicyKind("alerting", "Alerting", Alerting)
