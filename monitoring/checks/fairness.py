"""Whether groups of people are treated differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from lifecycle.data.services import schema_of
from monitoring.checks.subjects import versions_about_people
from monitoring.policies import FAIRNESS_LIMITS, FairnessLimits
from monitoring.selectors import WindowProfile, window_profile
from portal.areas import Check, MetricKind, Reading, Severity, Verdict, Window
from portal.checks.readings import Readings
from portal.registry.models import ModelVersion
from portal.stats.drift import adjust
from portal.stats.fairness import SMALL_CELL, GroupRates, GroupTable, Rate, suppress
from portal.stats.intervals import Interval

SELECTION = MetricKind("selection_rate", "Selection rate", "%", "none", timedelta(days=45))
RATIO = MetricKind("impact_ratio", "Impact ratio", "", "up", timedelta(days=45))
TPR = MetricKind("tpr", "True positive rate", "%", "up", timedelta(days=45))
FPR = MetricKind("fpr", "False positive rate", "%", "down", timedelta(days=45))
PPV = MetricKind("ppv", "Precision", "%", "up", timedelta(days=45))
ACCURACY_BY_GROUP = MetricKind("group_accuracy", "Accuracy by group", "%", "up", timedelta(days=45))

BY_OUTCOME: tuple[tuple[str, Rate], ...] = (
    ("tpr", "tpr"),
    ("fpr", "fpr"),
    ("fnr", "fnr"),
    ("ppv", "ppv"),
    ("group_accuracy", "accuracy"),
)


def measure_fairness(version: ModelVersion, window: Window, limits: FairnessLimits) -> Readings:
    """Rates by group and by crossed groups, compared with a named reference, small cells held back."""
    schema = schema_of(version)
    if schema is None:
        return Readings([Reading("impact_ratio", None, Verdict.INSUFFICIENT, reason="no schema")])
    if not schema.protected():
        reason = "no protected attribute is declared"
        return Readings([Reading("impact_ratio", None, Verdict.INSUFFICIENT, reason=reason)])
    counted = window_profile(version, window)
    if counted is None:
        return Readings(
            [Reading("impact_ratio", None, Verdict.NO_DATA, reason="no predictions in the window")]
        )
    favourable = 1 if schema.favourable == schema.positive else 0
    readings: list[Reading] = []
    for attributes, cells in counted.profile.groups.items():
        if attributes and cells:
            table = suppress(GroupTable.from_profile(cells), k=limits.smallest)
            readings += _of_table(attributes, table, favourable, limits)
    if not readings:
        reason = "no protected attribute has been sent for this window"
        return Readings([Reading("impact_ratio", None, Verdict.NO_DATA, reason=reason)], state=counted.state)
    return Readings(readings, state=_state(counted))


def _state(counted: WindowProfile) -> str:
    """Selection needs no outcomes: a window that has ended is judged at once."""
    return "open" if counted.state == "open" else "mature"


def _of_table(
    attributes: Sequence[str], table: GroupTable, favourable: int, limits: FairnessLimits
) -> list[Reading]:
    reference = table.reference(favourable=favourable, minimum=limits.minimum)
    readings = _ratios(attributes, table, favourable, limits)
    named = _named(attributes, reference)
    for group, rates in table.rates().items():
        readings += _rates(attributes, group, rates, limits, named)
    return readings


def _ratios(
    attributes: Sequence[str], table: GroupTable, favourable: int, limits: FairnessLimits
) -> list[Reading]:
    """The impact ratio of each group with Katz's interval, its difference with Newcombe's, and a verdict."""
    minimum = limits.minimum
    reference = table.reference(favourable=favourable, minimum=minimum)
    ratios = table.impact_ratios(favourable=favourable, minimum=minimum)
    differences = table.differences(favourable=favourable, minimum=minimum)
    tests = table.tests(favourable=favourable, minimum=minimum)
    passes = table.four_fifths(favourable=favourable, minimum=minimum)
    hinges = table.hinges_on_one(favourable=favourable, minimum=minimum)
    groups = list(table.rates())
    p_values = [test.p if (test := tests[group]) is not None else None for group in groups]
    adjusted = adjust(p_values)
    readings = []
    for place, group in enumerate(groups):
        rates, ratio, difference = table.rates()[group], ratios[group], differences[group]
        below = _below(ratio, passes[group], limits)
        significant = adjusted[place] is not None and adjusted[place] <= limits.alpha  # type: ignore[operator]
        readings.append(
            Reading(
                "impact_ratio",
                ratio.value,
                _verdict(
                    rates, ratio, limits, below=below, significant=significant, reference=group == reference
                ),
                group=_named(attributes, group),
                low=ratio.low,
                high=ratio.high,
                limit_breach=limits.ratio,
                p=p_values[place],
                p_adjusted=adjusted[place],
                n=rates.n,
                reason=_reason(rates, ratio, limits),
                extra={
                    "numerator": rates.selected,
                    "reference_group": _named(attributes, reference),
                    "selection_rate": rates.selection_rate,
                    "ratio": ratio.value,
                    "ratio_low": ratio.low,
                    "ratio_high": ratio.high,
                    "difference": difference.value,
                    "difference_low": difference.low,
                    "difference_high": difference.high,
                    "hinges_on_one": hinges[group],
                },
            )
        )
    return readings


def _below(ratio: Interval, passes: bool | None, limits: FairnessLimits) -> bool:  # noqa: FBT001 - a verdict of the table
    """Whether the ratio is under the limit; four fifths are decided by whole numbers."""
    if ratio.value is None:
        return False
    if limits.ratio == FairnessLimits().ratio and passes is not None:
        return not passes
    return ratio.value < limits.ratio


def _verdict(
    rates: GroupRates,
    ratio: Interval,
    limits: FairnessLimits,
    *,
    below: bool,
    significant: bool,
    reference: bool,
) -> Verdict:
    """Small and certain breaches; small alone is too little evidence; certain alone warns."""
    if ratio.value is None or rates.n is None or rates.n < limits.minimum:
        return Verdict.INSUFFICIENT
    if reference:
        return Verdict.OK
    if below:
        return Verdict.BREACH if significant else Verdict.INSUFFICIENT
    return Verdict.WARN if significant and _matters(ratio, limits) else Verdict.OK


def _matters(ratio: Interval, limits: FairnessLimits) -> bool:
    """A difference that is certain but tiny is no warning: half the way to the limit is."""
    return ratio.value is not None and ratio.value < (1 + limits.ratio) / 2


def _reason(rates: GroupRates, ratio: Interval, limits: FairnessLimits) -> str | None:
    if ratio.value is None:
        return rates.reason or ratio.reason
    if rates.n is not None and rates.n < limits.minimum:
        return f"too few ({rates.n})"
    return None


def _rates(
    attributes: Sequence[str],
    group: object,
    rates: GroupRates,
    limits: FairnessLimits,
    reference: Mapping[str, str] | None,
) -> list[Reading]:
    """Selection rate, and where outcomes are known TPR, FPR, FNR, precision and accuracy, with intervals."""
    named = _named(attributes, group)
    found = [("selection_rate", rates.rate("selection_rate"), rates.counts("selection_rate"))]
    found += [(metric, rates.rate(rate), rates.counts(rate)) for metric, rate in BY_OUTCOME]
    readings = []
    for metric, interval, counts in found:
        few = counts is None or counts[1] < limits.minimum
        readings.append(
            Reading(
                metric,
                interval.value,
                Verdict.INSUFFICIENT if few or interval.value is None else Verdict.OK,
                group=named,
                low=interval.low,
                high=interval.high,
                n=counts[1] if counts else None,
                reason=SMALL_CELL if rates.reason == SMALL_CELL else interval.reason,
                extra={"numerator": counts[0] if counts else None, "reference_group": reference},
            )
        )
    return readings


def _named(attributes: Sequence[str], group: object) -> dict[str, str] | None:
    """A group as ``{"sex": "F", "race": "B"}``; somebody of unknown group is "unknown"."""
    if group is None and len(attributes) > 1:
        return None
    values = group if isinstance(group, tuple) else (group,)
    return {
        name: "unknown" if value is None else str(value)
        for name, value in zip(attributes, values, strict=True)
    }


FAIRNESS = Check(
    slug="fairness",
    title="Fairness",
    measure=measure_fairness,
    subjects=versions_about_people,
    policy=FAIRNESS_LIMITS,
    metrics=(SELECTION, RATIO, TPR, FPR, PPV, ACCURACY_BY_GROUP),
    every=timedelta(days=28),
    severity=Severity.HIGH,
    page="monitoring:fairness",
    explain=(
        "The selection rate of each group is divided by that of the reference group, the one with the "
        "highest rate among groups of sufficient size. Intervals are Katz's for ratios, Newcombe's for "
        "differences and Wilson's for rates, all 95 %. A ratio below four fifths that is also "
        "statistically certain is a breach; below without certainty is too little evidence, never a pass. "
        "Cells that would identify people are held back, with a second cell where subtraction would reveal "
        "them."
    ),
)
