"""The options in order, and how the order changes with the discount rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from governance.strategy.calc.options import BuildOrBuy
from governance.strategy.calc.sensitivity import Sensitivity, sensitivity
from governance.strategy.calc.worth import Worth, flows_of, present_value, rounded, worth

HIGHEST_RATE = Decimal("0.40")
"""Up to which rate the order of the options is followed."""
STEPS = 20
"""Into how many steps that range is cut for the picture."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """The value of each option at one discount rate, in the order of the inputs."""

    rate: Decimal
    values: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """From this discount rate on, to a tenth of a percentage point, another option is the best."""

    rate: Decimal
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The options, best first, and what their order hangs on."""

    ranking: tuple[Worth, ...]
    sensitivity: tuple[Sensitivity, ...]
    by_rate: tuple[RatePoint, ...]
    turns: tuple[Turn, ...]

    @property
    def best(self) -> str:
        return self.ranking[0].name if self.ranking else ""

    @property
    def lead(self) -> Decimal | None:
        """By how much the best is ahead of the next; None with fewer than two options."""
        return self.ranking[0].npv - self.ranking[1].npv if len(self.ranking) > 1 else None


def compare(inputs: BuildOrBuy) -> Comparison:
    """Value, rank and sensitivity of every option. Equal values rank by name."""
    ranked = sorted((worth(inputs, option) for option in inputs.options), key=lambda w: (-w.npv, w.name))
    return Comparison(
        ranking=tuple(replace(each, place=place) for place, each in enumerate(ranked, start=1)),
        sensitivity=tuple(sensitivity(inputs, option.name) for option in inputs.options),
        by_rate=tuple(_at_rate(inputs, HIGHEST_RATE * step / STEPS) for step in range(STEPS + 1)),
        turns=tuple(_turns(inputs)),
    )


def _at_rate(inputs: BuildOrBuy, rate: Decimal) -> RatePoint:
    values = (rounded(present_value(rate, flows_of(inputs, option))) for option in inputs.options)
    return RatePoint(rate.normalize(), tuple(values))


def _turns(inputs: BuildOrBuy) -> Iterator[Turn]:
    """Where another option becomes the best, between 0 and the highest rate followed.

    Looked for in steps of a percentage point, then narrowed to a tenth of one; two turns within one step
    that cancel out are not seen.
    """
    flows = {option.name: list(flows_of(inputs, option)) for option in inputs.options}

    def best(tenths: int) -> str:
        rate = Fraction(tenths, 1000)
        values = ((-present_value(rate, each), name) for name, each in flows.items())
        return min(values, default=(Fraction(0), ""))[1]

    last = best(0)
    for step in range(10, int(HIGHEST_RATE * 1000) + 1, 10):
        if best(step) != last:
            low, high = step - 10, step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if best(middle) == last else (low, middle)
            yield Turn(Decimal(high) / 1000, last, best(high))
            last = best(step)
