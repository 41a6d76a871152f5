"""Many tests at once."""

from collections.abc import Sequence
from typing import Literal


def adjust(p_values: Sequence[float | None], method: Literal["bh", "by"] = "bh") -> tuple[float | None, ...]:
    """Adjusted p-values of many tests, in the order given.

    Rejecting those ≤ q keeps the share of false discoveries below q: "bh" (Benjamini and Hochberg 1995) for
    independent or positively dependent tests, "by" (Benjamini and Yekutieli 2001) for any. None, an undefined
    p-value, stays None and does not count as a test. Raises ValueError for a p-value outside [0, 1].

    >>> adjust([0.01, 0.04, None])
    (0.02, 0.04, None)
    """
    held = [(p, place) for place, p in enumerate(p_values) if p is not None]
    if any(not 0 <= p <= 1 for p, _ in held):
        raise ValueError("A p-value lies between 0 and 1.")
    n = len(held)
    penalty = sum(1 / rank for rank in range(1, n + 1)) if method == "by" else 1.0
    adjusted: list[float | None] = [None] * len(p_values)
    least = 1.0
    for rank, (p, place) in zip(range(n, 0, -1), sorted(held, reverse=True), strict=True):
        least = min(least, p * n / rank * penalty)
        adjusted[place] = least
    return tuple(adjusted)
