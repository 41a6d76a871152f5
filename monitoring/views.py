"""Pages of drift, fairness and performance of one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from csp.decorators import csp_update
from django.http import FileResponse, HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator

from lifecycle.data.services import schema_of
from monitoring import pictures
from monitoring.checks import DRIFT, FAIRNESS, PERFORMANCE
from monitoring.models import Batch
from monitoring.policies import FairnessLimits
from monitoring.selectors import windows_of
from portal.areas import Check, Verdict
from portal.checks.models import Evaluation
from portal.checks.selectors import history
from portal.errors import Missing
from portal.evidence import storage
from portal.findings.models import Finding
from portal.policies.selectors import in_force
from portal.registry.models import System
from portal.registry.pages import VersionPage
from portal.registry.selectors import can_change
from portal.web.figures import number, pct
from portal.web.pages import Page
from portal.web.parts import Fact
from portal.web.status import VERDICTS, Tone

SHOWN = 12
ON_CHART = 40


class MonitorPage(VersionPage):
    """What one check found of the version of the address, window by window."""

    does = "monitoring.read"
    check: Check
    shown = SHOWN

    @cached_property
    def evaluations(self) -> Sequence[Evaluation]:
        """The newest windows, oldest first."""
        newest = history(self.check, self.version).order_by("-window_end")[: self.shown]
        return list(newest)[::-1]

    @cached_property
    def newest(self) -> Evaluation | None:
        return self.evaluations[-1] if self.evaluations else None

    def verdict_fact(self) -> Fact:
        if self.newest is None:
            return Fact("Verdict", "Not measured", tone=Tone.NONE)
        tone, word = VERDICTS[Verdict(self.newest.verdict)]
        return Fact("Verdict", word, pictures.week(self.newest), tone=tone)

    def facts(self) -> Sequence[Fact]:
        policy = in_force(self.check.policy, system=self.version.system)
        page = reverse("policies:policy", args=[policy.name])
        reference = self.reference
        system = self.version.system
        return (
            self.verdict_fact(),
            *self.further_facts(),
            Fact(
                "Reference",
                f"n {number(reference.n)}" if reference else "none",
                f"frozen {reference.frozen_at:%-d %b %Y}" if reference else "",
            ),
            Fact("Policy", f"{policy.name} {policy.version}", url=page),
            Fact("Owner", system.owner or "nobody", f"deputy {system.deputy}" if system.deputy else ""),
        )

    def further_facts(self) -> Sequence[Fact]:
        return ()

    @cached_property
    def reference(self) -> Any:
        return self.version.references.order_by("-number").first()

    def context(self) -> Mapping[str, Any]:
        keys = f"check:{self.check.slug}:registry.modelversion:{self.version.pk}:"
        findings = Finding.objects.visible_to(self.person).unclosed().filter(dedupe_key__startswith=keys)
        return {
            "version": self.version,
            "check": self.check,
            "evaluations": list(reversed(self.evaluations)),
            "newest": self.newest,
            "findings": findings.order_by("-last_seen_at")[:6],
            "may_run": can_change(self.person, self.version.system, "jobs.run"),
            "windows": windows_of(self.version, grain="week")[-1:],
        }


class DriftPage(MonitorPage):
    """Features by weeks: which inputs have moved away from the reference."""

    title = "Drift"
    tab = "monitoring:drift"
    template_name = "monitoring/drift.html"
    check = DRIFT

    @cached_property
    def segment(self) -> str | None:
        return self.request.GET.get("segment") or None

    @cached_property
    def psi(self) -> list[pictures.Reading]:
        return pictures.readings_of(self.newest, "psi", self.segment) if self.newest else []

    def heading(self) -> str:
        if self.newest is None:
            return f"The drift of {self.version} has not been measured yet"
        drifted = [r for r in self.psi if r["verdict"] == Verdict.BREACH]
        judged = [r for r in self.psi if r["verdict"] in {Verdict.OK, Verdict.WARN, Verdict.BREACH}]
        if not judged:
            return f"{self.version} has too little data for a verdict on drift"
        if not drifted:
            return f"No input of {self.version} has drifted"
        many = "has" if len(drifted) == 1 else "have"
        return f"{len(drifted)} of {len(judged)} inputs of {self.version} {many} drifted"

    def summary(self) -> str:
        found = pictures.readings_of(self.newest, "drifted_importance") if self.newest else []
        if not found or found[0]["value"] is None:
            return "Each input is compared with the reference, week by week."
        share, limit = pct(found[0]["value"]), pct(found[0]["limit_breach"])
        return f"Drifted inputs carry {share} of the importance; the limit is {limit}."

    def further_facts(self) -> Sequence[Fact]:
        count = number(self.newest.n or 0) if self.newest else "none"
        return (Fact("Predictions", count, "in the newest window"),)

    def context(self) -> Mapping[str, Any]:
        here = reverse("monitoring:drift", args=[self.version.model.name, self.version.number])
        segments = sorted({r["segment"] for r in self.newest.readings if r["segment"]}) if self.newest else []
        heat = pictures.drift_map(self.evaluations, schema_of(self.version), self.segment, here)
        chosen = self._chosen()
        picture = None
        if chosen is not None and self.reference is not None and self.newest is not None:
            picture = pictures.distribution_of(chosen, self.reference.frozen, pictures.week(self.newest))
        return {
            **super().context(),
            "heat": heat,
            "segments": segments,
            "segment": self.segment,
            "chosen": chosen,
            "distribution": picture,
            "readings": self.psi,
        }

    def _chosen(self) -> pictures.Reading | None:
        """The feature of the address, else the one that moved most."""
        wanted = self.request.GET.get("feature")
        named = [r for r in self.psi if r["feature"] == wanted]
        measured = [r for r in self.psi if r["value"] is not None]
        return named[0] if named else max(measured, key=lambda r: r["value"], default=None)


@method_decorator(
    csp_update({"style-src": ["'unsafe-inline'"], "img-src": ["data:", "blob:"]}), name="dispatch"
)
class DriftExplore(VersionPage):
    """The drift of a version to zoom into and to compare, drawn by Plotly."""

    does = "monitoring.read"
    title = "Explore drift"
    tab = "monitoring:drift"
    template_name = "monitoring/drift_explore.html"

    def context(self) -> Mapping[str, Any]:
        place = [self.version.model.name, self.version.number]
        return {
            "figure_url": reverse("v1:version-drift-figure", args=place),
            "plain_url": reverse("monitoring:drift", args=place),
        }


class FairnessPage(MonitorPage):
    """Groups of people side by side: ratios, rates, intervals, and what is too small to be shown."""

    title = "Fairness"
    tab = "monitoring:fairness"
    template_name = "monitoring/fairness.html"
    check = FAIRNESS

    @cached_property
    def ratios(self) -> dict[str, list[pictures.Reading]]:
        found = pictures.readings_of(self.newest, "impact_ratio") if self.newest else []
        return pictures.by_attributes(found)

    def heading(self) -> str:
        if self.newest is None or not self.ratios:
            return f"The fairness of {self.version} has not been measured yet"
        below = [r for rows in self.ratios.values() for r in rows if r["verdict"] == Verdict.BREACH]
        if below:
            lowest = min(below, key=lambda r: r["value"])
            names = ", ".join(f"{k} {v}" for k, v in lowest["group"].items())
            return f"{names} is selected {number(lowest['value'])} times as often as the reference group"
        return f"No group falls below four fifths in {self.version}"

    def summary(self) -> str:
        if self.newest is not None and not self.ratios:
            return str(self.newest.readings[0]["reason"] or "")
        return "A ratio is a statistic, not a judgement: what it means in law depends on the jurisdiction."

    def context(self) -> Mapping[str, Any]:
        limits: FairnessLimits = in_force(self.check.policy, system=self.version.system).parameters
        wanted = self.request.GET.get("by", "")
        names = list(self.ratios)
        chosen = wanted if wanted in self.ratios else (names[0] if names else "")
        rates = [r for r in self.newest.readings if r["group"]] if self.newest else []
        table: dict[tuple[tuple[str, str], ...], dict[str, pictures.Reading]] = {}
        for reading in rates:
            if " × ".join(reading["group"]) == chosen:
                table.setdefault(tuple(reading["group"].items()), {})[reading["metric"]] = reading
        return {
            **super().context(),
            "names": names,
            "chosen": chosen,
            "picture": pictures.group_picture(self.ratios.get(chosen, ()), limits.ratio),
            "table": [(", ".join(f"{k} {v}" for k, v in group), rows) for group, rows in table.items()],
            "limits": limits,
        }


class PerformancePage(MonitorPage):
    """The error rate on a control chart, accuracy and AUC with their intervals."""

    title = "Performance"
    tab = "monitoring:performance"
    template_name = "monitoring/performance.html"
    check = PERFORMANCE
    shown = ON_CHART

    def heading(self) -> str:
        readings = pictures.readings_of(self.newest, "error_rate") if self.newest else []
        if not readings:
            return f"The performance of {self.version} has not been measured yet"
        last = readings[0]
        if last["verdict"] == Verdict.BREACH:
            limit = pct(last["limit_breach"])
            return f"{self.version} errs in {pct(last['value'])} of cases, above its limit of {limit}"
        if last["verdict"] == Verdict.WARN:
            return f"The error rate of {self.version} drifts upwards"
        return f"{self.version} errs in {pct(last['value'])} of cases, as usual"

    def summary(self) -> str:
        return "Measured on predictions whose outcome has come; a window counts once 90 % of them have."

    def context(self) -> Mapping[str, Any]:
        wanted = ("accuracy", "auc", "error_rate", "mae")
        newest = [r for r in self.newest.readings if r["metric"] in wanted] if self.newest else []
        return {**super().context(), "chart": pictures.error_chart(self.evaluations), "readings": newest}


class Quarantine(Page):
    """The refused rows of a delivery, as they came, each with its reasons.

    For who sent them alone: protected attributes stand among them.
    """

    does = "monitoring.ingest"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        mine = Batch.objects.filter(sent_by=self.person, version__model__system__in=self._systems())
        batches = mine.exclude(quarantine="")
        batch = batches.filter(pk=self.kwargs["pk"]).first()
        if batch is None:
            raise Missing("There is no such file.")
        with storage.reading(batch.quarantine) as file:
            content = file.read()
        answer = FileResponse(iter([content]), content_type="application/x-ndjson", as_attachment=True)
        answer["Content-Disposition"] = f'attachment; filename="refused-{batch.pk}.ndjson"'
        return answer

    def _systems(self) -> Any:
        return System.objects.visible_to(self.person, self.does)
