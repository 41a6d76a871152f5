"""Series in time: calendar windows, quantiles, trends, change points, survival and leading metrics."""

from portal.stats.series.link import Link, lagged_link
from portal.stats.series.quantiles import quantile
from portal.stats.series.survival import KaplanMeier, kaplan_meier
from portal.stats.series.trend import (
    ChangePoint,
    Crossing,
    MannKendall,
    TheilSen,
    change_point,
    decay_crossing,
    mann_kendall,
    theil_sen,
)
from portal.stats.series.windows import Windows, windows

__all__ = [
    "ChangePoint",
    "Crossing",
    "KaplanMeier",
    "Link",
    "MannKendall",
    "TheilSen",
    "Windows",
    "change_point",
    "decay_crossing",
    "kaplan_meier",
    "lagged_link",
    "mann_kendall",
    "quantile",
    "theil_sen",
    "windows",
]
