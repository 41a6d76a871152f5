"""Pages of systems, models and versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.accounts.services import organisation
from portal.audit.timeline import timeline_of
from portal.errors import Denied
from portal.registry import selectors, services
from portal.registry.forms import AccessForm, StageForm, SystemForm
from portal.registry.gates import GateReport
from portal.registry.models import RegisteredModel, Stage, System
from portal.registry.pages import SystemPage, VersionPage
from portal.registry.tables import (
    AssignmentFilter,
    AssignmentTable,
    ModelFilter,
    ModelTable,
    SystemFilter,
    SystemTable,
)
from portal.rights import may
from portal.web import figures
from portal.web.pages import ActionView, FormPage, ListPage, Page, Suggestions
from portal.web.parts import Crumb, Empty, Fact
from portal.web.status import Tone

ACTIVITY = 6


class Systems(ListPage):
    """All AI systems a person may see, from the first proposal on."""

    does = "registry.read"
    title = "Systems"
    template_name = "registry/systems.html"
    table_class = SystemTable
    filterset_class = SystemFilter
    noun = ("system", "systems")

    def rows(self) -> Any:
        return selectors.systems_for_list(self.person)

    def summary(self) -> str:
        return "Every AI system from the first proposal on: its purpose, its people and where it stands."

    def empty(self) -> Empty:
        return Empty(
            "No systems yet", "Propose the first one.", "Propose a system", reverse("registry:propose")
        )

    def context(self) -> Mapping[str, Any]:
        return {**super().context(), "may_propose": may(self.person, "registry.propose")}


class SystemDetail(SystemPage):
    """One system: purpose, people, models, and what the areas say of it."""

    does = "registry.read"
    template_name = "registry/system.html"

    def heading(self) -> str:
        return self.system.name

    def summary(self) -> str:
        return self.system.purpose or "Its purpose is not recorded."

    def facts(self) -> Sequence[Fact]:
        system = self.system
        return (
            Fact("Stage", Stage(system.stage).label, tone=selectors.STAGE_TONES[system.stage]),
            Fact("Risk tier", system.get_risk_tier_display()),
            Fact("Unit", system.unit.name),
            Fact(
                "Owner", system.owner or "nobody", f"deputy {system.deputy}" if system.deputy else "no deputy"
            ),
            Fact("Proposed", system.created_at),
            Fact("Reference", system.ref),
        )

    def context(self) -> Mapping[str, Any]:
        user = self.person
        models = selectors.models_for_list(user).filter(system=self.system)
        return {
            "system": self.system,
            "models": models,
            "panels": selectors.panels_for(user, "system_panels", self.system),
            "grants": self.system.grants.select_related("user", "granted_by", "permission").order_by(
                "expires_at"
            ),
            "events": timeline_of(self.system, limit=ACTIVITY),
            "may_edit": selectors.can_change(user, self.system, "registry.edit"),
            "may_move": selectors.can_change(user, self.system, "registry.stage")
            and bool(services.STAGES[self.system.stage]),
            "may_grant": selectors.can_change(user, self.system, "registry.grant"),
        }


class SuggestSystems(Suggestions):
    """Systems a person may see whose name or reference holds what is typed."""

    does = "registry.read"

    def find(self, text: str) -> Iterable[tuple[str, str]]:
        visible = System.objects.visible_to(self.person)
        by_ref = System.objects.with_ref(text.upper()).values("pk")
        found = visible.filter(Q(name__icontains=text) | Q(pk__in=by_ref)).order_by("name")
        return [(system.ref, system.name) for system in found[:12]]


class ProposeSystem(FormPage):
    """A new system."""

    does = "registry.propose"
    title = "Propose a system"
    nav = "registry:systems"
    form_class = SystemForm
    submit = "Propose system"

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person, "action": self.does}

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Systems", reverse("registry:systems")), Crumb("Propose"))

    def perform(self, form: Any) -> str:
        return services.create_system(actor=self.person, **form.cleaned_data).get_absolute_url()

    def done(self, form: Any) -> str:
        return f"{form.cleaned_data['name']} is proposed."


class EditSystem(SystemPage, FormPage):
    """What is recorded of a system, changed."""

    does = "registry.edit"
    title = "Edit"
    template_name = FormPage.template_name
    form_class = SystemForm
    submit = "Save system"

    def heading(self) -> str:
        return f"Edit {self.system.name}"

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person, "action": self.does, "instance": self.system}

    def perform(self, form: Any) -> str:
        changed = services.update_system(self.system, actor=self.person, **form.cleaned_data)
        return changed.get_absolute_url()


class MoveSystem(SystemPage, FormPage):
    """The next step of a system's life."""

    does = "registry.stage"
    template_name = FormPage.template_name
    form_class = StageForm
    submit = "Move system"

    def heading(self) -> str:
        return f"Move {self.system.name} on"

    def summary(self) -> str:
        return f"It is {Stage(self.system.stage).label.lower()}."

    def form_arguments(self) -> Mapping[str, Any]:
        return {"system": self.system}

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        services.set_stage(self.system, Stage(data["stage"]), actor=self.person, reason=data["reason"])
        return self.system.get_absolute_url()


class GrantAccess(SystemPage, FormPage):
    """An exception to the units, for a reason, until a day."""

    does = "registry.grant"
    template_name = FormPage.template_name
    form_class = AccessForm
    submit = "Grant access"

    def heading(self) -> str:
        return f"Let somebody into {self.system.name}"

    def summary(self) -> str:
        return "People of its unit see it anyway. This is for one person from outside, until a day."

    def form_arguments(self) -> Mapping[str, Any]:
        return {}

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        services.grant_access(
            self.system,
            data["person"],
            works=data["works"],
            reason=data["reason"],
            days=data["days"],
            actor=self.person,
        )
        return self.system.get_absolute_url()


class Models(ListPage):
    """All registered models a person may see."""

    does = "registry.read"
    title = "Models"
    template_name = "registry/models.html"
    table_class = ModelTable
    filterset_class = ModelFilter
    noun = ("model", "models")

    def rows(self) -> Any:
        return selectors.models_for_list(self.person)

    def empty(self) -> Empty:
        return Empty(
            "No models yet",
            "A model appears here when code registers it, in three lines.",
            "How to register a model",
            reverse("registry:register"),
        )


class InProduction(ListPage):
    """What served in an environment on a day, the days long past included."""

    does = "registry.read"
    title = "In production"
    nav = "registry:models"
    table_class = AssignmentTable
    filterset_class = AssignmentFilter
    noun = ("assignment", "assignments")

    def rows(self) -> Any:
        return selectors.assignments_for_list(self.person)

    @cached_property
    def chosen(self) -> Mapping[str, Any]:
        """The day and the environment, as far as they can be read."""
        form = self.filter.form
        return form.cleaned_data if form.is_valid() else {}

    def heading(self) -> str:
        day, environment = self.chosen.get("on"), self.chosen.get("environment")
        if day is None:
            return "This day cannot be read"
        where = f"in {environment.name.lower()}" if environment else "anywhere"
        return f"What served {where} on {figures.day(day)}"

    def summary(self) -> str:
        return "All that served at any time of that day, from when to when. Programs ask by as_of."

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Models", reverse("registry:models")), Crumb("In production"))

    def empty(self) -> Empty:
        return Empty(
            "Nothing has served yet",
            "A version appears here from the moment it is promoted.",
            "Models",
            reverse("registry:models"),
        )

    def _is_filtered(self) -> bool:
        """A day on which nothing served is an answer, as long as another day has one."""
        return super()._is_filtered() or self.rows().exists()


class RegisterModel(Page):
    """How code registers a model: three lines, or the MLflow client unchanged."""

    does = "registry.read"
    title = "Register a model"
    nav = "registry:models"
    template_name = "registry/register.html"

    def summary(self) -> str:
        return "Models are registered from code, so that what is known of them comes from the code itself."

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Models", reverse("registry:models")), Crumb("Register"))

    def context(self) -> Mapping[str, Any]:
        return {"url": settings.PORTAL_PUBLIC_URL}


class ModelRedirect(Page):
    """A model's own address: leads to the version that serves, or to the newest."""

    does = "registry.read"
    title = "Model"
    nav = "registry:models"
    template_name = "registry/model_without_version.html"

    @cached_property
    def model(self) -> RegisteredModel:
        visible = RegisteredModel.objects.visible_to(self.person)
        return visible.select_related("system").get(name=self.kwargs["name"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        version = selectors.leading_version(self.person, self.kwargs["name"])
        if version is not None:
            return redirect(version)
        return super().get(request, *args, **kwargs)

    def heading(self) -> str:
        return f"{self.model.name} has no version yet"

    def context(self) -> Mapping[str, Any]:
        return {"model": self.model, "url": settings.PORTAL_PUBLIC_URL}


class VersionDetail(VersionPage):
    """One version: what is known of it, its release gate, and what the areas measure."""

    does = "registry.read"
    tab = "registry:version"
    template_name = "registry/version.html"

    @cached_property
    def report(self) -> GateReport | None:
        return selectors.gate_of(self.version)

    @cached_property
    def serving(self) -> selectors.Serving | None:
        return selectors.serving_of(self.version)

    def heading(self) -> str:
        version = self.version
        if self.serving is not None and self.serving.word == "Production":
            return f"{version} serves in production"
        if self.report is None or not self.report.results:
            return str(version)
        closed = len(self.report.refusals)
        if closed:
            return f"{version} cannot go to production: {closed} of {len(self.report.results)} gates closed"
        return f"{version} may go to production"

    def summary(self) -> str:
        return self.version.description or self.version.model.description or "It has no description."

    def facts(self) -> Sequence[Fact]:
        version, system = self.version, self.version.system
        serving = self.serving
        owner = Fact(
            "Owner", system.owner or "nobody", f"deputy {system.deputy}" if system.deputy else "no deputy"
        )
        return (
            Fact(
                "Serves", serving.word if serving else "nowhere", tone=serving.tone if serving else Tone.NONE
            ),
            Fact("State", version.get_state_display()),
            Fact("Risk tier", system.get_risk_tier_display()),
            Fact("System", system.name, url=system.get_absolute_url()),
            owner,
            Fact("Registered", version.created_at, f"by {version.created_by}" if version.created_by else ""),
        )

    def context(self) -> Mapping[str, Any]:
        user, version = self.person, self.version
        versions = version.model.versions.live().order_by("-number")[:10]
        return {
            "version": version,
            "report": self.report,
            "gate_rows": selectors.gate_rows(self.report) if self.report else (),
            "versions": [(row, selectors.serving_of(row)) for row in versions],
            "panels": selectors.panels_for(user, "version_panels", version),
            "events": timeline_of(version, limit=ACTIVITY),
            "url": settings.PORTAL_PUBLIC_URL,
            "may_promote": selectors.can_change(user, version.system, "registry.promote"),
            "serves": self.serving is not None and self.serving.word == "Production",
            "inputs": (version.schema or {}).get("features", ()),
            "today": organisation().today(),
        }


class Promote(ActionView):
    """The button that makes a version the primary in production; the gates decide."""

    does = "registry.promote"

    def perform(self) -> str:
        version = selectors.version_named(
            self.person,
            self.kwargs["name"],
            self.kwargs["number"],
            self.does,
        )
        services.promote(version, services.PRODUCTION, actor=self.person)
        return f"{version} serves in production now."

    def back_url(self) -> str:
        return reverse("registry:version", args=[self.kwargs["name"], self.kwargs["number"]])


class EndAccess(ActionView):
    """Takes an exception back."""

    does = "registry.grant"

    def perform(self) -> str:
        system = selectors.system_named(self.person, self.kwargs["ref"], self.does)
        grant = system.grants.filter(pk=self.kwargs["pk"]).first()
        if grant is None:
            raise Denied("This access has ended already.")
        services.end_access(grant, actor=self.person)
        return "The access has ended."

    def back_url(self) -> str:
        return reverse("registry:system", args=[self.kwargs["ref"]])
