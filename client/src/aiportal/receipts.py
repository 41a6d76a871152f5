"""What became of the rows of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

COUNTS = ("received", "accepted", "duplicates", "refused", "parked")


@dataclass(slots=True)
class Receipt:
    """Rows counted over all pieces of a delivery.

    ``received`` by the portal = accepted + duplicates + refused. ``parked`` outcomes wait for their
    predictions. ``queued`` rows have not reached the portal yet. ``runs`` are loads the portal does later.
    """

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    parked: int = 0
    queued: int = 0
    quarantines: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def add(self, answer: Mapping[str, Any]) -> None:
        """Count the portal's answer to one piece."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + int(answer.get(name) or 0))
        if answer.get("quarantine_url"):
            self.quarantines.append(str(answer["quarantine_url"]))
        if answer.get("run"):
            self.runs.append(str(answer["run"]))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        said = [f"{self.received} received", f"{self.accepted} accepted"]
        said += [f"{getattr(self, name)} {name}" for name in (*COUNTS[2:], "queued") if getattr(self, name)]
        return ", ".join(said)
