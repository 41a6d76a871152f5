"""Measures on the rows themselves: exact, on request, and costlier than counts."""

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from portal.stats.bins import Floats
from portal.stats.classification import auc

_MOST_EXACT = 10_000


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Greatest distance of two distribution functions."""

    value: float
    p: float
    method: str
    n_reference: int
    n: int


@dataclass(frozen=True, slots=True)
class Wasserstein:
    """Area between two distribution functions, divided by `scale`."""

    value: float
    scale: float
    n_reference: int
    n: int


@dataclass(frozen=True, slots=True)
class DomainAuc:
    """How well a classifier tells the rows of two samples apart: 0.5 not at all, 1 perfectly.

    `null_sd` is the standard deviation around 0.5 when the samples do not differ.
    """

    value: float
    null_sd: float
    n_reference: int
    n: int


def ks(x: npt.ArrayLike, y: npt.ArrayLike, method: Literal["exact", "asymp"] = "exact") -> KolmogorovSmirnov:
    """Two-sample Kolmogorov-Smirnov test of the finite values of reference x and window y.

    The exact p-value is for up to 10 000 rows an arm; with more, or where SciPy cannot sum it, it is the
    asymptotic one, which a single row cannot have. `method` of the result says which it is.
    """
    from scipy import stats  # noqa: PLC0415 - costs more than a drift job

    reference, current = _finite(x), _finite(y)
    n, m = len(reference), len(current)
    used = "asymp" if max(n, m) > _MOST_EXACT else "exact" if n * m < n + m else method
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # SciPy would change the method under our hands
            found = stats.ks_2samp(reference, current, method=used)
    except RuntimeWarning:
        used = "asymp"
        found = stats.ks_2samp(reference, current, method=used)
    return KolmogorovSmirnov(float(found.statistic), float(found.pvalue), used, n, m)


def wasserstein(
    x: npt.ArrayLike, y: npt.ArrayLike, scale: float | Literal["std"] | None = None
) -> Wasserstein:
    """First Wasserstein distance of the finite values of reference x and window y.

    In the unit of the values, or in units of `scale`; "std" is the standard deviation of the reference
    (divisor n). One extreme value moves it without bound. Raises ValueError for a scale that is not positive.

    >>> wasserstein([1, 2, 3, 4], [3.5, 4.5, 5.5, 6.5]).value
    2.5
    """
    reference, current = np.sort(_finite(x)), np.sort(_finite(y))
    unit = (float(reference.std()) if scale == "std" else scale) if scale is not None else 1.0
    if not unit > 0:
        raise ValueError(
            "The scale is positive; a constant reference has no standard deviation to divide by."
        )
    both = np.concatenate((reference, current))
    order = np.argsort(both, kind="stable")  # merges the two sorted halves
    passed = np.cumsum(order < len(reference))[:-1]
    heights = passed / len(reference) - (np.arange(1, len(both)) - passed) / len(current)
    area = float((np.abs(heights) * np.diff(both[order])).sum())
    return Wasserstein(area / unit, unit, len(reference), len(current))


def domain_auc(x0: npt.ArrayLike, x1: npt.ArrayLike, seed: int = 0) -> DomainAuc:
    """Out-of-fold AUC, in five folds, of a classifier that tells reference rows from window rows.

    Two matrices with the same columns; NaN may stand for missing values. Sees changes of the joint
    distribution that no single feature shows. Boosted trees; the same seed gives the same value. Raises
    ValueError with fewer than five rows in an arm or other columns.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - seconds to import
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with them

    reference, current = np.asarray(x0, dtype=np.float64), np.asarray(x1, dtype=np.float64)
    if reference.ndim != 2 or current.ndim != 2 or reference.shape[1] != current.shape[1]:
        raise ValueError("Both samples are matrices with the same columns.")
    n0, n1 = len(reference), len(current)
    if min(n0, n1) < 5:
        raise ValueError("Five folds need at least five rows of each sample.")
    labels = np.repeat([0, 1], [n0, n1])
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    trees = HistGradientBoostingClassifier(max_iter=50, early_stopping=False, random_state=seed)
    rows = np.vstack((reference, current))
    with threadpool_limits(1):  # threads that wait for each other cost more than so few rows
        scores = cross_val_predict(trees, rows, labels, cv=folds, method="predict_proba")[:, 1]
    area = auc(scores, labels).value
    assert area is not None  # both labels occur
    return DomainAuc(area, math.sqrt((n0 + n1 + 1) / (12 * n0 * n1)), n0, n1)


def _finite(values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64).ravel()
    finite: Floats = array[np.isfinite(array)]
    if not finite.size:
        raise ValueError("Both samples have at least one finite value.")
    return finite
