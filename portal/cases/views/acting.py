"""What people do on a case beside voting, each a form or a button that calls one service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, cast

from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.cases import forms, services
from portal.cases.models import Case, Condition
from portal.cases.views.base import OneCase, case_named
from portal.errors import Missing
from portal.evidence.downloads import answer, refuse_long_bodies
from portal.evidence.forms import EvidenceForm
from portal.evidence.models import Kind
from portal.evidence.selectors import evidence_of
from portal.evidence.services import store
from portal.registry.models import ModelVersion
from portal.registry.selectors import version_named
from portal.web.pages import ActionView, ConfirmPage, FormPage
from portal.web.parts import Crumb


class CaseForm(FormPage, OneCase):
    """A form about a case; afterwards the person is back on its page."""

    does = "cases.vote"

    def heading(self) -> str:
        return f"{self.title}: {self.case.title}"

    def perform(self, form: Any) -> str:
        self.act(form.cleaned_data)
        return self.case.get_absolute_url()

    def act(self, given: Mapping[str, Any]) -> None:
        """Call the service with what was given."""
        raise NotImplementedError


class DeclareConflict(CaseForm):
    """Step aside from a decision."""

    title = gettext_lazy("Declare a conflict")
    form_class = forms.ConflictForm
    submit = gettext_lazy("Declare conflict")

    def summary(self) -> str:
        return _("You then have no vote, and the quorum does not count you. It cannot be taken back.")

    def act(self, given: Mapping[str, Any]) -> None:
        services.declare_conflict(self.case, actor=self.person, reason=given["reason"])


class SetDueDay(CaseForm):
    """Another day for an open case."""

    title = gettext_lazy("Set a new day")
    form_class = forms.DueDayForm
    submit = gettext_lazy("Set day")

    def act(self, given: Mapping[str, Any]) -> None:
        services.set_due_day(self.case, given["due_on"], actor=self.person, reason=given["reason"])


class Withdraw(ConfirmPage, CaseForm):
    """A step before a question is taken back."""

    does = "cases.comment"
    title = gettext_lazy("Withdraw")
    form_class = forms.WithdrawForm
    submit = gettext_lazy("Withdraw case")

    def summary(self) -> str:
        return _("Votes already given stay on record. To decide it after all, it has to be asked again.")

    def act(self, given: Mapping[str, Any]) -> None:
        services.withdraw(self.case, actor=self.person, reason=given["reason"])


class ReportDone(CaseForm):
    """Its owner says how what the case is about was done."""

    does = "cases.read"
    title = gettext_lazy("Report as done")
    form_class = forms.DoneForm
    submit = gettext_lazy("Report as done")

    def act(self, given: Mapping[str, Any]) -> None:
        services.report_done(self.case, actor=self.person, how=given["how"])


class NameCondition(CaseForm):
    """A condition, named while the case is open."""

    title = gettext_lazy("Add a condition")
    form_class = forms.ConditionFields
    submit = gettext_lazy("Add condition")

    def form_arguments(self) -> Mapping[str, Any]:
        return {"case": self.case}

    def act(self, given: Mapping[str, Any]) -> None:
        services.propose_condition(
            self.case,
            text=given["condition"],
            owner=given["condition_owner"],
            due_on=given["condition_due"],
            actor=self.person,
        )


class OneCondition(CaseForm):
    """A form about a condition of a case."""

    @cached_property
    def condition(self) -> Condition:
        found = self.case.conditions.filter(pk=self.kwargs["pk"]).select_related("case").first()
        if found is None:
            raise Missing
        return found

    def heading(self) -> str:
        return f"{self.title}: {self.condition.text}"


class ReportCondition(OneCondition):
    """Its owner says how a condition was met."""

    does = "cases.read"
    title = gettext_lazy("Report as met")
    form_class = forms.ReportForm
    submit = gettext_lazy("Report as met")

    def form_arguments(self) -> Mapping[str, Any]:
        return {"evidence": evidence_of(self.case)}

    def act(self, given: Mapping[str, Any]) -> None:
        services.report_condition(
            self.condition, actor=self.person, how=given["how"], evidence=given["evidence"]
        )


class AcceptCondition(OneCondition):
    """Somebody who decides states that a condition is met."""

    title = gettext_lazy("Accept as met")
    form_class = forms.AcceptForm
    submit = gettext_lazy("Accept as met")

    def initial(self) -> Mapping[str, Any]:
        return {"how": self.condition.how}

    def act(self, given: Mapping[str, Any]) -> None:
        services.accept_condition(self.condition, actor=self.person, how=given["how"])


class AddEvidence(CaseForm):
    """A file on the case."""

    does = "evidence.add"
    title = gettext_lazy("Add evidence")
    form_class = EvidenceForm
    submit = gettext_lazy("Add evidence")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        refuse_long_bodies(request)
        return super().post(request, *args, **kwargs)

    def act(self, given: Mapping[str, Any]) -> None:
        more = dict(given)
        file = more.pop("file")
        store(
            file,
            filename=file.name,
            kind=Kind.UPLOADED,
            subject=self.case,
            actor=self.person,
            **more,
        )


class AddComment(ActionView):
    """A remark on a case."""

    does = "cases.comment"

    @cached_property
    def case(self) -> Case:
        return case_named(self.kwargs["ref"], self.person)

    def perform(self) -> None:
        services.comment(self.case, actor=self.person, text=self.request.POST.get("text", ""))

    def back_url(self) -> str:
        return self.case.get_absolute_url()


class AskWaiver(FormPage):
    """Ask that a gate let a version pass for a while."""

    does = "cases.open"
    nav = "cases:cases"
    title = gettext_lazy("Ask for a waiver")
    form_class = forms.WaiverForm
    submit = gettext_lazy("Ask for a waiver")

    @cached_property
    def version(self) -> ModelVersion:
        return version_named(self.person, self.kwargs["name"], self.kwargs["number"], "cases.open")

    def heading(self) -> str:
        return _("Ask for a waiver for %(version)s") % {"version": self.version}

    def summary(self) -> str:
        return _("Somebody else decides. A waiver ends by itself, and the gate shows it as long as it lasts.")

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Models"), reverse("registry:models")),
            Crumb(str(self.version), self.version.get_absolute_url()),
            Crumb(str(self.title)),
        )

    def initial(self) -> Mapping[str, Any]:
        return {"gate": self.request.GET.get("gate", "")}

    def perform(self, form: Any) -> str:
        given = form.cleaned_data
        case = services.ask_waiver(
            self.version,
            given["gate"],
            actor=self.person,
            reason=given["reason"],
            expires_at=datetime.combine(given["until"], time.max, organisation().zone),
        )
        return case.get_absolute_url()


class CaseFile(View):
    """Evidence on a case, for whoever may read the case."""

    does = "cases.read"
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, ref: str, pk: int) -> FileResponse:
        user = cast("User", request.user)
        found = evidence_of(case_named(ref, user)).filter(pk=pk).select_related("blob").first()
        if found is None:
            raise Missing
        return answer(found, user)
