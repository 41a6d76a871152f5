"""Boxes on the homes of those who answer for money, and on the pages of systems and versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from costs.models import Share
from costs.selectors import (
    budgets_for,
    costs_of,
    forecast_of,
    home_currency,
    shares_for,
    spend_by_month,
    sum_of,
    utc_today,
)
from costs.standing import standings
from costs.statement import quarter_bars
from portal.accounts.models import User
from portal.areas import EVERYONE, Panel, Role
from portal.registry.models import ModelVersion, System
from portal.rights import may

SHOWN = 3
"""Months of a system's panel."""


def run_cost(user: User, at: datetime) -> Mapping[str, Any] | None:  # noqa: ARG001 - one signature for all
    """What AI costs to run, by quarter; nothing before the first bill."""
    currency = home_currency()
    months = spend_by_month(user, currency, 15)
    if not months:
        return None
    last, billed, ahead = months[-1]
    lines = [(f"Billed in {last:%B}", billed)]
    if ahead is not None and ahead != billed:
        lines.append((f"Forecast for {last:%B}", ahead))
    return {
        "bars": quarter_bars(months, currency),
        "lines": lines,
        "currency": currency,
        "note": "whole quarters",
        "url": reverse("costs:costs"),
    }


def cost_of_system(user: User, system: System) -> Mapping[str, Any] | None:
    """What a system cost in the last months, and how it stands against its budget."""
    if not may(user, "costs.read"):
        return None
    found = _months(user, {"system": system})
    if found is None:
        return None
    today = utc_today()
    standing = standings(budgets_for(user).in_force(today).filter(system=system), today)
    return {**found, "standing": standing[0] if standing else None}


def cost_of_version(user: User, version: ModelVersion) -> Mapping[str, Any] | None:
    """What a version cost in the last months, where a rule allots costs to it."""
    return _months(user, {"version": version}) if may(user, "costs.read") else None


def _months(user: User, of: dict[str, Any]) -> Mapping[str, Any] | None:
    currency = home_currency()
    shares = shares_for(user).filter(**of)
    newest: list[date] = list(shares.order_by("-period").values_list("period", flat=True).distinct()[:SHOWN])
    if not newest:
        return None
    by_month = defaultdict(list)
    for cost in costs_of(Share.objects.filter(pk__in=shares.values("pk")), newest, currency):
        by_month[cost.period].append(cost)
    rows = [(period, sum_of(by_month[period]), forecast_of(by_month[period])) for period in newest]
    url = f"{reverse('costs:costs')}?month={newest[0]:%Y-%m}"
    return {"months": rows, "currency": currency, "url": url, "standing": None}


RUN_COST_HOME = Panel(
    "run-cost",
    homes=frozenset({Role.EXECUTIVE, Role.FINANCE}),
    template="costs/panels/home.html",
    context=run_cost,
    order=40,
    wide=True,
)
SYSTEM_COST = Panel(
    "system-cost", homes=EVERYONE, template="costs/panels/system.html", context=cost_of_system, order=60
)
VERSION_COST = Panel(
    "version-cost", homes=EVERYONE, template="costs/panels/system.html", context=cost_of_version, order=60
)
