"""The limits by which drift, fairness and performance are judged."""

from __future__ import annotations

from dataclasses import dataclass

from portal.areas import PolicyKind
from portal.policies.parameters import parameter


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """When the inputs of a model are no longer those it was made for.

    A PSI counts as drift when it is large, more than chance would give at that n, and still so after
    correction for the number of features.
    """

    warn: float = parameter(0.10, "PSI warns from", looser="up")
    breach: float = parameter(0.25, "PSI breaches from", looser="up")
    alpha: float = parameter(0.05, "False discovery rate over the features of one window", looser="down")
    importance_warn: float = parameter(0.10, "Drifted importance warns from", looser="up")
    importance_breach: float = parameter(0.20, "Drifted importance breaches from", looser="up")
    missing_warn: float = parameter(0.05, "More missing values than the reference, warns from", looser="up")
    missing_breach: float = parameter(0.20, "More missing values, breaches from", looser="up")

    def __post_init__(self) -> None:
        if not 0 < self.warn <= self.breach:
            raise ValueError("The limit that warns is above 0 and not above the one that breaches.")
        if not 0 < self.alpha < 1:
            raise ValueError("The false discovery rate is between 0 and 1.")


@dataclass(frozen=True, slots=True)
class FairnessLimits:
    """When groups are treated differently, and how small a group may be to speak of it."""

    ratio: float = parameter(0.80, "Impact ratio breaches below", looser="down")
    alpha: float = parameter(0.05, "False discovery rate over groups", looser="down")
    minimum: int = parameter(30, "Rows a group needs for a verdict", looser="never")
    smallest: int = parameter(10, "Cells below this are held back", looser="down")
    gap: float = parameter(0.10, "Gap in TPR or FPR warns from", looser="up")

    def __post_init__(self) -> None:
        if not 0 < self.ratio <= 1 or not 0 < self.gap <= 1 or not 0 < self.alpha < 1:
            raise ValueError("Ratio, gap and rate lie between 0 and 1.")
        if not 5 <= self.smallest <= self.minimum:
            raise ValueError("Cells are held back below at least 5, and at most the rows a verdict needs.")


@dataclass(frozen=True, slots=True)
class PerformanceLimits:
    """When a model's predictions are worse than they were."""

    width: float = parameter(3.0, "Control limits", unit="standard errors", looser="up")
    baseline_windows: int = parameter(
        12, "Without a labelled reference the first windows are the baseline", looser="never"
    )
    ewma_lambda: float = parameter(0.2, "EWMA weight of the newest window", looser="down")
    ewma_width: float = parameter(2.86, "EWMA limits", unit="standard errors", looser="up")
    auc_drop: float = parameter(0.03, "AUC below the baseline breaches from", looser="up")
    minimum: int = parameter(100, "Outcomes a window needs", looser="down")

    def __post_init__(self) -> None:
        if min(self.width, self.ewma_width, self.auc_drop) <= 0 or not 0 < self.ewma_lambda <= 1:
            raise ValueError("Widths and drops are positive, the weight is between 0 and 1.")
        if self.baseline_windows < 2 or self.minimum < 1:
            raise ValueError("A baseline has at least two windows, a window at least one outcome.")


DRIFT_LIMITS = PolicyKind("drift", "Drift limits", DriftLimits)
FAIRNESS_LIMITS = PolicyKind("fairness", "Fairness limits", FairnessLimits)
PERFORMANCE_LIMITS = PolicyKind("performance", "Performance limits", PerformanceLimits)
