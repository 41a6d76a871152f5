"""What monitoring demands before a version serves."""

from __future__ import annotations

from django.urls import reverse

from monitoring.checks import FAIRNESS
from portal.areas import Gate, GateAnswer, GateState, Verdict
from portal.checks.selectors import latest
from portal.registry.models import ModelVersion
from portal.web.figures import number

SMALLER = frozenset({Verdict.NO_DATA, Verdict.INSUFFICIENT, Verdict.ERROR})


def has_reference(version: ModelVersion) -> GateAnswer:
    """Without frozen bins nobody will ever see the version's inputs move."""
    reference = version.references.order_by("-number").first()
    if reference is None:
        return GateAnswer(
            GateState.FAILED,
            "No reference is frozen, so drift could not be seen.",
            reverse("monitoring:drift", args=[version.model.name, version.number]),
            "How to freeze one",
        )
    reason = f"{len(reference.frozen.features)} features frozen on {reference.n:,} rows"
    return GateAnswer(GateState.PASSED, reason, fix_label="View")


def treats_groups_alike(version: ModelVersion) -> GateAnswer:
    """A version that decides about people needs a measured fairness without a breach."""
    url = reverse("monitoring:fairness", args=[version.model.name, version.number])
    if not version.system.affects_rights:
        return GateAnswer(GateState.PASSED, "Not needed: it does not decide about people.", url, "View")
    found = latest(FAIRNESS, version)
    if found is None or Verdict(found.verdict) in SMALLER:
        reason = "Its fairness has not been measured on enough predictions."
        return GateAnswer(GateState.WAITING, reason, url, "Open fairness")
    ratios = [r for r in found.readings if r["metric"] == "impact_ratio" and r["value"] is not None]
    lowest = min(ratios, key=lambda r: r["value"], default=None)
    said = f"Lowest ratio {number(lowest['value'])}" if lowest else "No ratio"
    if found.verdict == Verdict.BREACH:
        below = [r for r in ratios if r["verdict"] == Verdict.BREACH]
        worst = min(below, key=lambda r: r["value"])
        who = ", ".join(f"{name} {value}" for name, value in worst["group"].items())
        reason = f"{who}: {number(worst['value'])}, limit {number(worst['limit_breach'])}"
        return GateAnswer(GateState.FAILED, reason, url, "Open fairness")
    return GateAnswer(GateState.PASSED, said, url, "View")


REFERENCE_FROZEN = Gate("reference", "Frozen reference", has_reference, order=50)
FAIR = Gate("fairness", "Fairness", treats_groups_alike, order=10)
GATES = (FAIR, REFERENCE_FROZEN)
