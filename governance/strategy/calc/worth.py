"""Present values of flows, and what one option is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from governance.strategy.calc.options import BuildOrBuy, Option


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount at the end of a year, positive where it comes in; year 0 is the first day."""

    year: int
    amount: Fraction
    part: str = ""


def present_value(rate: Fraction | Decimal, flows: Iterable[Flow]) -> Fraction:
    """What flows are worth on the first day, exact: the sum of amount / (1 + rate)^year; 0 for none.

    Raises ValueError for a rate of −1 or below.

    >>> present_value(Decimal("0.1"), [Flow(0, Fraction(-100)), Flow(1, Fraction(121))])
    Fraction(10, 1)
    """
    growth = 1 + Fraction(rate)
    if growth <= 0:
        raise ValueError(f"a discount rate lies above -1, not {rate}")
    return sum((flow.amount / growth**flow.year for flow in flows), Fraction(0))


def flows_of(inputs: BuildOrBuy, option: Option, *, risk: bool = True) -> Iterator[Flow]:
    """The flows of an option; with ``risk`` as they are expected, else as they are planned."""
    more = 1 + Fraction(option.overrun) if risk else Fraction(1)
    chance = Fraction(option.success) if risk else Fraction(1)
    yield Flow(0, -more * Fraction(option.outlay), "outlay")
    for year in range(1, inputs.years + 1):
        yield Flow(year, chance * of_year(option.benefits, year), "benefits")
        yield Flow(year, -more * of_year(option.running, year), "running")
        yield Flow(year, -months_without(option.months, year) * Fraction(inputs.delay_cost), "delay")
    yield Flow(inputs.years, -Fraction(option.exit_cost), "exit")


def months_without(months: Decimal, year: int) -> Fraction:
    """How many months of a year go by before the option works: 0 to 12.

    >>> [str(months_without(Decimal("13.5"), year)) for year in (1, 2, 3)]
    ['12', '3/2', '0']
    """
    return min(max(Fraction(months) - 12 * (year - 1), Fraction(0)), Fraction(12))


def of_year(amounts: Sequence[Decimal], year: int) -> Fraction:
    """The amount of a year; the last one named holds on, and nothing named is nothing."""
    return Fraction(amounts[min(year, len(amounts)) - 1]) if amounts else Fraction(0)


@dataclass(frozen=True, slots=True)
class Worth:
    """An option's present value, its parts (costs negative, each rounded by itself), and its place.

    ``npv`` is risk-adjusted; ``planned`` is the same without risk. ``pays_back`` is the first year at whose
    end what came in covers what went out, at today's value; None where no year does.
    """

    name: str
    place: int
    npv: Decimal
    planned: Decimal
    benefits: Decimal
    outlay: Decimal
    running: Decimal
    delay: Decimal
    exit: Decimal
    pays_back: int | None

    @property
    def risk(self) -> Decimal:
        """What risk takes from the planned value."""
        return self.npv - self.planned


def worth(inputs: BuildOrBuy, option: Option) -> Worth:
    """What one option is worth, with its parts."""
    flows = list(flows_of(inputs, option))
    parts = {
        part: rounded(present_value(inputs.rate, [flow for flow in flows if flow.part == part]))
        for part in ("benefits", "outlay", "running", "delay", "exit")
    }
    return Worth(
        name=option.name,
        place=0,
        npv=rounded(present_value(inputs.rate, flows)),
        planned=rounded(present_value(inputs.rate, flows_of(inputs, option, risk=False))),
        pays_back=pays_back(inputs.rate, flows),
        **parts,
    )


def pays_back(rate: Fraction | Decimal, flows: Sequence[Flow]) -> int | None:
    """The first year, from 1 on, at whose end the discounted flows so far are not below 0; else None."""
    for year in range(1, max((flow.year for flow in flows), default=0) + 1):
        if present_value(rate, [flow for flow in flows if flow.year <= year]) >= 0:
            return year
    return None


def rounded(amount: Fraction) -> Decimal:
    """To a hundredth, half to even.

    >>> rounded(Fraction(1, 3)), rounded(Fraction(-5, 1000))
    (Decimal('0.33'), Decimal('0.00'))
    """
    return Decimal(round(amount * 100)).scaleb(-2)


def named(inputs: BuildOrBuy, name: str) -> Option:
    return next(option for option in inputs.options if option.name == name)
