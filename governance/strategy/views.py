"""Pages of strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.strategy.calc import Comparison
from governance.strategy.forms import ProposalForm
from governance.strategy.services import DECISION, propose_option
from portal.analyses.models import Analysis
from portal.analyses.views import OneAnalysis
from portal.errors import Missing
from portal.web.figures import money
from portal.web.pages import FormPage


class Propose(OneAnalysis, FormPage):
    """Put one option to the committee."""

    does = "strategy.propose"
    title = gettext_lazy("Propose")
    form_class = ProposalForm
    submit = gettext_lazy("Put to the committee")

    @cached_property
    def analysis(self) -> Analysis:
        found = super().analysis
        if found.kind != "build-or-buy":
            raise Missing
        return found

    def heading(self) -> str:
        return _("Propose an option for %(title)s") % {"title": self.analysis.title}

    def summary(self) -> str:
        return _(
            "%(quorum)d members of the committee decide within %(days)d days, on what is there now: "
            "a change of the draft makes the question stale."
        ) % {"quorum": DECISION.quorum, "days": DECISION.days}

    def form_arguments(self) -> Mapping[str, Any]:
        result: Comparison = self.analysis.typed_result()
        code = self.analysis.inputs["currency"]
        return {
            "options": [
                (worth.name, f"{worth.place}. {worth.name}, {money(worth.npv, code, 0)}")
                for worth in result.ranking
            ]
        }

    def initial(self) -> Mapping[str, Any]:
        best: Comparison = self.analysis.typed_result()
        return {"option": self.analysis.choice or best.best}

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        case = propose_option(self.analysis, data["option"], actor=self.person, reason=data["reason"])
        return case.get_absolute_url()
