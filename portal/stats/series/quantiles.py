"""Quantiles of measurements such as latencies."""

from typing import Literal

import numpy as np
import numpy.typing as npt


def quantile(x: npt.ArrayLike, q: float, method: Literal["linear", "nearest_rank"] = "linear") -> float:
    """The value below which a share q of x lies.

    "linear" interpolates between neighbours; "nearest_rank" is the ⌈qn⌉-th smallest, a value that
    occurred, for reports. Quantiles do not average: merge the counts, then take one. Raises ValueError
    without a finite value.

    >>> quantile(range(1, 101), 0.99), quantile(range(1, 101), 0.99, method="nearest_rank")
    (99.01, 99.0)
    """
    values = np.asarray(x, dtype=np.float64).ravel()
    if not values.size or not np.isfinite(values).all():
        raise ValueError("A quantile needs finite values, at least one.")
    if not 0 <= q <= 1:
        raise ValueError("A quantile lies between 0 and 1.")
    return float(np.quantile(values, q, method="linear" if method == "linear" else "inverted_cdf"))
