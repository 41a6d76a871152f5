"""What homes read across the packages below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q

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


def my_models(user: User) -> list[RegisteredModel]:
    """The models of a person, by name."""
    return list(models_for_list(user).filter(mine(user)).order_by("name"))


def blocked_versions(user: User, limit: int = 3) -> list[Blocked]:
    """The newest versions of a person's models that are on their way and that a gate refuses."""
    newest = (
        RegisteredModel.objects.visible_to(user)
        .filter(mine(user))
        .annotate(newest=Max("versions__number", filter=Q(versions__deleted_at=None)))
        .values_list("pk", "newest")
    )
    wanted = Q(pk__in=[])
    for model, number in newest:
        if number is not None:
            wanted |= Q(model=model, number=number)
    versions = ModelVersion.objects.filter(wanted, state__in=IN_THE_WORKS).order_by("-updated_at")
    related = versions.select_related("model__system__unit", "model__system__owner", "model__system__deputy")
    blocked = []
    for version in related[:limit]:
        report = gate_of(version)
        if report is not None and report.refusals:
            rows = [row for row in gate_rows(report) if row.needs_work]
            blocked.append(Blocked(version, rows))
    return blocked


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
