"""The inputs: the options, and what holds for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from portal.analyses.typed import Told
from portal.errors import Invalid, Problem, blank

YEARS = 15
OPTIONS = 5
LIST = "One amount a line; the last one holds for the years after it."


class Way(StrEnum):
    """How a need is met."""

    BUILD = "build"
    BUY = "buy"
    ADOPT = "adopt"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Option:
    """One way to meet the need. Lists have one amount a year; the last one holds for the years after it."""

    name: Annotated[str, Told("Name", help="As it stands in the ranking")]
    way: Annotated[Way, Told("Way")] = Way.BUY
    vendor: Annotated[str, Told("Vendor", help="Empty where nobody sells it")] = ""
    outlay: Annotated[Decimal, Told("Outlay on the first day", unit="money", least=0)] = Decimal(0)
    running: Annotated[
        tuple[Decimal, ...],
        Told(
            "Running cost a year", unit="money", least=0, help=f"As the system's bills will show it. {LIST}"
        ),
    ] = ()
    benefits: Annotated[
        tuple[Decimal, ...],
        Told("Benefit a year", unit="money", help=f"Of the year in which it comes. {LIST}"),
    ] = ()
    months: Annotated[Decimal, Told("Months until it works", unit="months", least=0, most=12 * YEARS)] = (
        Decimal(0)
    )
    exit_cost: Annotated[
        Decimal,
        Told(
            "Cost of leaving",
            unit="money",
            least=0,
            help="At the end of the last year: data, contract, successor",
        ),
    ] = Decimal(0)
    success: Annotated[Decimal, Told("Chance that the benefit comes", unit="%", least=0, most=1)] = Decimal(1)
    overrun: Annotated[
        Decimal,
        Told(
            "Expected overrun of cost",
            unit="%",
            least=0,
            most=5,
            help="What comparable projects cost above plan",
        ),
    ] = Decimal(0)

    def __post_init__(self) -> None:
        if not self.name:
            raise Invalid(errors=[blank("/name")])


@dataclass(frozen=True, slots=True)
class BuildOrBuy:
    """The question: the options, and what holds for all of them."""

    currency: Annotated[str, Told("Currency", help="Three capitals, such as EUR")]
    starts_on: Annotated[date, Told("First day", help="Of year 1; outlays are paid on it")]
    years: Annotated[int, Told("Years compared", unit="years", least=1, most=YEARS)] = 5
    rate: Annotated[
        Decimal,
        Told("Discount rate", unit="%", least=0, most=1, help="A year; what the money must earn elsewhere"),
    ] = Decimal("0.08")
    delay_cost: Annotated[
        Decimal,
        Told("Cost of a month without it", unit="money", least=0, help="E.g. the old system kept running"),
    ] = Decimal(0)
    swing: Annotated[
        Decimal,
        Told(
            "Sensitivity", unit="%", least="0.01", most="0.9", help="How far each input is varied either way"
        ),
    ] = Decimal("0.2")
    options: Annotated[tuple[Option, ...], Told("Options")] = ()

    def __post_init__(self) -> None:
        problems = []
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            problems.append(Problem("/currency", "Three capitals are needed, such as EUR."))
        if len(self.options) > OPTIONS:
            problems.append(Problem("/options", f"At most {OPTIONS} options are compared."))
        names = [option.name.casefold() for option in self.options]
        for place, option in enumerate(self.options):
            if option.name.casefold() in names[:place]:
                problems.append(Problem(f"/options/{place}/name", "Another option has this name."))
            for field in ("running", "benefits"):
                if len(getattr(option, field)) > self.years:
                    text = f"{option.name} names more than the {self.years} years compared."
                    problems.append(Problem(f"/options/{place}/{field}", text))
            if option.months > 12 * self.years:
                problems.append(Problem(f"/options/{place}/months", "It works within the years compared."))
        if problems:
            raise Invalid("The options cannot be compared like this.", errors=problems)
