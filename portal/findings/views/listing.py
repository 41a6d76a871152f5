"""The list of findings, and views of it that people keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.findings.forms import ViewForm
from portal.findings.models import FindingState
from portal.findings.selectors import counts_by_state, findings_for, saved_views
from portal.findings.services import save_view
from portal.findings.tables import FindingFilter, FindingTable
from portal.registry.pages import VersionPage
from portal.web.pages import FormPage, ListPage
from portal.web.parts import Crumb, Empty, SavedView

PAGE = "findings:findings"
PAGE_OF_VERSION = "findings:version"


class Findings(ListPage):
    """Everything machines noticed on the systems a person may see."""

    does = "findings.read"
    title = gettext_lazy("Findings")
    template_name = "findings/findings.html"
    table_class = FindingTable
    filterset_class = FindingFilter
    noun = (gettext_lazy("finding"), gettext_lazy("findings"))

    def rows(self) -> Any:
        return findings_for(self.person).worst_first()

    @cached_property
    def counts(self) -> dict[str, int]:
        return counts_by_state(self.person)

    def summary(self) -> str:
        return _("A finding is opened by a check and closed by a later run that passes.")

    def views(self) -> Sequence[SavedView]:
        usual = [
            SavedView(str(state.label), f"state={state.value}", count=self.counts[state])
            for state in FindingState
        ]
        return [
            SavedView(_("All"), "", count=sum(self.counts.values())),
            *usual,
            *saved_views(PAGE, self.person),
        ]

    def save_view_url(self) -> str:
        return reverse("findings:save-view")

    def empty(self) -> Empty:
        return Empty(
            _("Nothing has been found"),
            _("Checks run on their schedule; what they find appears here, with its owner and its day."),
        )


class VersionFindings(VersionPage, ListPage):
    """Everything machines noticed on one version."""

    does = "findings.read"
    title = gettext_lazy("Findings")
    tab = PAGE_OF_VERSION
    template_name = "findings/of_version.html"
    table_class = FindingTable
    filterset_class = FindingFilter
    noun = (gettext_lazy("finding"), gettext_lazy("findings"))

    def heading(self) -> str:
        return _("Findings of %(version)s") % {"version": self.version}

    def rows(self) -> Any:
        return findings_for(self.person).of(self.version).worst_first()

    def empty(self) -> Empty:
        return Empty(_("Nothing has been found"), _("Checks of this version run on their schedule."))


class SaveView(FormPage):
    """Keep how the list is filtered and sorted now."""

    does = "findings.read"
    title = gettext_lazy("Save this view")
    nav = PAGE
    form_class = ViewForm
    submit = gettext_lazy("Save view")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Findings"), reverse(PAGE)), Crumb(str(self.title)))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.GET:
            return redirect(PAGE)
        return super().get(request, *args, **kwargs)

    def perform(self, form: Any) -> str:
        query = self.request.GET.urlencode()
        save_view(PAGE, query=query, actor=self.person, **form.cleaned_data)
        return f"{reverse(PAGE)}?{query}"
