"""Calibration: how often what was predicted came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.web.charts.canvas import Canvas, Target, text_width
from portal.web.charts.line import Frame, draw_grid
from portal.web.charts.scale import axis


@dataclass(frozen=True, slots=True)
class Bin:
    """The mean predicted probability of a bin, the observed rate with its interval, and how many they are."""

    predicted: float
    observed: float
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Calibration:
    label: str
    bins: Sequence[Bin]


def calibration(data: Calibration, target: Target = "web", *, width: float = 334) -> SafeString:
    """Observed against predicted, 0 to 1 on both sides, with the diagonal on which both agree."""
    sheet = Canvas(width, width - 12, target)
    left, bottom = text_width("100%") + 12, width - 54
    scale_x = axis([], left, width - 18, low=0, high=1)
    scale_y = axis([], bottom, 12, low=0, high=1)
    ticks = [scale_y.text(tick, "%") for tick in scale_y.ticks]
    draw_grid(sheet, Frame(left, width - 18, 12, bottom, 2), scale_y, ticks)
    for tick in scale_x.ticks:
        sheet.text(scale_x.at(tick), bottom + 17, scale_x.text(tick, "%"), "muted", anchor="middle")
    sheet.text((left + width) / 2, bottom + 36, _("predicted"), "muted", anchor="middle")
    sheet.line(scale_x.at(0), scale_y.at(0), scale_x.at(1), scale_y.at(1), "limit")
    for item in data.bins:
        if item.low is not None and item.high is not None:
            x = scale_x.at(item.predicted)
            sheet.line(x, scale_y.at(item.low), x, scale_y.at(item.high), "whisker")
    points = [(scale_x.at(item.predicted), scale_y.at(item.observed)) for item in data.bins]
    sheet.polyline(points, "line")
    for x, y in points:
        sheet.circle(x, y, 3.5, "halo-mark")
        sheet.circle(x, y, 3.5, "dot")
    return sheet.render(data.label)
