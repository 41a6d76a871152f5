"""One finding: what is wrong, since when, and what is to become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.services import organisation
from portal.areas import Severity
from portal.audit.timeline import timeline_of
from portal.errors import Missing
from portal.findings import selectors, services
from portal.findings.forms import CommentForm, DecisionForm, TriageForm, WaiverForm
from portal.findings.models import FindingState, Waiver
from portal.findings.readings import reading_rows, trend_chart
from portal.findings.views.base import AboutFinding, OneFinding
from portal.rights import may
from portal.web.figures import day
from portal.web.pages import ActionView, FormPage
from portal.web.pages.base import safe_next
from portal.web.parts import Fact
from portal.web.status import words_of


class FindingPage(OneFinding):
    """A finding with its readings, its history, and the triage for whoever may answer."""

    does = "findings.read"
    template_name = "findings/finding.html"

    def heading(self) -> str:
        return self.finding.title

    def summary(self) -> str:
        return self.finding.summary

    def facts(self) -> Sequence[Fact]:
        finding = self.finding
        tone, word = words_of(Severity(finding.severity))
        state_tone, state = selectors.STATE_WORDS[finding.state]
        left = selectors.time_left(finding.due_on, organisation().today()) if self.waits else ""
        return (
            Fact(_("Severity"), word, tone=tone),
            Fact(_("State"), state, tone=state_tone),
            Fact(_("System"), finding.system.name, url=finding.system.get_absolute_url()),
            Fact(_("Owner"), finding.owner or _("nobody yet")),
            Fact(_("To be answered by"), finding.due_on, left),
            Fact(_("Opened"), finding.opened_at),
            Fact(_("Seen"), finding.occurrences, _("last %(when)s") % {"when": day(finding.last_seen_at)}),
        )

    @property
    def waits(self) -> bool:
        return self.finding.state in selectors.ANSWERABLE

    def context(self) -> Mapping[str, Any]:
        finding, person = self.finding, self.person
        answers = finding.state != FindingState.CLOSED and may(person, "findings.answer")
        return {
            "finding": finding,
            "readings": reading_rows(finding.detail.get("readings", [])),
            "trend": trend_chart(finding.detail),
            "comments": finding.comments.select_related("author"),
            "events": timeline_of(finding, limit=10),
            "similar": selectors.similar(finding),
            "parts": finding.parts.all(),
            "asked": selectors.waiver_asked(finding),
            "waiver": selectors.waiver_in_force(finding),
            "triage": TriageForm(finding=finding, user=person) if answers else None,
            "waits": self.waits,
            "may_answer": answers,
            "may_waive": may(person, "findings.waive"),
        }


class Acknowledge(AboutFinding, ActionView):
    does = "findings.answer"

    def perform(self) -> str:
        services.acknowledge(self.finding, actor=self.person, note=self.request.POST.get("note", "")[:2000])
        return _("Noted that you have seen it.")


class TriagePage(OneFinding, FormPage):
    """The triage as a page of its own, for whoever comes without the two-pane page."""

    does = "findings.answer"
    form_class = TriageForm

    def form_arguments(self) -> Mapping[str, Any]:
        return {"finding": self.finding, "user": self.person}


class Accept(TriagePage):
    title = gettext_lazy("Accept finding")
    submit = gettext_lazy("Accept finding")

    def perform(self, form: Any) -> str:
        services.accept(self.finding, actor=self.person, **form.cleaned_data)
        return safe_next(self.request, self.back_url())


class Assign(TriagePage):
    title = gettext_lazy("Hand over")
    submit = gettext_lazy("Hand over")

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        services.assign(self.finding, owner=data["owner"], actor=self.person, note=data["note"])
        return self.back_url()


class WriteComment(OneFinding, FormPage):
    does = "findings.answer"
    title = gettext_lazy("Comment")
    form_class = CommentForm
    submit = gettext_lazy("Add comment")

    def perform(self, form: Any) -> str:
        services.comment(self.finding, form.cleaned_data["text"], actor=self.person)
        return self.back_url()


class AskWaiver(OneFinding, FormPage):
    """Ask that a finding needs no answer until a day; somebody else agrees or not."""

    does = "findings.answer"
    title = gettext_lazy("Ask for a waiver")
    form_class = WaiverForm
    submit = gettext_lazy("Ask for a waiver")

    def summary(self) -> str:
        return _("Until a second person agrees, the finding stays open. On its last day it opens again.")

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        ends = datetime.combine(data["until"], time(23, 59, 59), organisation().zone)
        services.ask_waiver(self.finding, reason=data["reason"], expires_at=ends, actor=self.person)
        return self.back_url()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the signature of the base
        return _("Asked. Whoever may decide is told.")


class DecideWaiver(OneFinding, FormPage):
    does = "findings.waive"
    title = gettext_lazy("Decide on the waiver")
    form_class = DecisionForm
    submit = gettext_lazy("Decide")

    @cached_property
    def asked(self) -> Waiver:
        found = selectors.waiver_asked(self.finding)
        if found is None:
            raise Missing
        return found

    def summary(self) -> str:
        told = {"who": self.asked.asked_by, "reason": self.asked.reason, "day": day(self.asked.expires_at)}
        return _("%(who)s asks, until %(day)s: %(reason)s") % told

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        services.decide_waiver(self.asked, actor=self.person, grant=data["grant"], note=data["note"])
        return self.back_url()
