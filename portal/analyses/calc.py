"""Sensitivity: what an answer hangs on, one input at a time. No Django."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

Inputs = TypeVar("Inputs")


@dataclass(frozen=True, slots=True)
class Driver(Generic[Inputs]):
    """One input at a low and at a high value, all others as they are. The texts say the two values."""

    name: str
    low: Inputs
    high: Inputs
    low_text: str
    high_text: str


@dataclass(frozen=True, slots=True)
class Swing:
    """What one driver does to the answer. ``low`` and ``high`` are the answers at its two values."""

    name: str
    low_text: str
    high_text: str
    low: Decimal
    high: Decimal
    low_leads: str
    high_leads: str

    @property
    def span(self) -> Decimal:
        return abs(self.high - self.low)


def swings(
    drivers: Sequence[Driver[Inputs]],
    value: Callable[[Inputs], Decimal],
    leads: Callable[[Inputs], str] = lambda _: "",
) -> tuple[Swing, ...]:
    """The answer at both ends of each driver, the widest swing first; of equal ones by name.

    ``value`` is the answer in its unit; ``leads`` names what would be best there. One-way sensitivity
    analysis, as drawn in a tornado diagram (Howard, 1988): interactions between inputs are not seen.
    """
    found = [
        Swing(
            driver.name,
            driver.low_text,
            driver.high_text,
            value(driver.low),
            value(driver.high),
            leads(driver.low),
            leads(driver.high),
        )
        for driver in drivers
    ]
    return tuple(sorted(found, key=lambda swing: (-swing.span, swing.name)))
