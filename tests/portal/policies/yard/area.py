"""How many rows are enough, and whether few rows are let pass."""

from __future__ import annotations

from dataclasses import dataclass

from portal.areas import Area, PolicyKind
from portal.policies.parameters import parameter


@dataclass(frozen=True, slots=True)
class Enough:
    rows: int = parameter(30, "Rows needed", unit="rows", looser="down")
    lenient: bool = parameter(False, "Few rows pass", looser="up")

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError("At least one row is needed.")


ENOUGH = PolicyKind("enough", "Enough rows", Enough)
AREA = Area(slug="policy-yard", title="Yard", policies=(ENOUGH,))
