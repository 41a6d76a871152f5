"""What the gates of an environment say of a version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

CLOSED = frozenset({"failed", "waiting"})
ENFORCES = "enforces"
COLOURS = {"failed": "31", "waiting": "33", "waived": "36", "passed": "32"}


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's answer: ``state`` passed, failed, waiting or waived; at ``fix_url`` it can be mended."""

    name: str
    title: str
    state: str
    mode: str
    reason: str
    fix_url: str

    @property
    def refuses(self) -> bool:
        """Whether it keeps the version out; a gate that only warns or observes does not."""
        return self.state in CLOSED and self.mode == ENFORCES


@dataclass(frozen=True, slots=True)
class GateReport:
    """All gates of one environment, the closed ones first."""

    model: str
    version: int
    environment: str
    allowed: bool
    gates: tuple[Gate, ...]

    def text(self, *, colour: bool = False) -> str:
        """The report for a person, a line a gate; closed ones with the page that mends them."""
        closed = sum(gate.refuses for gate in self.gates)
        says = "open" if self.allowed else f"closed, by {closed} of {len(self.gates)} gates"
        lines = [f"{self.model} v{self.version} to {self.environment}: {says}"]
        width = max((len(gate.title) for gate in self.gates), default=0)
        for gate in self.gates:
            state = f"{gate.state:7}"
            if colour:
                state = f"\x1b[{COLOURS.get(gate.state, '0')}m{state}\x1b[0m"
            only = "" if gate.mode == ENFORCES or gate.state not in CLOSED else f" ({gate.mode} only)"
            lines.append(f"  {state}  {gate.title:{width}}  {gate.reason}{only}".rstrip())
            if gate.fix_url and gate.state in CLOSED:
                lines.append(f"  {'':7}  {'':{width}}  {gate.fix_url}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return self.text()


def report_of(
    answer: Mapping[str, Any], *, model: str, version: int, environment: str, absolute: Callable[[str], str]
) -> GateReport:
    """The report in an answer of the portal, or in the problem body of a refused promotion."""
    gates = tuple(
        Gate(
            name=str(row["gate"]),
            title=str(row.get("title") or row["gate"]),
            state=str(row["state"]),
            mode=str(row.get("mode") or ENFORCES),
            reason=str(row.get("reason") or ""),
            fix_url=absolute(row.get("fix_url") or ""),
        )
        for row in answer["gates"]
    )
    allowed = bool(answer.get("allowed", not any(gate.refuses for gate in gates)))
    return GateReport(model, version, environment, allowed, gates)
