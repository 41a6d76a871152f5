"""Gates make decisions bind: every declared gate of an environment answers before a version serves there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from portal.areas import Gate, GateAnswer, GateState, declared
from portal.registry.models import Environment, Mode, ModelVersion

CLOSED = frozenset({GateState.FAILED, GateState.WAITING})
ORDER = {GateState.FAILED: 0, GateState.WAITING: 1, GateState.WAIVED: 2, GateState.PASSED: 3}


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate's answer for one version in one environment."""

    gate: Gate
    answer: GateAnswer
    mode: Mode

    @property
    def refuses(self) -> bool:
        return self.answer.state in CLOSED and self.mode == Mode.ENFORCES

    def as_dict(self) -> dict[str, Any]:
        """The shape of the API."""
        return {
            "gate": self.gate.slug,
            "title": self.gate.title,
            "state": self.answer.state.value,
            "mode": self.mode.value,
            "reason": self.answer.reason,
            "fix_url": self.answer.fix_url or None,
        }


@dataclass(frozen=True, slots=True)
class GateReport:
    """All gates of an environment, the closed ones first."""

    environment: Environment
    results: tuple[GateResult, ...]

    @property
    def allowed(self) -> bool:
        return not any(result.refuses for result in self.results)

    @property
    def refusals(self) -> list[GateResult]:
        return [result for result in self.results if result.refuses]

    def counts(self) -> dict[str, int]:
        """How many gates are in each state; states without a gate are absent."""
        states = [result.answer.state.value for result in self.results]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    def sentence(self) -> str:
        """What is missing, for a person or a program."""
        missing = "; ".join(f"{r.gate.title}: {r.answer.reason}" for r in self.refusals)
        count = f"{len(self.refusals)} of {len(self.results)} gates of {self.environment.slug}"
        return f"{count} are closed. {missing}"


def ask_gates(version: ModelVersion, environment: Environment) -> GateReport:
    """Ask every declared gate of the environment. A waiver in force opens a closed gate, visibly."""
    modes = {setting.gate: Mode(setting.mode) for setting in environment.gate_settings.all()}
    waivers = {waiver.gate: waiver for waiver in version.waivers.filter(expires_at__gt=timezone.now())}
    results = []
    for gate in declared("gates"):
        if environment.slug not in gate.environments:
            continue
        answer = gate.asks(version)
        waiver = waivers.get(gate.slug)
        if waiver is not None and answer.state in CLOSED:
            answer = GateAnswer(
                GateState.WAIVED,
                f"Waived until {waiver.expires_at:%d %b %Y}: {waiver.reason}",
                answer.fix_url,
            )
        results.append(GateResult(gate, answer, modes.get(gate.slug, Mode(environment.mode))))
    results.sort(key=lambda result: (ORDER[result.answer.state], result.gate.order))
    return GateReport(environment, tuple(results))
