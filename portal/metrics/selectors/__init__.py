"""Every page-shaped read of samples and KPIs."""

from portal.metrics.selectors.histories import History, histories, history_of
from portal.metrics.selectors.kpi_page import KpiPageView, kpi_page
from portal.metrics.selectors.samples import latest_samples, series
from portal.metrics.selectors.scorecard import kpi_view, kpi_views, scorecard

__all__ = [
    "History",
    "KpiPageView",
    "histories",
    "history_of",
    "kpi_page",
    "kpi_view",
    "kpi_views",
    "latest_samples",
    "scorecard",
    "series",
]
