"""What homes read across the packages below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.accounts.models import User
from portal.areas import Verdict
from portal.checks.models import Evaluation
from portal.metrics.selectors import scorecard
from portal.registry.models import ModelVersion, RegisteredModel, State, System
from portal.registry.selectors import gate_of, gate_rows, models_for_list
from portal.web.parts import GateRow, Pillar
from portal.web.status import VERDICTS, Tone

RANK = (Verdict.BREACH, Verdict.ERROR, Verdict.WARN, Verdict.INSUFFICIENT, Verdict.NO_DATA, Verdict.OK)
"""Verdicts, the worst first."""
IN_THE_WORKS = (State.REGISTERED, State.IN_VALIDATION, State.APPROVED)


@dataclass(frozen=True, slots=True)
class Blocked:
    """A version that may not go to production, and the gates that say so."""

    version: ModelVersion
    rows: Sequence[GateRow]


@dataclass(frozen=True, slots=True)
class Health:
    """The worst newest verdict of a system or model, in a word."""

    tone: Tone
    word: str


def tile_pillars(at: datetime) -> Sequence[Pillar]:
    """The KPI tiles by pillar."""
    return scorecard(at)


def mine(user: User) -> Q:
    """What makes a model somebody's: they own its system, stand in for its owner, or registered it."""
    return Q(system__owner=user) | Q(system__deputy=user) | Q(created_by=user)


def my_models(user: User) -> QuerySet[RegisteredModel]:
    """The models of a person, by name."""
    return models_for_list(user).filter(mine(user)).order_by("name")


def my_places(user: User) -> QuerySet[RegisteredModel, Any]:
    """The ids of the systems that a person's models are parts of."""
    return RegisteredModel.objects.visible_to(user).filter(mine(user)).values("system_id")


def blocked_versions(user: User) -> Sequence[Blocked]:
    """Of the three versions changed last that are the newest of a person's models and on their way, those
    that a gate refuses. Headline and box of one page both ask: it is worked out once for this ``user``.
    """
    if "blocked_versions" not in user.__dict__:
        user.__dict__["blocked_versions"] = list(_blocked(user))
    found: Sequence[Blocked] = user.__dict__["blocked_versions"]
    return found


def _blocked(user: User) -> Iterator[Blocked]:
    present = ModelVersion.objects.filter(deleted_at=None)
    newer = present.filter(model=OuterRef("model"), number__gt=OuterRef("number"))
    models = RegisteredModel.objects.visible_to(user).filter(mine(user))
    newest = present.filter(~Exists(newer), model__in=models, state__in=IN_THE_WORKS).order_by("-updated_at")
    for version in newest.select_related(
        "model__system__unit", "model__system__owner", "model__system__deputy"
    )[:3]:
        report = gate_of(version)
        if report is not None and report.refusals:
            yield Blocked(version, [row for row in gate_rows(report) if row.needs_work])


def health_of_systems(systems: Sequence[System]) -> dict[int, Health]:
    """The worst newest verdict of each system. One query."""
    rows = (
        Evaluation.objects.current()
        .filter(system__in=systems)
        .order_by("system_id", "check_slug", "subject_type", "subject_id", "-window_end")
        .distinct("system_id", "check_slug", "subject_type", "subject_id")
        .values_list("system_id", "verdict")
    )
    worst: dict[int, Verdict] = {}
    for system, verdict in rows:
        held = worst.get(system)
        found = Verdict(verdict)
        if held is None or RANK.index(found) < RANK.index(held):
            worst[system] = found
    return {system: Health(VERDICTS[v][0], str(VERDICTS[v][1])) for system, v in worst.items()}
