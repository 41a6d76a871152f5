"""The limits by which what happened is held against what was expected."""

from __future__ import annotations

from dataclasses import dataclass

from portal.areas import PolicyKind
from portal.policies.parameters import parameter


@dataclass(frozen=True, slots=True)
class ForecastLimits:
    """How far the bills may be from an accepted forecast, above or below, as a share of the forecast."""

    warn: float = parameter(0.10, "Off by, warns above", looser="up")
    breach: float = parameter(0.20, "Off by, breaches above", looser="up")

    def __post_init__(self) -> None:
        if not 0 < self.warn <= self.breach:
            raise ValueError("The limit that warns is above 0 and not above the one that breaches.")


FORECAST_LIMITS = PolicyKind("accepted-forecast", "Accepted forecast limits", ForecastLimits)
