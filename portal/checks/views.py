"""Pages of checks: what is checked, how each subject stands, and one evaluation in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.areas import Check, Verdict, find
from portal.checks import selectors
from portal.checks.models import Evaluation
from portal.checks.pages import page_of
from portal.checks.tables import EvaluationFilter, EvaluationTable
from portal.checks.words import days_of, sentence_of_evaluation
from portal.errors import Missing
from portal.findings.models import Finding
from portal.findings.readings import reading_rows
from portal.findings.selectors import findings_for
from portal.policies.parameters import described, restore
from portal.web.figures import number
from portal.web.pages import ListPage, Page
from portal.web.parts import Crumb, Empty, Fact
from portal.web.status import words_of


class Checks(Page):
    """Everything machines look at, and how it stands."""

    does = "checks.read"
    title = gettext_lazy("Checks")
    template_name = "checks/checks.html"

    def summary(self) -> str:
        return _("A check measures on its schedule and judges by the policy in force on that day.")

    def context(self) -> Mapping[str, Any]:
        return {"standings": selectors.standings(self.person)}


class CheckPage(ListPage):
    """One check: what it does, and the newest evaluation of each subject."""

    does = "checks.read"
    template_name = "checks/check.html"
    table_class = EvaluationTable
    filterset_class = EvaluationFilter
    noun = (gettext_lazy("subject"), gettext_lazy("subjects"))

    @cached_property
    def check(self) -> Check:
        try:
            found: Check = find("checks", self.kwargs["slug"])
        except KeyError as error:
            raise Missing from error
        return found

    def heading(self) -> str:
        return self.check.title

    def summary(self) -> str:
        return self.check.explain

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Checks"), reverse("checks:checks")), Crumb(self.check.title))

    def facts(self) -> Sequence[Fact]:
        check = self.check
        tone, word = words_of(check.severity)
        return (
            Fact(_("Every"), every(check)),
            Fact(
                _("Judged by"), check.policy.title, url=reverse("policies:policy", args=[check.policy.slug])
            ),
            Fact(_("A breach is"), word, tone=tone),
            Fact(_("Measures"), ", ".join(kind.title for kind in check.metrics)),
        )

    def rows(self) -> Any:
        return selectors.newest_for(self.person).filter(check_slug=self.check.slug)

    def empty(self) -> Empty:
        return Empty(
            _("Nothing has been measured yet"), _("It runs on its schedule, or by hand from the runs.")
        )


class EvaluationPage(Page):
    """One evaluation: every reading, the policy that judged, and what followed."""

    does = "checks.read"
    template_name = "checks/evaluation.html"

    @cached_property
    def evaluation(self) -> Evaluation:
        rows = Evaluation.objects.visible_to(self.person).select_related("system", "run")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Missing
        return found

    @cached_property
    def check(self) -> Check | None:
        """The declaration, unless its area has been removed since."""
        try:
            found: Check = find("checks", self.evaluation.check_slug)
        except KeyError:
            return None
        return found

    def heading(self) -> str:
        return sentence_of_evaluation(self.evaluation, self.check)

    def crumbs(self) -> Sequence[Crumb]:
        slug = self.evaluation.check_slug
        path = [Crumb(_("Checks"), reverse("checks:checks"))]
        if self.check is not None:
            path.append(Crumb(self.check.title, reverse("checks:check", args=[slug])))
        return (*path, Crumb(str(self.evaluation.subject)))

    def facts(self) -> Sequence[Fact]:
        evaluation = self.evaluation
        tone, word = words_of(Verdict(evaluation.verdict))
        run = evaluation.run
        return (
            Fact(_("Verdict"), word, tone=tone),
            Fact(_("System"), evaluation.system.name, url=evaluation.system.get_absolute_url()),
            Fact(_("Window"), days_of(evaluation.window), evaluation.window_state),
            Fact("n", number(evaluation.n), _("reference %(n)s") % {"n": number(evaluation.n_reference)}),
            Fact(_("Computed"), evaluation.computed_at, evaluation.engine),
            Fact(_("Run"), run.pk if run else _("by hand"), url=run.get_absolute_url() if run else ""),
        )

    def context(self) -> Mapping[str, Any]:
        evaluation = self.evaluation
        subject = evaluation.subject
        return {
            "evaluation": evaluation,
            "readings": reading_rows(evaluation.readings),
            "policy": self._policy(),
            "revisions": Evaluation.objects.beside(evaluation)
            .filter(
                window_start=evaluation.window_start,
                window_end=evaluation.window_end,
            )
            .order_by("-revision"),
            "findings": self._findings(),
            "check_page": page_of(self.check, subject) if self.check and subject else "",
        }

    def _policy(self) -> Sequence[tuple[str, object]]:
        """The parameters that judged, in words where they are still declared."""
        told = self.evaluation.policy_parameters
        if self.check is None:
            return sorted(told.items())
        kind = self.check.policy
        return [(row.label, row.text) for row in described(kind, restore(kind, told))]

    def _findings(self) -> Sequence[Finding]:
        evaluation = self.evaluation
        return list(
            findings_for(self.person)
            .filter(
                kind=evaluation.check_slug,
                subject_type=evaluation.subject_type_id,
                subject_id=evaluation.subject_id,
            )
            .unclosed()
            .worst_first()
        )


def every(check: Check) -> str:
    """How often a check runs, in words."""
    hours = check.every.total_seconds() / 3600
    if hours % 24 == 0:
        days = int(hours // 24)
        return _("day") if days == 1 else _("%(days)d days") % {"days": days}
    return _("hour") if hours == 1 else _("%(hours)s hours") % {"hours": number(hours)}
