"""The list of cases, and one case with the vote on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.cases import forms, services
from portal.cases.models import Case
from portal.cases.selectors.about import as_rows, cases_of_version
from portal.cases.selectors.bench import approval_view, choice_named, in_words, votes_open
from portal.cases.selectors.page import StaleNotice, case_facts, condition_rows, stale_notice, timeline
from portal.cases.selectors.status import status_of
from portal.cases.services.following import may_withdraw
from portal.cases.snapshots import facts
from portal.cases.tables import CaseFilter, CaseTable
from portal.cases.views.base import OneCase
from portal.evidence.models import Evidence
from portal.evidence.selectors import as_items, evidence_of
from portal.registry.pages import VersionPage
from portal.rights import may
from portal.web.figures import day
from portal.web.pages import FormPage, ListPage
from portal.web.parts import Crumb, Empty, Fact, SavedView
from portal.web.status import Tone


class CaseList(ListPage):
    """Every case this person may read: what waits for them first."""

    does = "cases.read"
    title = gettext_lazy("Reviews")
    noun = (gettext_lazy("review"), gettext_lazy("reviews"))
    table_class = CaseTable
    filterset_class = CaseFilter

    def rows(self) -> QuerySet[Case]:
        rows = Case.objects.visible_to(self.person).open_first().defer("snapshot", "reason")
        return rows.select_related("system", "opened_by")

    @cached_property
    def waiting(self) -> int:
        return Case.objects.decidable_by(self.person).count()

    def heading(self) -> str:
        if not self.waiting:
            return _("Reviews: none waits for your vote")
        return ngettext(
            "Reviews: %(n)s waits for your vote", "Reviews: %(n)s wait for your vote", self.waiting
        ) % {"n": in_words(self.waiting)}

    def summary(self) -> str:
        return _("What people must decide by a day, and what they have decided.")

    def views(self) -> Sequence[SavedView]:
        return (
            SavedView(_("All"), ""),
            SavedView(_("For your vote"), "waiting=me", self.waiting),
            SavedView(_("Open"), "state=open"),
            SavedView(_("Decided"), "state=decided"),
        )

    def empty(self) -> Empty:
        return Empty(
            _("No reviews yet"),
            _("A review opens when somebody asks for a release or an opinion, or when a day nears."),
        )


class CasePage(FormPage, OneCase):
    """What is asked, on what grounds, who has voted; and the vote of whoever may give one."""

    does = {"post": "cases.vote", "*": "cases.read"}
    template_name = "cases/case.html"
    fragment_name = "cases/vote.html"
    form_class = forms.VoteForm
    submit = gettext_lazy("Cast vote")

    def heading(self) -> str:
        case = self.case
        if not case.open:
            told = {"title": case.title, "outcome": case.outcome_title.lower()}
            if self.lapsed:
                return _("%(title)s: %(outcome)s, and stale since") % told
            return _("%(title)s: %(outcome)s") % told
        late = (self.today - case.due_on).days
        if late <= 0:
            return case.title
        return ngettext(
            "%(title)s: the decision was due %(n)s day ago",
            "%(title)s: the decision was due %(n)s days ago",
            late,
        ) % {"title": case.title, "n": late}

    def summary(self) -> str:
        case, seen = self.case, self.bench
        if not case.open:
            return case.closing_reason
        missing = max(0, seen.round.quorum - seen.counted)
        counted = ngettext("%(n)s vote is in", "%(n)s votes are in", seen.counted)
        needed = ngettext("%(n)s more makes the quorum.", "%(n)s more make the quorum.", missing)
        told = (counted % {"n": in_words(seen.counted)}, needed % {"n": in_words(missing)})
        return capfirst(", ".join(told))

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Reviews"), reverse("cases:cases")), Crumb(self.case.ref))

    def facts(self) -> Sequence[Fact]:
        status = (Tone.WARN, _("Stale")) if self.lapsed else status_of(self.case, self.today)
        return case_facts(self.case, status, self.today)

    def form_arguments(self) -> Mapping[str, Any]:
        return {"kind": self.bench.kind, "case": self.case}

    @cached_property
    def stale(self) -> StaleNotice | None:
        return stale_notice(self.case)

    @property
    def lapsed(self) -> bool:
        """Whether this very case approved something that has changed since."""
        return bool(not self.case.open and self.stale and self.stale.case == self.case)

    @cached_property
    def blocked(self) -> str:
        """Why there is no form for this person; empty where there is one."""
        case, own = self.case, self.bench.own_vote(self.person)
        if not case.open:
            return ""
        if own is not None:
            choice = choice_named(self.bench.kind, own.choice)
            told = _(choice.title).lower() if choice is not None else own.choice
            return _("You voted on %(day)s: %(choice)s.") % {"day": day(own.cast_at), "choice": told}
        if self.no_vote:
            return self.no_vote
        if self.today > case.due_on:
            return _("It was due on %(day)s. Set a new day before anybody votes.") % {"day": day(case.due_on)}
        if self.stale is not None and self.stale.case == case:
            return _("It has changed since it was asked, so it has to be asked again.")
        return ""

    def context(self) -> Mapping[str, Any]:
        case, person = self.case, self.person
        decides = not self.no_vote
        shown = votes_open(case, self.bench.kind)
        return {
            "case": case,
            "secrecy": _("hidden until it is decided") if self.bench.kind.secret else "",
            "approval": approval_view(self.bench, person, self.blocked),
            "may_vote": case.open and not self.blocked,
            "may_conflict": case.open and decides and self.bench.own_vote(person) is None,
            "may_set_day": case.open and decides,
            "overdue": case.open and self.today > case.due_on,
            "may_withdraw": case.open and may_withdraw(case, person),
            "may_report": case.open and case.owner == person and case.reported_at is None,
            "may_comment": may(person, "cases.comment"),
            "name_condition_url": self.url("name-condition") if case.open and not self.blocked else "",
            "add_evidence_url": self.url("evidence") if case.open and may(person, "evidence.add") else "",
            "stale": self.stale,
            "picture": facts(case.snapshot, brief=True),
            "votes": case.votes.select_related("voter", "round") if shown else (),
            "conflicts": self.bench.conflicts,
            "rounds": case.rounds.all(),
            "conditions": condition_rows(case, person, decides=decides, today=self.today),
            "comments": case.comments.select_related("author"),
            "evidence": as_items(evidence_of(case), self.address_of),
            "events": timeline(case),
        }

    def address_of(self, evidence: Evidence) -> str:
        """Where evidence is read: private evidence only through this case."""
        if not evidence.private:
            return evidence.get_absolute_url()
        return reverse("cases:file", args=[self.case.ref, evidence.pk])

    def url(self, page: str) -> str:
        return reverse(f"cases:{page}", args=[self.case.ref])

    def perform(self, form: Any) -> str:
        given = form.cleaned_data
        services.cast_vote(
            self.case,
            actor=self.person,
            choice=given["choice"],
            reason=given["reason"],
            conditions=form.wishes,
        )
        return self.case.get_absolute_url()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return _("Vote cast.")


class Approvals(VersionPage):
    """What people decided about a version, and what they still must."""

    does = "cases.read"
    template_name = "cases/approvals.html"
    title = gettext_lazy("Approvals")
    tab = "cases:approvals"

    def heading(self) -> str:
        return _("Approvals of %(version)s") % {"version": self.version}

    def context(self) -> Mapping[str, Any]:
        return {
            "version": self.version,
            "rows": as_rows(cases_of_version(self.person, self.version)),
            "may_ask": may(self.person, "cases.open"),
        }
