"""Pages that enter: a new analysis, its inputs, the entries of its part, a copy, and setting it aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from django.forms import BaseForm
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.services import organisation
from portal.analyses import selectors, services
from portal.analyses.forms import AnalysisForm, TypedForm
from portal.analyses.models import Analysis
from portal.analyses.typed import decode, described, encode
from portal.analyses.views.showing import WRITE, OneAnalysis
from portal.areas import AnalysisKind
from portal.errors import Invalid, Missing, Problem, Refused
from portal.registry.models import System
from portal.web.forms import ConfirmForm, ReasonForm
from portal.web.pages import FormPage
from portal.web.parts import Crumb


class NewAnalysis(FormPage):
    """A new analysis of a kind."""

    does = WRITE
    nav = "analyses:analyses"
    title = gettext_lazy("New analysis")
    form_class = AnalysisForm
    submit = gettext_lazy("Save draft")

    @cached_property
    def kind(self) -> AnalysisKind:
        return selectors.kind_named(self.kwargs["kind"])

    def heading(self) -> str:
        return _("New: %(kind)s") % {"kind": self.kind.title}

    def summary(self) -> str:
        return self.kind.explain

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Analyses"), reverse("analyses:analyses")), Crumb(self.kind.title))

    def form_arguments(self) -> Mapping[str, Any]:
        mine = System.objects.visible_to(self.person, self.does).filter(unassigned=False)
        return {"kind": self.kind.inputs, "systems": mine}

    def initial(self) -> Mapping[str, Any]:
        asked = System.objects.visible_to(self.person, self.does).with_ref(self.request.GET.get("system", ""))
        return {"system": asked.first(), **suggested(self.kind)}

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        made = services.save_analysis(
            self.kind,
            decode(self.kind.inputs, form.typed()),
            title=data["title"],
            question=data["question"],
            system=data["system"],
            actor=self.person,
        )
        return reverse("analyses:add-part", args=[made.ref]) if self.kind.part else made.get_absolute_url()


def suggested(kind: AnalysisKind) -> dict[str, Any]:
    """What a new form may know already: the organisation's currency."""
    known = {told.name for told in described(kind.inputs)}
    return {"currency": organisation().currency} if "currency" in known else {}


class ChangeAnalysis(OneAnalysis, FormPage):
    """A form on a draft; for any other the page says that it stays as it is."""

    does = WRITE

    @cached_property
    def draft(self) -> Analysis:
        if not self.analysis.is_draft:
            state = self.analysis.get_state_display().lower()
            raise Refused(f"{self.analysis.ref} is {state} and stays as it is. Copy it.")
        return self.analysis

    @cached_property
    def inputs(self) -> Any:
        return self.draft.typed_inputs()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return _("Saved, and computed anew.")


class EditAnalysis(ChangeAnalysis):
    """Title, question and the flat inputs of a draft."""

    title = gettext_lazy("Edit")
    form_class = AnalysisForm
    submit = gettext_lazy("Save")

    def form_arguments(self) -> Mapping[str, Any]:
        return {"kind": self.kind.inputs, "present": self.inputs, "systems": None}

    def initial(self) -> Mapping[str, Any]:
        return {"title": self.draft.title, "question": self.draft.question}

    def perform(self, form: Any) -> str:
        services.change_analysis(
            self.draft,
            actor=self.person,
            title=form.cleaned_data["title"],
            question=form.cleaned_data["question"],
            inputs=decode(self.kind.inputs, {**encode(self.inputs), **form.typed()}),
        )
        return self.analysis.get_absolute_url()


class CopyAnalysis(OneAnalysis, FormPage):
    """Another draft from this one, with the levers where somebody has put them."""

    does = WRITE
    title = gettext_lazy("Copy")
    form_class = AnalysisForm
    submit = gettext_lazy("Save as draft")

    @cached_property
    def inputs(self) -> Any:
        return selectors.tried(self.kind, self.analysis.typed_inputs(), self.request.GET.dict())

    def heading(self) -> str:
        return _("Copy %(title)s") % {"title": self.analysis.title}

    def form_arguments(self) -> Mapping[str, Any]:
        return {"kind": self.kind.inputs, "present": self.inputs, "systems": None}

    def initial(self) -> Mapping[str, Any]:
        title = _("%(title)s, another way") % {"title": self.analysis.title}
        return {"title": title[:200], "question": self.analysis.question}

    def perform(self, form: Any) -> str:
        made = services.save_analysis(
            self.kind,
            decode(self.kind.inputs, {**encode(self.inputs), **form.typed()}),
            title=form.cleaned_data["title"],
            question=form.cleaned_data["question"],
            system=self.analysis.system,
            based_on=self.analysis,
            actor=self.person,
        )
        return made.get_absolute_url()


class SetAside(ChangeAnalysis):
    """Take a draft off the table."""

    title = gettext_lazy("Set aside")
    template_name = "shapes/confirm.html"
    danger = True
    form_class: ClassVar[type[BaseForm]] = ReasonForm
    submit = gettext_lazy("Set aside")

    def heading(self) -> str:
        return _("Set %(title)s aside") % {"title": self.draft.title}

    def summary(self) -> str:
        return _("It stays readable and can be copied, but is not changed or accepted any more.")

    def perform(self, form: Any) -> str:
        services.set_aside(self.draft, actor=self.person, reason=form.cleaned_data["reason"])
        return self.analysis.get_absolute_url()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return _("Set aside.")


class PartPage(ChangeAnalysis):
    """A form on one entry of the part, e.g. an option."""

    form_class: ClassVar[type[BaseForm]] = TypedForm

    @cached_property
    def part_type(self) -> type[Any]:
        if not self.kind.part:
            raise Missing
        hints = {told.name: told.hint for told in described(self.kind.inputs)}
        found: type[Any] = hints[self.kind.part].__args__[0]
        return found

    @property
    def entries(self) -> list[Any]:
        return list(getattr(self.inputs, self.kind.part))

    @property
    def place(self) -> int:
        """Which entry it is; a new one comes last."""
        return int(self.kwargs.get("place", len(self.entries)))

    @cached_property
    def entry(self) -> Any:
        if not 0 <= self.place < len(self.entries):
            raise Missing
        return self.entries[self.place]

    def form_arguments(self) -> Mapping[str, Any]:
        return {"kind": self.part_type, "present": self.entry}

    def perform(self, form: Any) -> str:
        entries = [encode(each) for each in self.entries]
        entries[self.place : self.place + 1] = [form.typed()]
        with _pointing_into(f"/{self.kind.part}/{self.place}"):
            inputs = decode(self.kind.inputs, {**encode(self.inputs), self.kind.part: entries})
        services.change_analysis(self.draft, actor=self.person, inputs=inputs)
        return self.analysis.get_absolute_url()


@contextmanager
def _pointing_into(part: str) -> Any:
    """Say of a problem of the whole where it is in the entry of the form."""
    try:
        yield
    except Invalid as error:
        told = [Problem(each.pointer.removeprefix(part), each.detail) for each in error.errors]
        raise Invalid(error.detail, errors=told) from error


class AddPart(PartPage):
    """One more entry."""

    title = gettext_lazy("Add an option")
    submit = gettext_lazy("Add option")

    @cached_property
    def entry(self) -> Any:
        return None

    def summary(self) -> str:
        if self.entries:
            return _("It is compared with the %(count)d that are there.") % {"count": len(self.entries)}
        return _("The first way to meet the need; with two there is an order.")


class EditPart(PartPage):
    """Change one entry."""

    title = gettext_lazy("Edit option")
    submit = gettext_lazy("Save")

    def heading(self) -> str:
        return _("Edit %(name)s") % {"name": self.entry.name}


class RemovePart(PartPage):
    """Take one entry away."""

    title = gettext_lazy("Remove option")
    template_name = "shapes/confirm.html"
    danger = True
    form_class: ClassVar[type[BaseForm]] = ConfirmForm
    submit = gettext_lazy("Remove option")

    def form_arguments(self) -> Mapping[str, Any]:
        return {}

    def heading(self) -> str:
        return _("Remove %(name)s") % {"name": self.entry.name}

    def summary(self) -> str:
        return _("The others are ranked without it. The audit keeps what it was.")

    def perform(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        inputs = selectors.without_part(self.inputs, self.kind.part, self.place)
        services.change_analysis(self.draft, actor=self.person, inputs=inputs)
        return self.analysis.get_absolute_url()
