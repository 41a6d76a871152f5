"""Impact ratios as New York City's Local Law 144 asks for them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.stats.fairness.table import Group


@dataclass(frozen=True, slots=True)
class LL144:
    """Scoring rates by category: the share with a score above the median of the whole sample.

    `impact_ratios` are rates over the highest rate, None where that is 0. `left_out` are categories below
    the minimum share: their numbers and rates must still be stated, their ratios need not. `unknown` rows
    have no category.
    """

    median: float
    numbers: dict[Group, int]
    rates: dict[Group, float]
    impact_ratios: dict[Group, float | None]
    left_out: tuple[Group, ...]
    unknown: int


def ll144(scores: npt.ArrayLike, groups: Iterable[Group], *, minimum_share: float = 0.0) -> LL144:
    """Scoring rates and impact ratios of categories; None is an unknown category.

    The median is that of all rows, with or without a category; a score at the median is not above it. Raises
    ValueError without a categorised row and for scores that are not finite.
    Source: Rules of the City of New York, title 6, § 5-300.

    >>> found = ll144([1, 2, 3, 4], ["a", "a", "b", "b"])
    >>> found.median, found.impact_ratios
    (2.5, {'a': 0.0, 'b': 1.0})
    """
    values = np.asarray(scores, dtype=np.float64).ravel()
    categories = list(groups)
    if len(categories) != len(values) or not np.isfinite(values).all():
        raise ValueError("Every score is finite and has a category, known or None.")
    known = sorted({category for category in categories if category is not None}, key=str)
    if not known:
        raise ValueError("At least one row has a category.")
    median = float(np.median(values))
    above = (values > median).tolist()
    numbers = {category: categories.count(category) for category in known}
    hits = {
        category: sum(up for up, own in zip(above, categories, strict=True) if own == category)
        for category in known
    }
    rates = {category: hits[category] / numbers[category] for category in known}
    left_out = tuple(category for category in known if numbers[category] < minimum_share * len(values))
    counted = [category for category in known if category not in left_out]
    highest = max((rates[category] for category in counted), default=0.0)
    ratios = {category: rates[category] / highest if highest else None for category in counted}
    return LL144(median, numbers, rates, ratios, left_out, categories.count(None))
