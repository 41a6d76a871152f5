"""How many pies a kitchen sells: an analysis small enough to work out in the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from portal.analyses.typed import Told
from portal.areas import AnalysisKind, Area
from portal.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Oven:
    name: Annotated[str, Told("Name")]
    pies: Annotated[Decimal, Told("Pies a day", least=0)] = Decimal(0)
    by_year: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Kitchen:
    days: Annotated[int, Told("Days", unit="days", least=1, most=31)]
    sold: Annotated[Decimal, Told("Share sold", unit="%", least=0, most=1)] = Decimal("0.5")
    ovens: Annotated[tuple[Oven, ...], Told("Ovens")] = ()

    def __post_init__(self) -> None:
        if len(self.ovens) > 2:
            raise Invalid(errors=[Problem("/ovens/2/name", "There is room for two.")])


@dataclass(frozen=True, slots=True)
class Sales:
    names: tuple[str, ...]
    pies: Decimal


def bake(kitchen: Kitchen) -> Sales:
    pies = sum((oven.pies for oven in kitchen.ovens), Decimal(0)) * kitchen.days * kitchen.sold
    return Sales(tuple(oven.name for oven in kitchen.ovens), pies)


def headline(kitchen: Kitchen, sales: Sales) -> str:
    return f"{sales.pies.normalize():f} pies in {kitchen.days} days"


def rows(kitchen: Kitchen, sales: Sales) -> Sequence[tuple[str, Any, str]]:
    return [("Days", kitchen.days, ""), ("Share sold", kitchen.sold, "%"), ("Pies", sales.pies, "")]


def show(*_of: Any) -> Mapping[str, Any]:
    return {}


PIES = AnalysisKind(
    slug="pies",
    title="Pies",
    explain="Says how many pies a kitchen sells.",
    inputs=Kitchen,
    result=Sales,
    compute=bake,
    engine=1,
    headline=headline,
    choices=lambda sales: sales.names,
    rows=rows,
    template="components/empty.html",
    how="components/empty.html",
    show=show,
    levers=("sold",),
    part="ovens",
)
AREA = Area(slug="pie-yard", title="Yard", analyses=(PIES,))
