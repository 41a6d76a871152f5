"""What an estimator tells about itself, by the conventions of scikit-learn; its library is never imported."""

from __future__ import annotations

import math
import pickle
import statistics
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from aiportal.frames import Column, head, missing_as_none, size

FRAMEWORKS = {
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "torch": "torch",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "transformers": "transformers",
    "statsmodels": "statsmodels",
}
"""Package to distribution."""
LATENCY_ROWS, LATENCY_CALLS, LATENCY_SECONDS = 100, 5, 2.0
LARGEST_PICKLE = 2_000_000_000


def framework_of(estimator: Any) -> tuple[str, str] | None:
    """Framework and its version, from the package of the estimator's class or of one it is derived from."""
    for base in type(estimator).__mro__:
        package = base.__module__.partition(".")[0]
        if package in FRAMEWORKS:
            return FRAMEWORKS[package], _version(package)
    return None


def task_of(estimator: Any) -> str | None:
    """``binary``, ``multiclass`` or ``regression``; None where it does not show."""
    if estimator is None or not hasattr(estimator, "predict"):
        return None
    classes = _classes(estimator)
    if classes:
        return "binary" if len(classes) == 2 else "multiclass"
    kind = getattr(estimator, "_estimator_type", None) or getattr(_tags(estimator), "estimator_type", None)
    return "regression" if kind == "regressor" else None


def positive_class(estimator: Any) -> str | None:
    """The label of the second class of two, written as the portal writes labels."""
    classes = _classes(estimator)
    return label(classes[1]) if len(classes) == 2 else None


def label(value: Any) -> str | None:
    """A label as text: 1 and 1.0 are one label, a truth value is ``true`` or ``false``."""
    value = missing_as_none(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def accepts_missing(estimator: Any) -> bool:
    """Whether missing values may be predicted on; True where the estimator does not say."""
    inputs = getattr(_tags(estimator), "input_tags", None)
    return bool(getattr(inputs, "allow_nan", True))


def importances(estimator: Any, features: Sequence[Column]) -> dict[str, float]:
    """Each feature's share of all importance, 0 to 1; empty where the estimator has none for each input.

    A coefficient counts by its size times the spread of its feature, unless earlier steps have scaled it.
    """
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    weights = _row(getattr(last, "feature_importances_", None))
    if not weights:
        weights = _row(getattr(last, "coef_", None))
        if last is estimator and len(weights) == len(features):
            weights = [w * _spread(c) for w, c in zip(weights, features, strict=True)]
    total = math.fsum(weights)
    if len(weights) != len(features) or not math.isfinite(total) or total <= 0:
        return {}
    return {c.name: round(w / total, 6) for c, w in zip(features, weights, strict=True)}


def pickled_bytes(estimator: Any) -> int | None:
    """The size of the estimator as a pickle, which is counted and not kept; None where it has none."""
    counter = _Counter()
    try:
        pickle.Pickler(counter, protocol=5).dump(estimator)
    except Exception:  # noqa: BLE001 - whatever a class raises, its size is unknown then
        return None
    return counter.count


def latency(estimator: Any, frame: Any) -> dict[str, float] | None:
    """The median time of a prediction on at most 100 rows, in ms; None where it cannot be made."""
    if not hasattr(estimator, "predict") or frame is None or not size(frame):
        return None
    sample = head(frame, LATENCY_ROWS)
    took: list[float] = []
    try:
        estimator.predict(sample)
        until = time.perf_counter() + LATENCY_SECONDS
        while len(took) < LATENCY_CALLS and (not took or time.perf_counter() < until):
            start = time.perf_counter()
            estimator.predict(sample)
            took.append((time.perf_counter() - start) * 1000)
    except Exception:  # noqa: BLE001 - a frame the estimator does not take says nothing about its speed
        return None
    return {"rows": size(sample), "median_ms": round(statistics.median(took), 3)}


def predictions(estimator: Any, frame: Any) -> dict[str, list[Any]]:
    """``prediction`` and, of two classes, ``score``: the chance of the positive. Empty where impossible."""
    task = task_of(estimator)
    if task is None:
        return {}
    try:
        predicted = _flat(estimator.predict(frame))
        if task == "regression":
            return {"prediction": [float(value) for value in predicted]}
        found: dict[str, list[Any]] = {"prediction": [label(value) for value in predicted]}
        if task == "binary" and hasattr(estimator, "predict_proba"):
            found["score"] = [float(value) for value in estimator.predict_proba(frame)[:, 1]]
    except Exception:  # noqa: BLE001 - a reference without predictions is one all the same
        return {}
    return found


class _Counter:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, data: Any) -> int:
        length = memoryview(data).nbytes
        self.count += length
        if self.count > LARGEST_PICKLE:
            raise OverflowError("larger than is counted")
        return length


def _classes(estimator: Any) -> list[Any]:
    try:
        classes = getattr(estimator, "classes_", None)
    except Exception:  # noqa: BLE001 - a property of an estimator that was not fitted may raise anything
        return []
    return [] if classes is None or getattr(classes, "ndim", 1) != 1 else list(classes)


def _tags(estimator: Any) -> Any:
    try:
        return estimator.__sklearn_tags__()
    except Exception:  # noqa: BLE001 - an estimator without tags, or with steps that have none
        return None


def _row(weights: Any) -> list[float]:
    """One weight a feature, not negative; of several classes their mean."""
    if weights is None:
        return []
    if hasattr(weights, "toarray"):
        weights = weights.toarray()
    rows = weights.tolist() if hasattr(weights, "tolist") else list(weights)
    if rows and isinstance(rows[0], list):
        return [statistics.fmean(abs(w) for w in column) for column in zip(*rows, strict=True)]
    return [abs(float(w)) for w in rows]


def _spread(column: Column) -> float:
    numbers = [float(v) for v in column.values if isinstance(v, int | float) and math.isfinite(v)]
    return statistics.pstdev(numbers) if len(numbers) > 1 else 0.0


def _flat(values: Any) -> list[Any]:
    rows = values.tolist() if hasattr(values, "tolist") else list(values)
    return [row[0] if isinstance(row, list) and len(row) == 1 else row for row in rows]


def _version(package: str) -> str:
    try:
        return metadata.version(FRAMEWORKS[package])
    except metadata.PackageNotFoundError:
        return str(getattr(sys.modules.get(package), "__version__", ""))
