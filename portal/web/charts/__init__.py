"""Charts: a frozen dataclass in, SVG (or an HTML table) out. Pure functions, no I/O.

Each picture carries one sentence that says the finding. ``target="print"`` paints by attributes in light
colours, for PDF and mail; on the web colours come from classes, so a chart follows the theme.
"""

from portal.web.charts.bars import (
    Allocation,
    Bars,
    Distribution,
    Part,
    Series,
    allocation,
    bars,
    distribution,
)
from portal.web.charts.calibration import Bin, Calibration, calibration
from portal.web.charts.control import ControlChart, Signal, control_chart, control_key
from portal.web.charts.groups import Group, GroupChart, GroupState, group_chart
from portal.web.charts.heatmap import Heatmap, HeatRow, heat_key, psi_heatmap
from portal.web.charts.line import Limit, Line, LineChart, Note, Spark, line_chart, sparkline
from portal.web.charts.lineage import Lineage, Node, lineage
from portal.web.charts.tornado import Tornado, TornadoRow, tornado

__all__ = [
    "Allocation",
    "Bars",
    "Bin",
    "Calibration",
    "ControlChart",
    "Distribution",
    "Group",
    "GroupChart",
    "GroupState",
    "HeatRow",
    "Heatmap",
    "Limit",
    "Line",
    "LineChart",
    "Lineage",
    "Node",
    "Note",
    "Part",
    "Series",
    "Signal",
    "Spark",
    "Tornado",
    "TornadoRow",
    "allocation",
    "bars",
    "calibration",
    "control_chart",
    "control_key",
    "distribution",
    "group_chart",
    "heat_key",
    "line_chart",
    "lineage",
    "psi_heatmap",
    "sparkline",
    "tornado",
]
