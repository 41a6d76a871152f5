"""Whether the inputs have moved away from the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lifecycle.data.services import schema_of
from monitoring.checks.subjects import measured_versions
from monitoring.policies import DRIFT_LIMITS, DriftLimits
from monitoring.selectors import WindowProfile, segments_of, window_profile
from portal.areas import Check, MetricKind, Reading, Severity, Verdict, Window
from portal.checks.readings import Readings
from portal.registry.models import ModelVersion
from portal.stats.drift import adjust, chi2, js_distance, ks_binned, minimum_rows, psi
from portal.stats.profile import FeatureCounts, Profile

PSI = MetricKind("psi", "Population stability index", "", "down", timedelta(days=14))
MISSING = MetricKind("missing_rate", "Missing values", "%", "down", timedelta(days=14))
DRIFTED = MetricKind("drifted_importance", "Drifted importance", "%", "down", timedelta(days=14))

WARN_LEVEL, BREACH_LEVEL = 0.99, 0.999
MOST_SEGMENTS = 20


def measure_drift(version: ModelVersion, window: Window, limits: DriftLimits) -> Readings:
    """PSI of every feature against the frozen reference, for the whole and for each segment."""
    if version.schema is None:
        return Readings([Reading("psi", None, Verdict.INSUFFICIENT, reason="no schema")])
    whole = window_profile(version, window)
    if whole is None:
        return Readings([Reading("psi", None, Verdict.NO_DATA, reason="no predictions in the window")])
    if whole.reference is None:
        return Readings([Reading("psi", None, Verdict.NO_DATA, reason="no reference")], state=whole.state)
    importance = _importance(version)
    readings = _features(whole, limits)
    readings.append(_drifted(readings, importance, limits, whole))
    readings += _missing(whole, limits)
    for segment in segments_of(version, window)[:MOST_SEGMENTS]:
        part = window_profile(version, window, segment)
        if part is not None and part.reference is not None:
            key = segment.partition("=")[0]  # within region=north every row is from the north
            inside = [reading for reading in _features(part, limits) if reading.feature != key]
            readings += [replace(reading, segment=segment, extra={}) for reading in inside]
    # Drift needs no outcomes: a window that has ended is judged at once.
    return Readings(readings, state="open" if whole.state == "open" else "mature")


def _features(counted: WindowProfile, limits: DriftLimits) -> list[Reading]:
    assert counted.reference is not None
    reference = counted.reference.frozen
    found = [
        _feature(name, reference.profile, counted.profile, limits)
        for name in counted.profile.features
        if name in reference.profile.features
    ]
    adjusted = adjust([reading.p for reading in found])
    judged = [_judged(reading, p, limits) for reading, p in zip(found, adjusted, strict=True)]
    absent = [
        Reading("psi", None, Verdict.NO_DATA, feature=name, reason=why)
        for name, why in reference.unusable.items()
    ]
    return judged + absent


def _feature(name: str, reference: Profile, current: Profile, limits: DriftLimits) -> Reading:
    before, now = reference.features[name], current.features[name]
    n, m = sum(now.counts), sum(before.counts)
    if not n:
        return Reading("psi", None, Verdict.NO_DATA, feature=name, n=0, n_reference=m, reason="no value")
    found = psi(before.counts, now.counts)
    warn, breach = found.critical(WARN_LEVEL), found.critical(BREACH_LEVEL)
    needed = minimum_rows(limits.warn, bins=found.bins, n_reference=m) or 0
    enough = n >= needed
    return Reading(
        "psi",
        found.value,
        Verdict.OK if enough else Verdict.INSUFFICIENT,
        feature=name,
        limit_warn=max(limits.warn, warn),
        limit_breach=max(limits.breach, breach),
        critical=breach,
        p=found.p if enough else None,
        n=n,
        n_reference=m,
        reason=None if enough else f"{n} rows, {needed} are needed for a verdict",
        extra=_pieces(before, now),
    )


def _judged(reading: Reading, adjusted: float | None, limits: DriftLimits) -> Reading:
    """Large, more than chance at this n, and still so among so many features."""
    if reading.value is None or reading.verdict != Verdict.OK:
        return reading
    assert reading.limit_warn is not None
    assert reading.limit_breach is not None
    certain = adjusted is not None and adjusted <= limits.alpha
    verdict = Verdict.OK
    if certain and reading.value >= reading.limit_breach:
        verdict = Verdict.BREACH
    elif certain and reading.value >= reading.limit_warn:
        verdict = Verdict.WARN
    return replace(reading, p_adjusted=adjusted, verdict=verdict)


def _pieces(before: FeatureCounts, now: FeatureCounts) -> dict[str, Any]:
    """Other distances of the same counts, and what a chart of the distribution needs."""
    pieces: dict[str, Any] = {
        "js": js_distance(before.counts, now.counts, base=2).value,
        "reference_counts": list(before.counts),
        "counts": list(now.counts),
    }
    if now.moments is not None:
        ks = ks_binned(before.counts, now.counts)
        pieces |= {"ks": ks.value, "ks_error_bound": ks.error_bound}
    else:
        test = chi2(before.counts, now.counts)
        pieces |= {"chi2": test.value, "chi2_p": test.p}
    return pieces


def _drifted(
    readings: Iterable[Reading], importance: Mapping[str, float], limits: DriftLimits, whole: WindowProfile
) -> Reading:
    """Which share of the model's importance stands on drifted features; features count alike without one."""
    judged = [r for r in readings if r.verdict in {Verdict.OK, Verdict.WARN, Verdict.BREACH} and r.feature]
    weights = {r.feature: importance.get(r.feature or "", 0.0) if importance else 1.0 for r in judged}
    total = sum(weights.values())
    if not judged or total <= 0:
        return Reading("drifted_importance", None, Verdict.INSUFFICIENT, reason="no feature has enough rows")
    drifted = sum(weights[r.feature] for r in judged if r.verdict == Verdict.BREACH) / total
    verdict = Verdict.OK
    if drifted >= limits.importance_breach:
        verdict = Verdict.BREACH
    elif drifted >= limits.importance_warn:
        verdict = Verdict.WARN
    return Reading(
        "drifted_importance",
        drifted,
        verdict,
        limit_warn=limits.importance_warn,
        limit_breach=limits.importance_breach,
        n=whole.profile.n,
    )


def _missing(counted: WindowProfile, limits: DriftLimits) -> list[Reading]:
    """How many more values are missing than in the reference; only what warns is worth a line."""
    assert counted.reference is not None
    reference = counted.reference.frozen.profile
    readings = []
    for name, now in counted.profile.features.items():
        rate, before = now.missing_rate or 0.0, reference.features[name].missing_rate or 0.0
        more = rate - before
        if more < limits.missing_warn:
            continue
        verdict = Verdict.BREACH if more >= limits.missing_breach else Verdict.WARN
        readings.append(
            Reading(
                "missing_rate",
                rate,
                verdict,
                feature=name,
                limit_warn=before + limits.missing_warn,
                limit_breach=before + limits.missing_breach,
                n=counted.profile.n,
                n_reference=reference.n,
            )
        )
    return readings


def _importance(version: ModelVersion) -> Mapping[str, float]:
    """Declared importance by feature; empty when none is declared."""
    schema = schema_of(version)
    declared = schema.features if schema is not None else ()
    return {f.name: f.importance for f in declared if f.importance is not None}


DRIFT = Check(
    slug="drift",
    title="Feature drift",
    measure=measure_drift,
    subjects=measured_versions,
    policy=DRIFT_LIMITS,
    metrics=(PSI, MISSING, DRIFTED),
    every=timedelta(days=7),
    severity=Severity.HIGH,
    page="monitoring:drift",
    explain=(
        "Each input is counted into bins frozen on the reference's deciles. PSI is the sum over bins of "
        "(share now − share then) · ln(share now / share then), with half an observation added to every bin. "
        "It counts as drift when it is large, larger than chance gives at this number of rows, and still so "
        "after Benjamini–Hochberg correction over all features."
    ),
)
