"""Pages that show: the list, one analysis, several side by side, and their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.analyses import selectors
from portal.analyses.models import Analysis, State
from portal.analyses.tables import STATE_WORDS, AnalysisFilter, AnalysisTable
from portal.analyses.typed import described, flat
from portal.areas import AnalysisKind, declared
from portal.audit.timeline import timeline_of
from portal.errors import Invalid, Missing
from portal.rights import action_of, may
from portal.web import exports
from portal.web.figures import day
from portal.web.pages import ListPage, Page
from portal.web.parts import Crumb, Empty, Fact
from portal.web.status import Tone

WRITE = "analyses.write"
LIKE = 12
"""How many others are offered to stand beside one."""


class AnalysisList(ListPage):
    """Every analysis this person may see, what changed last first."""

    does = "analyses.read"
    template_name = "analyses/list.html"
    title = gettext_lazy("Analyses")
    noun = (gettext_lazy("analysis"), gettext_lazy("analyses"))
    table_class = AnalysisTable
    filterset_class = AnalysisFilter

    def rows(self) -> QuerySet[Analysis]:
        return selectors.analyses_for_list(self.person)

    def summary(self) -> str:
        return _(
            "The same inputs give the same result. What is accepted is frozen, and later held against what "
            "happened."
        )

    def empty(self) -> Empty:
        kinds = declared("analyses")
        first = kinds[0] if kinds and may(self.person, WRITE) else None
        return Empty(
            _("No analysis yet"),
            _("An analysis compares ways to go before money is spent, and keeps what was expected."),
            _("New: %(kind)s") % {"kind": first.title} if first else "",
            reverse("analyses:new", args=[first.slug]) if first else "",
        )

    def context(self) -> Mapping[str, Any]:
        return {**super().context(), "kinds": declared("analyses") if may(self.person, WRITE) else ()}


class OneAnalysis(Page):
    """What all pages about one analysis share: it is fetched from what the person may do to it."""

    nav = "analyses:analyses"

    @cached_property
    def analysis(self) -> Analysis:
        does = action_of(type(self), None, self.request.method or "GET")
        assert does is not None
        return selectors.analysis_named(self.person, self.kwargs["ref"], does)

    @cached_property
    def kind(self) -> AnalysisKind:
        return self.analysis.declared_kind

    def crumbs(self) -> Sequence[Crumb]:
        path = [Crumb(_("Analyses"), reverse("analyses:analyses"))]
        if not self.title:
            return (*path, Crumb(self.analysis.ref))
        return (*path, Crumb(self.analysis.ref, self.analysis.get_absolute_url()), Crumb(str(self.title)))


class AnalysisPage(OneAnalysis):
    """One analysis: levers to try other values, the result, what it was made from, who did what."""

    does = "analyses.read"
    template_name = "analyses/analysis.html"
    fragment_name = "analyses/result.html"

    @cached_property
    def saved(self) -> Any:
        return self.analysis.typed_inputs()

    @cached_property
    def tried(self) -> tuple[Any, str]:
        """The inputs with the levers as asked for, and what is wrong with what was asked."""
        try:
            return selectors.tried(self.kind, self.saved, self.request.GET.dict()), ""
        except Invalid as error:
            return self.saved, " ".join(problem.detail for problem in error.errors) or error.detail

    @cached_property
    def result(self) -> Any:
        inputs, _problem = self.tried
        return self.analysis.typed_result() if inputs == self.saved else self.kind.compute(inputs)

    def heading(self) -> str:
        return self.analysis.title

    def summary(self) -> str:
        if not self.analysis.readable:
            return _("Made with an earlier engine, so it is shown as it was stored.")
        return self.kind.headline(self.saved, self.analysis.typed_result())

    def facts(self) -> Sequence[Fact]:
        analysis = self.analysis
        tone, word = STATE_WORDS[analysis.state]
        since = analysis.closed_at or analysis.updated_at
        return (
            Fact(_("State"), word, tone=Tone(tone)),
            Fact(_("Kind"), self.kind.title, _("engine %(number)d") % {"number": analysis.engine}),
            Fact(_("System"), analysis.system.name, url=analysis.system.get_absolute_url()),
            Fact(_("Chosen"), analysis.choice or "—"),
            Fact(_("Made by"), str(analysis.created_by), analysis.ref),
            Fact(_("Accepted") if analysis.state == State.ACCEPTED else _("Changed"), day(since)),
        )

    def context(self) -> Mapping[str, Any]:
        analysis, kind = self.analysis, self.kind
        shared = {
            "analysis": analysis,
            "kind": kind,
            "may_change": analysis.is_draft and self.may_write,
            "may_copy": self.may_write and analysis.readable,
            "compare_url": self._compare_url(),
            "intact": analysis.computed_digest == analysis.digest,
        }
        if not analysis.readable:
            return {**shared, "stored": list(flat(analysis.result))}
        inputs, problem = self.tried
        moved = inputs != self.saved
        asked = {name: self.request.GET[name] for name in kind.levers if self.request.GET.get(name)}
        live = {
            **shared,
            "inputs": inputs,
            "result": self.result,
            "problem": problem,
            "moved": moved,
            "headline": kind.headline(inputs, self.result),
            "asked": urlencode(asked) if moved else "",
            **kind.show(analysis, inputs, self.result, self.person, self.request.GET.dict()),
        }
        if self.wants_fragment:
            return live
        return {
            **live,
            "levers": selectors.levers_of(kind, self.saved, inputs),
            "flat": self._flat_inputs(),
            "parts": self._parts(),
            "part_title": self._part_title,
            "events": timeline_of(analysis, limit=12),
        }

    @cached_property
    def may_write(self) -> bool:
        visible = Analysis.objects.visible_to(self.person, WRITE)
        return may(self.person, WRITE) and visible.filter(pk=self.analysis.pk).exists()

    def _compare_url(self) -> str:
        other = self.analysis.based_on or selectors.like(self.analysis, self.person).first()
        refs = [self.analysis.ref, *([other.ref] if other else [])]
        return f"{reverse('analyses:compare')}?{urlencode([('of', ref) for ref in refs])}"

    def _flat_inputs(self) -> list[tuple[str, str]]:
        currency = getattr(self.saved, "currency", "")
        return [
            (
                told.label,
                selectors.written(
                    getattr(self.saved, told.name), currency if told.unit == "money" else told.unit
                ),
            )
            for told in described(self.kind.inputs)
            if told.name != self.kind.part
        ]

    def _parts(self) -> list[Any]:
        return list(getattr(self.saved, self.kind.part)) if self.kind.part else []

    @property
    def _part_title(self) -> str:
        told = {each.name: each.label for each in described(self.kind.inputs)}
        return told.get(self.kind.part, "")


class ComparePage(Page):
    """Several analyses of one kind side by side; what differs is marked."""

    does = "analyses.read"
    nav = "analyses:analyses"
    title = gettext_lazy("Side by side")
    template_name = "analyses/compare.html"

    @cached_property
    def chosen(self) -> list[Analysis]:
        """Those asked for that this person may see, each once, in the order asked."""
        refs = list(dict.fromkeys(self.request.GET.getlist("of")))[: selectors.MOST]
        return [selectors.analysis_named(self.person, ref) for ref in refs]

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Analyses"), reverse("analyses:analyses")), Crumb(str(self.title)))

    def summary(self) -> str:
        return _("Up to four of one kind. What differs is bold.")

    def context(self) -> Mapping[str, Any]:
        kinds = {analysis.kind for analysis in self.chosen}
        problem = _("Only analyses of one kind stand side by side.") if len(kinds) > 1 else ""
        rows = selectors.side_by_side(self.chosen) if self.chosen and not problem else []
        return {
            "chosen": self.chosen,
            "rows": rows,
            "problem": problem,
            "differing": sum(row.differs for row in rows),
            "offered": self._offered(),
        }

    def _offered(self) -> list[tuple[Analysis, bool]]:
        """What may be picked: those that stand here, and the newest others of the kind."""
        picked = {analysis.pk for analysis in self.chosen}
        if self.chosen:
            rest = selectors.like(self.chosen[0], self.person).exclude(pk__in=picked)
        else:
            rest = selectors.analyses_for_list(self.person).order_by("-updated_at")
        return [(analysis, analysis.pk in picked) for analysis in [*self.chosen, *rest[:LIKE]]]


class Export(OneAnalysis):
    """One analysis as a file: JSON with everything, CSV with the lines that are compared."""

    does = "analyses.read"
    http_method_names = ["get", "options"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        form = self.kwargs["form"]
        if form == "json":
            response: HttpResponseBase = JsonResponse(as_json(self.analysis), json_dumps_params={"indent": 1})
        elif form == "csv":
            response = exports.as_csv(("line", "value", "unit"), _lines(self.analysis))
        else:
            raise Missing
        response["Content-Disposition"] = f'attachment; filename="{self.analysis.ref}.{form}"'
        return response


def as_json(analysis: Analysis) -> dict[str, Any]:
    """Everything that is kept of an analysis. The digest is of choice, engine, inputs, kind and result."""
    return {
        "ref": analysis.ref,
        "kind": analysis.kind,
        "title": analysis.title,
        "question": analysis.question,
        "system": f"SYS-{analysis.system_id}",
        "state": analysis.state,
        "engine": analysis.engine,
        "inputs": analysis.inputs,
        "result": analysis.result,
        "choice": analysis.choice,
        "digest": f"sha256:{analysis.digest}",
        "created_at": analysis.created_at.isoformat(),
        "closed_at": analysis.closed_at.isoformat() if analysis.closed_at else None,
    }


def _lines(analysis: Analysis) -> Iterator[tuple[str, Any, str]]:
    """Amounts as numbers: a spreadsheet would take a text with a minus for a formula."""
    for label, value, unit in selectors.rows_of(analysis):
        yield label, float(value) if isinstance(value, Decimal) else value, unit
