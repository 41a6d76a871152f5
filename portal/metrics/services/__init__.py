"""Every write of samples and KPIs."""

from portal.metrics.services.kpis import (
    change_kpi,
    check_in,
    create_kpi,
    create_pillar,
    retire_kpi,
    set_contributions,
    set_target,
)
from portal.metrics.services.samples import Measured, group_key, record_samples
from portal.metrics.services.values import KpiValue, compute_kpi, record_values

__all__ = [
    "KpiValue",
    "Measured",
    "change_kpi",
    "check_in",
    "compute_kpi",
    "create_kpi",
    "create_pillar",
    "group_key",
    "record_samples",
    "record_values",
    "retire_kpi",
    "set_contributions",
    "set_target",
]
