"""Whether budgets hold, and whether somebody uses and owns what is paid for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.utils.dateformat import format as written

from costs.metrics import BUDGET_FORECAST, BUDGET_SPENT, ORPHANED
from costs.models import Budget, Share
from costs.periods import month_window
from costs.policies import BUDGET_LIMITS, ORPHAN_LIMITS, BudgetLimits, OrphanLimits
from costs.selectors import home_currency, valid_shares
from costs.standing import Standing, newest_month, standings
from portal.areas import Check, Reading, Severity, Verdict, Window
from portal.checks.readings import Readings
from portal.registry.models import Assignment, Stage, System
from portal.web.figures import money

WEEK = timedelta(days=7)
SERVES = frozenset({Stage.OPERATION, Stage.PAUSED, Stage.RETIRING, Stage.ARCHIVED})
"""Stages in which a cost needs a version that serves; before, it is that of building."""


def budgets_in_force(at: datetime) -> Iterator[Budget]:
    """The budgets that hold on a day."""
    yield from Budget.objects.in_force(at.date()).select_related("unit", "system", "answers").order_by("pk")


def measure_budget(budget: Budget, window: Window, limits: BudgetLimits) -> Readings:
    """What is spent and forecast of the newest period that is billed by the end of the window.

    Bills come late, so at the start of a month the month before is judged until the first bill is there.
    The period counts as open: what it reaches is told when a bill comes, by ``costs.services.alerts``.
    """
    month = newest_month(budget.currency, (window.end - timedelta(days=1)).date())
    if month is None:
        none = Reading(BUDGET_SPENT.slug, None, Verdict.NO_DATA, reason="no bill has come yet")
        return Readings([none], state="open")
    standing = standings([budget], month)[0]
    return Readings([_spent(standing, limits), _forecast(standing, limits)], state="open")


def _spent(standing: Standing, limits: BudgetLimits) -> Reading:
    share = standing.spent_share
    verdict = Verdict.OK
    if share >= limits.breach:
        verdict = Verdict.BREACH
    elif share >= limits.warn:
        verdict = Verdict.WARN
    return Reading(
        BUDGET_SPENT.slug,
        share,
        verdict,
        limit_warn=limits.warn,
        limit_breach=limits.breach,
        extra={"period": standing.period},
    )


def _forecast(standing: Standing, limits: BudgetLimits) -> Reading:
    share = standing.forecast_share
    if share is None:
        return Reading(BUDGET_FORECAST.slug, None, Verdict.INSUFFICIENT, reason=standing.reason)
    return Reading(
        BUDGET_FORECAST.slug,
        share,
        Verdict.BREACH if share > limits.forecast else Verdict.OK,
        low=standing.low_share,
        high=standing.high_share,
        limit_breach=limits.forecast,
        extra={"basis": standing.basis},
    )


def systems_with_cost(at: datetime) -> Iterator[System]:
    """The systems that bear a part of the newest bills, and the one that holds what names no system."""
    since = at.date() - timedelta(days=70)
    bearing = valid_shares().filter(period__gte=since, period__lte=at.date())
    ids = set(bearing.exclude(system=None).values_list("system", flat=True).distinct())
    if bearing.exclude(unknown="").exists():
        ids |= set(System.objects.filter(unassigned=True, unit__parent=None).values_list("pk", flat=True))
    yield from System.objects.filter(pk__in=ids).select_related("unit").order_by("pk")


def measure_orphans(system: System, window: Window, limits: OrphanLimits) -> Readings:
    """What the newest month billed for a system that serves nobody or has no owner.

    The root's unassigned system answers for tags that should name a system and do not, one reading each.
    """
    currency = home_currency()
    month = newest_month(currency, (window.end - timedelta(days=1)).date())
    if month is None:
        none = Reading(ORPHANED.slug, None, Verdict.NO_DATA, reason="no bill has come yet")
        return Readings([none], state="open")
    shares = valid_shares().filter(period=month, allocation__bill__currency=currency)
    if system.unassigned and system.unit.parent_id is None:
        return Readings(_strays(shares.exclude(unknown=""), month, limits, currency))
    cost: Decimal = shares.filter(system=system).aggregate(cost=Sum("billed", default=Decimal(0)))["cost"]
    why = _why_orphaned(system, month)
    if not why or cost <= 0:
        return Readings([_orphaned(Decimal(0), limits)])
    said = f"{system} cost {money(cost, currency, 0)} in {written(month, 'F Y')}, but {why}"
    return Readings([_orphaned(cost, limits, sentence=said)])


def _strays(shares: QuerySet[Share], month: date, limits: OrphanLimits, currency: str) -> list[Reading]:
    rows = shares.values_list("unknown").annotate(cost=Sum("billed")).order_by("-cost", "unknown")
    return [
        _orphaned(
            cost,
            limits,
            tag=tag,
            sentence=f"{money(cost, currency, 0)} in {written(month, 'F Y')} is tagged {tag}: no such system",
        )
        for tag, cost in rows
    ] or [_orphaned(Decimal(0), limits)]


def _why_orphaned(system: System, month: date) -> str:
    """Why a cost of a month is orphaned; empty where somebody uses and owns it."""
    if system.owner_id is None:
        return "nobody owns it"
    window = month_window(month)
    served = Assignment.objects.filter(model__system=system, period__startswith__lt=window.end).exclude(
        period__endswith__lte=window.start
    )
    if system.stage in SERVES and not served.exists():
        return "no version of it served"
    return ""


def _orphaned(cost: Decimal, limits: OrphanLimits, *, tag: str = "", sentence: str = "") -> Reading:
    verdict = Verdict.OK
    if cost > Decimal(str(limits.breach)):
        verdict = Verdict.BREACH
    elif cost > Decimal(str(limits.warn)):
        verdict = Verdict.WARN
    return Reading(
        ORPHANED.slug,
        float(cost),
        verdict,
        group={"tag": tag} if tag else None,
        limit_warn=limits.warn,
        limit_breach=limits.breach,
        extra={"sentence": sentence} if sentence else {},
    )


BUDGET = Check(
    slug="costs.budget",
    title="Budget",
    measure=measure_budget,
    subjects=budgets_in_force,
    policy=BUDGET_LIMITS,
    metrics=(BUDGET_SPENT, BUDGET_FORECAST),
    every=WEEK,
    severity=Severity.MEDIUM,
    page="costs:budgets",
    explain=(
        "What the bills of the period allot to the unit or system, as a share of its budget. The forecast "
        "divides what a bill allots by the share of the month it covers; months to come count as billed "
        "ones. Its interval comes from how much whole months differed from each other. What a budget reaches "
        "is told when a bill comes, once for each level and period."
    ),
)
ORPHANS = Check(
    slug="costs.orphans",
    title="Orphaned cost",
    measure=measure_orphans,
    subjects=systems_with_cost,
    policy=ORPHAN_LIMITS,
    metrics=(ORPHANED,),
    every=WEEK,
    severity=Severity.MEDIUM,
    page="costs:costs",
    explain=(
        "A cost is orphaned when the system it is allotted to has no owner, or is in operation or later and "
        "had no version in any environment in that month, or when a tag that should name a system names none."
    ),
)
CHECKS = (BUDGET, ORPHANS)
