"""A check that reads its readings from a list, a metric and a policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.areas import Area, Check, MetricKind, PolicyKind, Reading, Window
from portal.policies.parameters import parameter
from portal.registry.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Limits:
    """Above ``breach`` is too much."""

    warn: float = parameter(0.1, "Warns from", looser="up")
    breach: float = parameter(0.25, "Breached from", looser="up")

    def __post_init__(self) -> None:
        if self.warn > self.breach:
            raise ValueError("A warning comes before a breach.")


@dataclass
class Told:
    """What the check answers: readings, or a function of subject, window and parameters."""

    answer: Any = ()
    asked: int = 0


TOLD = Told()


def measure(subject: Any, window: Window, limits: Limits) -> Sequence[Reading]:
    TOLD.asked += 1
    answer: Sequence[Reading] = TOLD.answer(subject, window, limits) if callable(TOLD.answer) else TOLD.answer
    return answer


def subjects(_at: datetime) -> Iterator[ModelVersion]:
    yield from ModelVersion.objects.all()


SHIFT = MetricKind("shift", "Shift", unit="", direction="down")
LIMITS = PolicyKind("shift", "Limits of shift", Limits)
SHIFT_CHECK = Check(
    "shift",
    "Feature shift",
    measure=measure,
    subjects=subjects,
    policy=LIMITS,
    metrics=(SHIFT,),
    every=timedelta(days=1),
    explain="Compares each feature with its reference.",
)

AREA = Area(slug="yard", title="Yard", checks=(SHIFT_CHECK,), policies=(LIMITS,), metrics=(SHIFT,))
