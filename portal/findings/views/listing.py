"""The lists of findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.findings.models import FindingState
from portal.findings.selectors import counts_by_state, findings_for
from portal.findings.tables import FindingFilter, FindingTable
from portal.registry.pages import VersionPage
from portal.web.pages import ListPage
from portal.web.parts import Empty, SavedView

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
        ]

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
