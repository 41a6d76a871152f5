"""Twelve simulated bills, the rules that split them, budgets of which one does not hold, an orphaned cost."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import orjson
from django.utils.text import slugify

from costs.checks import BUDGET, ORPHANS
from costs.models import Budget, Grain, Method
from costs.services.alerts import tell_budgets
from costs.services.bills import import_bill
from costs.services.budgets import set_budget
from costs.services.rules import Draft, set_rules
from portal.areas import Story, Window
from portal.checks.services import run_check
from portal.registry.models import System

PROVIDER = "Simulated Cloud"
GONE = "price-optimiser"
"""A tag of a system that was switched off before the portal came; somebody forgot its machines."""
LAB = "sub-lab"
ONE = Decimal(1)

MONTHLY = {
    "credit-limit": 14_200,
    "churn": 5_900,
    "fraud-alerts": 21_800,
    "contact-routing": 6_400,
    "claims-triage": 12_600,
    "demand-forecast": 17_300,
    "reply-assistant": 9_800,
    "cv-screening": 900,
}
"""About what each system costs in the first month."""
GROWTH = {"reply-assistant": 1.062, "fraud-alerts": 1.012, "demand-forecast": 0.994}
"""By which each month differs from the one before; the others grow by 0.6 %."""
SERVICES = (
    ("Compute", "Virtual machines", 0.52),
    ("AI and Machine Learning", "Model hosting", 0.27),
    ("Storage", "Object storage", 0.12),
    ("Networking", "Data transfer", 0.09),
)
ORPHAN_COST, LAB_COST, SUPPORT_COST, UNTAGGED_COST = 1_480, 2_300, 3_600, 2_150
BUDGETS = {
    "retail-banking": 49_500,
    "customer-service": 24_000,
    "stores": 18_500,
    "insurance": 14_500,
    "group-functions": 5_000,
    "organisation": 116_000,
}
"""For each month; that of customer service does not hold, as its assistant grows."""
COLUMNS = (
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "BillingCurrency",
    "BillingAccountId",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "SubAccountId",
    "RegionId",
    "Tags",
)


def simulate(story: Story) -> None:
    """A bill for each of twelve months, the last one until yesterday, imported as finance would."""
    finance, months = story.people["fay"], list(_months(story.today))
    begun = datetime.combine(months[0], time(9), UTC)
    _set_rules(story, starts_on=months[0], at=begun)
    random = Random(story.seed)  # noqa: S311 - a story, not a secret
    with tempfile.TemporaryDirectory() as folder:
        for place, month in enumerate(months):
            days = _days(month, story.today)
            path = Path(folder) / f"simulated-{month:%Y-%m}.csv"
            _write(path, _lines(story, random, month, days, place))
            at = datetime.combine(days[-1] + timedelta(days=1), time(6), UTC)
            import_bill(path, name=path.name, actor=finance, at=at)
    _set_budgets(story, starts_on=months[0], at=begun)
    _check(story)


def _months(today: date) -> Iterator[date]:
    """The twelve months that end with the one of yesterday."""
    last = today - timedelta(days=1)
    count = last.year * 12 + last.month - 1
    for month in range(count - 11, count + 1):
        yield date(month // 12, month % 12 + 1, 1)


def _days(month: date, today: date) -> list[date]:
    after = (month + timedelta(days=32)).replace(day=1)
    return [month + timedelta(days=n) for n in range((min(after, today) - month).days)]


def _lines(
    story: Story, random: Random, month: date, days: list[date], place: int
) -> Iterator[dict[str, Any]]:
    """The charges of a month, day by day: systems, the orphan, the lab, support, and what has no tag."""
    length = ((month + timedelta(days=32)).replace(day=1) - month).days
    for today in days:
        base = _line(month, today)
        for key, monthly in MONTHLY.items():
            if key not in story.systems:
                continue
            level = monthly / length * GROWTH.get(key, 1.006) ** place * random.uniform(0.9, 1.1)
            for family, service, part in SERVICES:
                tags = {"system": slugify(story.systems[key].name), "environment": "production"}
                yield _charge(base, level * part, (family, service), tags)
        yield _charge(base, ORPHAN_COST / length, ("Compute", "Virtual machines"), {"system": GONE})
        yield _charge(base, SUPPORT_COST / length, ("Management", "Support plan"), {})
        lab = LAB_COST / length * random.uniform(0.6, 1.4)
        yield {**_charge(base, lab, ("Compute", "Notebooks"), {}), "SubAccountId": LAB}
        yield _charge(base, UNTAGGED_COST / length * random.uniform(0.8, 1.2), ("Storage", "Backups"), {})
    if len(days) == length:
        yield _charge(_line(month, days[-1]), -410, ("Compute", "Virtual machines"), {}, category="Credit")


def _line(month: date, today: date) -> dict[str, Any]:
    after = (month + timedelta(days=32)).replace(day=1)
    return {
        "BillingCurrency": "EUR",
        "BillingAccountId": "fennmark-simulated",
        "BillingPeriodStart": f"{month}T00:00:00Z",
        "BillingPeriodEnd": f"{after}T00:00:00Z",
        "ChargePeriodStart": f"{today}T00:00:00Z",
        "ChargePeriodEnd": f"{today + timedelta(days=1)}T00:00:00Z",
        "ServiceProviderName": PROVIDER,
        "SubAccountId": "sub-main",
        "RegionId": "eu-north-1",
    }


def _charge(
    base: dict[str, Any], cost: float, service: tuple[str, str], tags: dict[str, str], category: str = "Usage"
) -> dict[str, Any]:
    """A charge of a service, given by its family and name."""
    return {
        **base,
        "BilledCost": f"{cost:.6f}",
        "EffectiveCost": f"{cost * 0.94:.6f}",
        "ListCost": f"{cost * 1.08:.6f}",
        "ContractedCost": f"{cost:.6f}",
        "ChargeCategory": category,
        "ServiceCategory": service[0],
        "ServiceName": service[1],
        "Tags": orjson.dumps(tags).decode() if tags else "",
    }


def _write(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)


def _set_rules(story: Story, *, starts_on: date, at: datetime) -> None:
    """Tags name systems, the lab is a unit's, support is shared evenly; backups nobody has claimed."""
    systems = tuple((story.systems[key], ONE) for key in MONTHLY if key in story.systems)
    set_rules(
        (
            Draft(Method.NAMED, key="system"),
            Draft(Method.ACCOUNT, value=LAB, shares=((story.units["group-functions"], ONE),)),
            Draft(Method.SHARED, value="Support plan", shares=systems),
        ),
        starts_on=starts_on,
        reason="Agreed by the heads of the units and finance.",
        actor=story.people["fay"],
        at=at,
    )


def _set_budgets(story: Story, *, starts_on: date, at: datetime) -> None:
    subjects = {slug: story.units[slug] for slug in BUDGETS if slug in story.units}
    for slug, unit in subjects.items():
        set_budget(
            unit,
            amount=Decimal(BUDGETS[slug]),
            currency="EUR",
            grain=Grain.MONTH,
            starts_on=starts_on,
            reason="Budget of the year.",
            actor=story.people["fay"],
            at=at,
        )
    set_budget(
        story.systems["reply-assistant"],
        amount=Decimal(45_000),
        currency="EUR",
        grain=Grain.QUARTER,
        starts_on=starts_on,
        reason="Decided with the approval of the system.",
        actor=story.people["maya"],
        at=at,
    )


def _check(story: Story) -> None:
    """What the last bill tells of budgets, and what the checks find on the last day, as scheduled."""
    end = datetime.combine(story.today, time(0), UTC)
    window = Window(end - BUDGET.every, end)
    at = end + timedelta(hours=6)
    budgets = Budget.objects.in_force(story.today).select_related("unit", "system", "answers")
    tell_budgets(budgets, upto=story.today, actor=None, at=at)
    for budget in budgets:
        run_check(BUDGET, budget, window, at=at)
    for holder in System.objects.filter(unassigned=True, unit__parent=None):
        run_check(ORPHANS, holder, window, at=at)
