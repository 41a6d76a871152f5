"""Pages of the scorecard and of its KPIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.services import organisation
from portal.errors import Invalid, Missing
from portal.metrics import services
from portal.metrics.csv import read_values
from portal.metrics.forms import (
    CheckInForm,
    ContributionForm,
    ImportForm,
    KpiChange,
    KpiDefinition,
    PillarForm,
    TargetForm,
    ValueForm,
)
from portal.metrics.models import Kpi
from portal.metrics.selectors import KpiPageView, kpi_page, scorecard
from portal.metrics.selectors.scorecard import kpi_sentence
from portal.metrics.services import KpiValue
from portal.registry.models import System
from portal.rights import may
from portal.web import exports
from portal.web.forms import ReasonForm
from portal.web.pages import FormPage, Page
from portal.web.parts import Crumb, Fact, Pillar

SCORECARD = gettext_lazy("Scorecard")
LARGEST_FILE = 2_000_000


class MetricsPage(Page):
    """A page of the scorecard."""

    nav = "metrics:scorecard"

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Scorecard"), reverse("metrics:scorecard")), Crumb(str(self.title)))


class ScorecardPage(MetricsPage):
    """All KPIs, by pillar."""

    does = "metrics.read"
    title = SCORECARD
    template_name = "metrics/scorecard.html"

    @cached_property
    def pillars(self) -> Sequence[Pillar]:
        return scorecard()

    def heading(self) -> str:
        return kpi_sentence([kpi for pillar in self.pillars for kpi in pillar.kpis])

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(str(self.title)),)

    def context(self) -> Mapping[str, Any]:
        return {"pillars": self.pillars, "may_define": may(self.person, "metrics.define")}


class AboutKpi(MetricsPage):
    """A page about the KPI of the address."""

    @cached_property
    def kpi(self) -> Kpi:
        rows = Kpi.objects.select_related("pillar", "owner", "deputy")
        found = rows.filter(slug=self.kwargs["slug"]).first()
        if found is None:
            raise Missing
        return found

    def crumbs(self) -> Sequence[Crumb]:
        path = [Crumb(_("Scorecard"), reverse("metrics:scorecard")), Crumb(self.kpi.pillar.name)]
        if not self.title:
            return (*path, Crumb(self.kpi.name))
        return (*path, Crumb(self.kpi.name, self.kpi.get_absolute_url()), Crumb(str(self.title)))


class KpiPage(AboutKpi):
    """One KPI: how it stands, how it came there, and how it is computed."""

    does = "metrics.read"
    template_name = "metrics/kpi.html"

    @cached_property
    def view(self) -> KpiPageView:
        return kpi_page(self.kpi, at=self._instant())

    def _instant(self) -> datetime | None:
        """The last moment of the day asked for; now without one."""
        given = self.request.GET.get("until", "")
        if not given:
            return None
        day = parse_date(given)
        if day is None:
            raise Invalid(_("A day looks like 2026-10-31."))
        return datetime.combine(day, time(23, 59, 59), organisation().zone)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") == "csv":
            heads = ("period_start", "value", "low", "high", "n", "target")
            return exports.answer("csv", self.kpi.slug, heads, self._lines())
        return super().get(request, *args, **kwargs)

    def _lines(self) -> Iterator[Sequence[Any]]:
        zone = organisation().zone
        for point in self.view.history.points:
            sample = point.sample
            numbers = (sample.value, sample.low, sample.high, sample.n) if sample else (None,) * 4
            yield (point.window.start.astimezone(zone).date(), *numbers, point.target)

    def heading(self) -> str:
        return self.view.headline

    def summary(self) -> str:
        return self.view.summary

    def facts(self) -> Sequence[Fact]:
        return self.view.facts

    def context(self) -> Mapping[str, Any]:
        return {
            "kpi": self.kpi,
            "view": self.view,
            "may_report": may(self.person, "metrics.report"),
            "may_define": may(self.person, "metrics.define"),
        }


class DefineKpi(MetricsPage, FormPage):
    """A new KPI."""

    does = "metrics.define"
    title = gettext_lazy("Define a KPI")
    form_class = KpiDefinition
    submit = gettext_lazy("Define KPI")

    def perform(self, form: Any) -> str:
        made = services.create_kpi(actor=self.person, **form.cleaned_data)
        return reverse("metrics:target", args=[made.slug])


class NewPillar(MetricsPage, FormPage):
    """A new aim of the strategy."""

    does = "metrics.define"
    title = gettext_lazy("Add a pillar")
    form_class = PillarForm
    submit = gettext_lazy("Add pillar")

    def perform(self, form: Any) -> str:
        services.create_pillar(actor=self.person, **form.cleaned_data)
        return reverse("metrics:define")


class KpiForm(AboutKpi, FormPage):
    """A form about one KPI, which leads back to it."""

    def perform(self, form: Any) -> str:
        self.serve(form.cleaned_data)
        return self.kpi.get_absolute_url()

    def serve(self, data: dict[str, Any]) -> None:
        """Call the service."""
        raise NotImplementedError


class EditKpi(KpiForm):
    does = "metrics.define"
    title = gettext_lazy("Edit")
    form_class = KpiChange
    submit = gettext_lazy("Save KPI")

    def form_arguments(self) -> Mapping[str, Any]:
        return {"instance": self.kpi}

    def serve(self, data: dict[str, Any]) -> None:
        services.change_kpi(self.kpi, actor=self.person, **data)


class SetTarget(KpiForm):
    """A target from a day on; earlier ones stay as they were."""

    does = "metrics.define"
    title = gettext_lazy("Set a target")
    form_class = TargetForm
    submit = gettext_lazy("Set target")

    def initial(self) -> Mapping[str, Any]:
        return {"starts_on": organisation().today()}

    def serve(self, data: dict[str, Any]) -> None:
        services.set_target(self.kpi, actor=self.person, **data)


class EnterValue(KpiForm):
    """A value of one period. Another value for the same period supersedes it; both are kept."""

    does = "metrics.report"
    title = gettext_lazy("Enter a value")
    form_class = ValueForm
    submit = gettext_lazy("Enter value")

    def serve(self, data: dict[str, Any]) -> None:
        services.record_values(self.kpi, [KpiValue(**data)], actor=self.person)


class ImportValues(KpiForm):
    """Many values from a file, all or none."""

    does = "metrics.report"
    title = gettext_lazy("Import values")
    form_class = ImportForm
    submit = gettext_lazy("Import values")

    def serve(self, data: dict[str, Any]) -> None:
        file = data["file"]
        if file.size > LARGEST_FILE:
            raise Invalid(_("A file of KPIs is smaller than 2 MB."))
        self.stored = services.record_values(self.kpi, read_values(file.read()), actor=self.person)

    def done(self, form: Any) -> str:  # noqa: ARG002 - the signature of the base
        return ngettext("%d value is new.", "%d values are new.", self.stored) % self.stored


class WriteCheckIn(KpiForm):
    does = "metrics.report"
    title = gettext_lazy("Add a check-in note")
    form_class = CheckInForm
    submit = gettext_lazy("Add note")

    def serve(self, data: dict[str, Any]) -> None:
        services.check_in(self.kpi, actor=self.person, **data)


class CheckIns(AboutKpi):
    """Everything people said of a KPI."""

    does = "metrics.read"
    title = gettext_lazy("Check-in notes")
    template_name = "metrics/check_ins.html"

    def context(self) -> Mapping[str, Any]:
        return {"kpi": self.kpi, "check_ins": self.kpi.check_ins.select_related("author")}


class Contributions(KpiForm):
    """Add a system to those that contribute, or change its share; a share of 0 takes it away."""

    does = "metrics.define"
    title = gettext_lazy("Contributing systems")
    form_class = ContributionForm
    submit = gettext_lazy("Save share")

    def summary(self) -> str:
        return _("A share of 0 takes the system away.")

    def form_arguments(self) -> Mapping[str, Any]:
        visible = System.objects.visible_to(self.person, "metrics.read")
        return {"systems": visible.filter(unassigned=False)}

    def serve(self, data: dict[str, Any]) -> None:
        rows = self.kpi.contributions.select_related("system")
        shares: dict[System, float | None] = {row.system: row.share for row in rows}
        shares[data["system"]] = data["share"]
        kept = {system: share for system, share in shares.items() if share != 0}
        services.set_contributions(self.kpi, kept, actor=self.person)


class RetireKpi(AboutKpi, FormPage):
    """Take a KPI off the scorecard."""

    does = "metrics.define"
    title = gettext_lazy("Retire")
    form_class = ReasonForm
    submit = gettext_lazy("Retire KPI")
    danger = True

    def summary(self) -> str:
        return _("%(name)s leaves the scorecard. Its values and targets stay.") % {"name": self.kpi.name}

    def perform(self, form: Any) -> str:
        services.retire_kpi(self.kpi, actor=self.person, **form.cleaned_data)
        return reverse("metrics:scorecard")
