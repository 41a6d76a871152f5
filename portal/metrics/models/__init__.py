"""Samples and KPIs."""

from portal.metrics.models.kpis import CheckIn, Kpi, KpiContribution, Pillar, Target
from portal.metrics.models.samples import Sample, Series

__all__ = ["CheckIn", "Kpi", "KpiContribution", "Pillar", "Sample", "Series", "Target"]
