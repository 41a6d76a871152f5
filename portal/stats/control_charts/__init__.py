"""Statistical process control: whether a metric is in its usual range, or a change is more than chance.

Phase I estimates limits from points of a quiet time, `freeze` keeps them, and `apply` judges later
points. Rule 1 alone, a point beyond the limits, signals by default; run rules are opt-in, with their
price in false alarms.
"""

from portal.stats.control_charts.attributes import c_chart as c
from portal.stats.control_charts.attributes import laney_chart as laney_p
from portal.stats.control_charts.attributes import np_chart as np
from portal.stats.control_charts.attributes import p_chart as p
from portal.stats.control_charts.attributes import u_chart as u
from portal.stats.control_charts.chart import Chart, Cusum, Signal
from portal.stats.control_charts.frozen import Frozen, freeze
from portal.stats.control_charts.memory import cusum_chart as cusum
from portal.stats.control_charts.memory import ewma_chart as ewma
from portal.stats.control_charts.rules import nelson, western_electric
from portal.stats.control_charts.variables import Capability, capability
from portal.stats.control_charts.variables import individuals_chart as individuals
from portal.stats.control_charts.variables import xbar_r_chart as xbar_r
from portal.stats.control_charts.variables import xbar_s_chart as xbar_s

__all__ = [
    "Capability",
    "Chart",
    "Cusum",
    "Frozen",
    "Signal",
    "c",
    "capability",
    "cusum",
    "ewma",
    "freeze",
    "individuals",
    "laney_p",
    "nelson",
    "np",
    "p",
    "u",
    "western_electric",
    "xbar_r",
    "xbar_s",
]
