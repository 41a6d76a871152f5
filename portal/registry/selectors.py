"""Every page-shaped read of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.contrib.postgres.fields.ranges import RangeEndsWith, RangeStartsWith
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import GateState, declared
from portal.errors import Missing
from portal.registry.gates import GateReport, ask_gates
from portal.registry.models import (
    Assignment,
    AssignmentRole,
    Environment,
    ModelVersion,
    RegisteredModel,
    Stage,
    System,
)
from portal.registry.services import PRODUCTION
from portal.rights import may
from portal.web.parts import GateRow, Tab
from portal.web.status import Tone

STAGE_TONES: Mapping[str, Tone] = {
    Stage.PROPOSED: Tone.WAIT,
    Stage.APPROVED: Tone.INFO,
    Stage.DEVELOPMENT: Tone.INFO,
    Stage.OPERATION: Tone.GOOD,
    Stage.PAUSED: Tone.WARN,
    Stage.RETIRING: Tone.WARN,
    Stage.ARCHIVED: Tone.NONE,
}


def can_change(user: User, system: System, action: str) -> bool:
    """Whether this person may do the action on this very system."""
    return may(user, action) and System.objects.visible_to(user, action).filter(pk=system.pk).exists()


def system_named(user: User, ref: str, action: str = "registry.read") -> System:
    """The system of a reference on which this person may do the action. Raises Missing."""
    visible = System.objects.visible_to(user, action)
    found = visible.select_related("unit", "owner", "deputy").with_ref(ref).first()
    if found is None:
        raise Missing(f"There is no system {ref}.")
    return found


def version_named(user: User, name: str, number: int, action: str = "registry.read") -> ModelVersion:
    """The version of a name and number on which this person may do the action. Raises Missing."""
    visible = ModelVersion.objects.live().visible_to(user, action)
    related = visible.select_related(
        "model__system__unit", "model__system__owner", "model__system__deputy", "created_by"
    )
    found = related.filter(model__name=name, number=number).first()
    if found is None:
        raise Missing(f"There is no version {number} of a model {name}.")
    return found


def leading_version(user: User, name: str) -> ModelVersion | None:
    """The version a model's page opens with: what serves in production, else the newest."""
    model = RegisteredModel.objects.visible_to(user).filter(name=name).first()
    if model is None:
        raise Missing(f"There is no model {name}.")
    serving = (
        model.assignments.current().filter(environment__slug=PRODUCTION, role=AssignmentRole.PRIMARY).first()
    )
    if serving is not None:
        return ModelVersion.objects.select_related("model").get(pk=serving.version_id)
    return model.versions.live().select_related("model").order_by("-number").first()


def models_for_list(user: User) -> QuerySet[RegisteredModel]:
    """The models a person may see, each with its newest version and what serves in production."""
    production = Assignment.objects.current().filter(
        model=OuterRef("pk"), environment__slug=PRODUCTION, role=AssignmentRole.PRIMARY
    )
    return (
        RegisteredModel.objects.visible_to(user)
        .select_related("system__unit", "system__owner")
        .annotate(
            serving=Subquery(production.values("version__number")[:1]),
            version_count=Count("versions", filter=Q(versions__deleted_at=None)),
        )
    )


def assignments_for_list(user: User) -> QuerySet[Assignment]:
    """What served where and when, of the models a person may see."""
    found = Assignment.objects.visible_to(user).select_related(
        "environment", "version__model", "model__system__unit", "assigned_by"
    )
    return found.annotate(started_at=RangeStartsWith("period"), ended_at=RangeEndsWith("period")).order_by(
        "model__name", "started_at", "version__number"
    )


def serving_on(rows: QuerySet[Assignment], day: date) -> QuerySet[Assignment]:
    """Of these, what served at any time of a day of the organisation, up to now."""
    zone = organisation().zone
    start = datetime.combine(day, time.min, zone)
    end = min(datetime.combine(day, time.max, zone), timezone.now())
    return rows.filter(period__overlap=(start, end)) if start < end else rows.none()


def systems_for_list(user: User) -> QuerySet[System]:
    """The systems a person may see, each with how many models it has."""
    visible = System.objects.visible_to(user).select_related("unit", "owner", "deputy")
    return visible.annotate(model_count=Count("models"))


def gate_of(version: ModelVersion, environment: str = PRODUCTION) -> GateReport | None:
    """What the gates of an environment say; None where there is no such environment."""
    found = Environment.objects.filter(slug=environment).prefetch_related("gate_settings").first()
    return ask_gates(version, found) if found is not None else None


def gate_rows(report: GateReport) -> list[GateRow]:
    """The gates as rows of the release gate; the first that failed has the primary button."""
    rows = []
    first = True
    for result in report.results:
        failed = result.answer.state == GateState.FAILED
        rows.append(GateRow.of(result.gate.title, result.answer, primary=failed and first))
        first = first and not failed
    return rows


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a version serves, in words: "Production", "Canary 10 %"."""

    word: str
    tone: Tone


def serving_of(version: ModelVersion) -> Serving | None:
    """Where a version serves now, production first."""
    rows = list(version.assignments.current().select_related("environment").order_by("-environment__order"))
    if not rows:
        return None
    row = rows[0]
    if row.role == AssignmentRole.PRIMARY:
        return Serving(row.environment.name, Tone.GOOD if row.environment.slug == PRODUCTION else Tone.INFO)
    return Serving(f"{AssignmentRole(row.role).label} {row.share:.0%}", Tone.INFO)


def version_tabs(user: User, version: ModelVersion, current: str) -> Sequence[Tab]:
    """The tabs of the version page that this person may open."""
    arguments = [version.model.name, version.number]
    found = sorted((tab for tab in declared("tabs") if may(user, tab.does)), key=lambda tab: tab.order)
    return [Tab(tab.title, reverse(tab.page, args=arguments), current=tab.page == current) for tab in found]


def panels_for(user: User, kind: str, subject: Any) -> list[dict[str, Any]]:
    """The declared boxes of a page about a subject, with what each shows."""
    shown = []
    for panel in sorted(declared(kind), key=lambda panel: panel.order):
        context = panel.context(user, subject)
        if context is not None:
            shown.append({"template": panel.template, "wide": panel.wide, "context": context})
    return shown


def search(user: User, text: str) -> list[dict[str, str]]:
    """Systems and models whose name holds the text; prefix matches first."""
    systems = System.objects.visible_to(user).filter(name__icontains=text).order_by("name")[:5]
    models = RegisteredModel.objects.visible_to(user).filter(name__icontains=text).select_related("system")
    return [
        *({"title": s.name, "url": s.get_absolute_url(), "detail": f"System {s.ref}"} for s in systems),
        *(
            {"title": m.name, "url": m.get_absolute_url(), "detail": f"Model of {m.system.name}"}
            for m in models.order_by("name")[:5]
        ),
    ]
