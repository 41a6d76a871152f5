"""What costs measure, as samples."""

from datetime import timedelta

from portal.areas import MetricKind

RUN_COST = MetricKind("run_cost", "Run cost a month", "", "down", timedelta(days=45))
"""What a system was billed in a month, in the organisation's currency."""
BUDGET_SPENT = MetricKind("budget_spent", "Share of the budget spent", "%", "down", timedelta(days=14))
BUDGET_FORECAST = MetricKind(
    "budget_forecast", "Forecast share of the budget", "%", "down", timedelta(days=14)
)
ORPHANED = MetricKind("orphaned_cost", "Orphaned cost a month", "", "down", timedelta(days=45))
"""What a month billed for a system that serves nobody or that nobody owns."""
