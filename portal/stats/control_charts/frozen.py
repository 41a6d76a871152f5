"""Limits of phase I, kept to judge the points of phase II."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from portal.stats.control_charts.attributes import c_chart, laney_chart, np_chart, p_chart, u_chart
from portal.stats.control_charts.chart import Chart, Cusum
from portal.stats.control_charts.memory import cusum_chart, ewma_chart
from portal.stats.control_charts.variables import individuals_chart, xbar_r_chart, xbar_s_chart

_SIZED = {"p", "np", "u", "laney_p"}
_MEASURED = {"xbar_r": xbar_r_chart, "xbar_s": xbar_s_chart, "individuals": individuals_chart}


@dataclass(frozen=True, slots=True)
class Frozen:
    """What of a chart new points cannot move. `size` is that of the subgroups of a chart of means."""

    kind: str
    center: float
    sigma: float
    size: float | None = None
    sigma_z: float | None = None
    lam: float | None = None
    width: float | None = None
    k: float | None = None
    h: float | None = None

    def apply(self, x: npt.ArrayLike, n: npt.ArrayLike | None = None) -> Chart | Cusum:
        """The chart of new points under these limits, with the sizes of their subgroups where it needs them.

        An EWMA or a CUSUM starts anew at the target, so it is given the whole of phase II.
        """
        if self.kind in _SIZED:
            if n is None:
                raise ValueError(f"A chart of kind {self.kind!r} needs the sizes of its subgroups.")
            return self._sized(x, n)
        if self.kind in _MEASURED:
            if self.size is not None and np.shape(x)[-1] != self.size:
                raise ValueError(f"The limits are for subgroups of {self.size:g}.")
            return _MEASURED[self.kind](x, center=self.center, sigma=self.sigma)
        if self.kind == "ewma" and self.lam is not None and self.width is not None:
            return ewma_chart(x, self.center, self.sigma, self.lam, self.width)
        if self.kind == "cusum" and self.k is not None and self.h is not None:
            return cusum_chart(x, self.center, self.sigma, self.k, self.h)
        return c_chart(x, center=self.center)

    def _sized(self, x: npt.ArrayLike, n: npt.ArrayLike) -> Chart:
        if self.kind == "p":
            return p_chart(x, n, center=self.center)
        if self.kind == "u":
            return u_chart(x, n, center=self.center)
        if self.kind == "laney_p":
            return laney_chart(x, n, center=self.center, sigma_z=self.sigma_z)
        return np_chart(x, n, center=self.center)

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


def freeze(chart: Chart | Cusum) -> Frozen:
    """The limits of a chart, to be applied to later points. Raises ValueError for the chart of a spread."""
    if isinstance(chart, Cusum):
        return Frozen("cusum", chart.center, chart.sigma, k=chart.k, h=chart.h)
    if chart.kind in {"range", "deviation", "moving_range"}:
        raise ValueError("The chart of a spread is frozen with the chart it belongs to.")
    size = chart.n if chart.kind.startswith("xbar") and isinstance(chart.n, float) else None
    return Frozen(chart.kind, chart.center, chart.sigma, size, chart.sigma_z, chart.lam, chart.width)
