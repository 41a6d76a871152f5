"""Whether predictions still come true as often as they did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from lifecycle.data.schema import Task
from lifecycle.data.services import schema_of
from monitoring.checks.subjects import measured_versions
from monitoring.policies import PERFORMANCE_LIMITS, PerformanceLimits
from monitoring.selectors import Errors, WindowProfile, errors_by_window, window_profile
from portal.areas import Check, MetricKind, Reading, Severity, Verdict, Window
from portal.checks.readings import Readings
from portal.registry.models import ModelVersion
from portal.stats import control_charts
from portal.stats.classification import auc_from_histogram
from portal.stats.intervals import wilson
from portal.stats.profile import Profile

ACCURACY = MetricKind("accuracy", "Accuracy", "%", "up", timedelta(days=45))
ERROR = MetricKind("error_rate", "Error rate", "%", "down", timedelta(days=45))
AUC = MetricKind("auc", "AUC", "", "up", timedelta(days=45))
MAE = MetricKind("mae", "Mean absolute error", "", "down", timedelta(days=45))
LOOK_BACK = 26


def measure_performance(version: ModelVersion, window: Window, limits: PerformanceLimits) -> Readings:
    """Accuracy, AUC and the control chart of the error rate, on the outcomes that have come."""
    schema = schema_of(version)
    if schema is None:
        return Readings([Reading("accuracy", None, Verdict.INSUFFICIENT, reason="no schema")])
    counted = window_profile(version, window)
    if counted is None:
        return Readings([Reading("accuracy", None, Verdict.NO_DATA, reason="no predictions in the window")])
    if counted.profile.labelled < limits.minimum:
        reason = f"{counted.profile.labelled} outcomes, {limits.minimum} are needed"
        found = Reading("accuracy", None, Verdict.INSUFFICIENT, n=counted.profile.labelled, reason=reason)
        return Readings([found], state=counted.state)
    if schema.task == Task.REGRESSION:
        return Readings([_absolute_error(counted)], state=counted.state)
    readings = [_accuracy(counted.profile), _controlled(version, counted, limits)]
    if schema.task == Task.BINARY:
        readings.append(_auc(counted, limits))
    return Readings(readings, state=counted.state)


def errors_of(window: Window, counted: Profile) -> Errors:
    """How many labelled predictions were wrong."""
    right = sum(n for (said, happened), n in counted.pairs.items() if said == happened)
    return Errors(window, sum(counted.pairs.values()) - right, sum(counted.pairs.values()))


def baseline_of(
    counted: WindowProfile, history: Sequence[Errors], limits: PerformanceLimits
) -> tuple[float, int, str] | None:
    """The frozen error rate, its rows and its source: the labelled reference, else the first windows.

    The first windows are a baseline for those after them only; late outcomes apart, they never change.
    """
    if counted.reference is not None:
        reference = errors_of(counted.window, counted.reference.frozen.profile)
        if reference.n:
            return reference.wrong / reference.n, reference.n, f"reference {counted.reference.number}"
    first = history[: limits.baseline_windows]
    if len(first) < limits.baseline_windows:
        return None
    wrong, n = sum(e.wrong for e in first), sum(e.n for e in first)
    return wrong / n, n, f"the first {len(first)} windows"


def _accuracy(counted: Profile) -> Reading:
    errors = errors_of(Window.day_of(timezone.now()), counted)
    interval = wilson(errors.n - errors.wrong, errors.n)
    return Reading("accuracy", interval.value, Verdict.OK, low=interval.low, high=interval.high, n=errors.n)


def _controlled(version: ModelVersion, counted: WindowProfile, limits: PerformanceLimits) -> Reading:
    """The error rate on a p-chart with frozen centre; rule 1 breaches, EWMA warns."""
    now = errors_of(counted.window, counted.profile)
    history = [
        past
        for past in errors_by_window(version, counted.window, until=counted.window.start)
        if past.n >= limits.minimum
    ]
    interval = wilson(now.wrong, now.n)
    base = baseline_of(counted, history, limits)
    if base is None:
        return Reading(
            "error_rate",
            interval.value,
            Verdict.INSUFFICIENT,
            low=interval.low,
            high=interval.high,
            n=now.n,
            reason=f"the baseline needs {limits.baseline_windows} windows or a labelled reference",
        )
    center, rows, source = base
    sigma = (center * (1 - center) / now.n) ** 0.5
    upper = min(1.0, center + limits.width * sigma)
    lower = max(0.0, center - limits.width * sigma)
    ewma = _ewma([*history[-LOOK_BACK:], now], center, limits)
    assert interval.value is not None
    verdict = Verdict.OK
    if interval.value > upper:
        verdict = Verdict.BREACH
    elif ewma["signals"]:
        verdict = Verdict.WARN
    return Reading(
        "error_rate",
        interval.value,
        verdict,
        low=interval.low,
        high=interval.high,
        limit_warn=ewma["upper"],
        limit_breach=upper,
        n=now.n,
        n_reference=rows,
        extra={"center": center, "lower": lower, "upper": upper, "baseline": source, "ewma": ewma["value"]},
    )


def _ewma(points: Sequence[Errors], center: float, limits: PerformanceLimits) -> dict[str, Any]:
    """The smoothed error rate in standard errors of each window, and whether it is above its limit."""
    spread = (center * (1 - center)) ** 0.5
    if not spread:
        return {"value": None, "upper": None, "signals": False}
    z = [(e.wrong / e.n - center) * e.n**0.5 / spread for e in points]
    chart = control_charts.ewma(z, target=0, sigma=1, lam=limits.ewma_lambda, width=limits.ewma_width)
    upper = chart.upper if isinstance(chart.upper, float) else chart.upper[-1]
    back = spread / points[-1].n ** 0.5
    last = chart.points[-1]
    return {"value": center + last * back, "upper": center + upper * back, "signals": last > upper}


def _auc(counted: WindowProfile, limits: PerformanceLimits) -> Reading:
    """The area under the ROC curve from score histograms, against that of the reference."""
    positive, negative = counted.profile.score_positive, counted.profile.score_negative
    if positive is None or negative is None or not positive.n or not negative.n:
        return Reading("auc", None, Verdict.INSUFFICIENT, reason="scores or one of the outcomes are missing")
    found = auc_from_histogram(positive.counts, negative.counts)
    before = None
    if counted.reference is not None:
        held = counted.reference.frozen.profile
        if held.score_positive and held.score_negative and held.score_positive.n and held.score_negative.n:
            before = auc_from_histogram(held.score_positive.counts, held.score_negative.counts).value
    limit = None if before is None else before - limits.auc_drop
    verdict = Verdict.OK
    if limit is not None and found.high is not None and found.high < limit:
        verdict = Verdict.BREACH
    elif limit is not None and found.value is not None and found.value < limit:
        verdict = Verdict.WARN
    return Reading(
        "auc",
        found.value,
        verdict,
        low=found.low,
        high=found.high,
        limit_breach=limit,
        n=positive.n + negative.n,
        reason=found.reason,
        extra={"reference": before},
    )


def _absolute_error(counted: WindowProfile) -> Reading:
    """The mean absolute error of a regression against that of the reference: half as much again breaches."""
    errors = counted.profile.errors
    value = errors.mae if errors is not None else None
    if value is None:
        return Reading("mae", None, Verdict.NO_DATA, reason="no outcome has come")
    before = None
    if counted.reference is not None and counted.reference.frozen.profile.errors is not None:
        before = counted.reference.frozen.profile.errors.mae
    warn, breach = (1.2 * before, 1.5 * before) if before else (None, None)
    verdict = Verdict.OK
    if breach is not None and value >= breach:
        verdict = Verdict.BREACH
    elif warn is not None and value >= warn:
        verdict = Verdict.WARN
    return Reading(
        "mae", value, verdict, limit_warn=warn, limit_breach=breach, n=errors.n if errors else None
    )


PERFORMANCE = Check(
    slug="performance",
    title="Performance",
    measure=measure_performance,
    subjects=measured_versions,
    policy=PERFORMANCE_LIMITS,
    metrics=(ACCURACY, ERROR, AUC, MAE),
    every=timedelta(days=7),
    severity=Severity.HIGH,
    page="monitoring:performance",
    explain=(
        "The error rate of each window stands on a p-chart: the centre is that of the labelled reference, "
        "or of the first windows, and never moves by itself; limits are three standard errors at the "
        "window's own number of outcomes. One point above the limit is a breach. A smoothed rate (EWMA, "
        "weight 0.2) that leaves its own limits warns of a small lasting change."
    ),
)
