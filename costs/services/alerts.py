"""Telling that a budget is half spent, nearly spent, spent or heading for too much, once each period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from costs.models import Budget
from costs.policies import BUDGET_LIMITS, BudgetLimits
from costs.standing import Standing, newest_month, standings
from portal.accounts.models import User
from portal.areas import Severity
from portal.findings.models import Finding
from portal.findings.services import close_finding, raise_finding
from portal.policies.selectors import in_force
from portal.web.figures import pct

KIND = "costs.budget"
RETURNS = timedelta(days=400)
"""Within which an alert that was right again and is not is the same finding: longer than any period."""


@dataclass(frozen=True, slots=True)
class Level:
    """A level that a budget has reached in a period."""

    name: str
    severity: Severity
    title: str


@transaction.atomic
def tell_budgets(
    budgets: Iterable[Budget], *, upto: date, actor: User | None, at: datetime | None = None
) -> list[Finding]:
    """Raise what budgets have reached in the newest billed period up to a day; close what no longer holds.

    There is one finding for each budget, level and period: a bill more counts on it and tells nobody again.
    Of 50, 80 and 100 % the highest stays open. Returns the findings that stand.
    """
    at = at or timezone.now()
    found: list[Finding] = []
    for standing in _newest(budgets, upto):
        limits = in_force(BUDGET_LIMITS, at, standing.budget.answers).parameters
        reached = levels_of(standing, limits)
        wanted = {key_of(standing, level.name) for level in reached}
        _close(standing.budget, wanted, at=at, actor=actor)
        found += [_tell(standing, level, at=at, actor=actor) for level in reached]
    return found


def _newest(budgets: Iterable[Budget], upto: date) -> Iterator[Standing]:
    """How each budget stands in the newest month that has a bill in its currency."""
    by_currency: dict[str, list[Budget]] = {}
    for budget in budgets:
        by_currency.setdefault(budget.currency, []).append(budget)
    for currency, listed in by_currency.items():
        month = newest_month(currency, upto)
        if month is not None:
            yield from standings(listed, month)


def levels_of(standing: Standing, limits: BudgetLimits) -> list[Level]:
    """The levels a budget has reached: the highest of what is spent, and the forecast if it is too much."""
    spent, ahead = standing.spent_share, standing.forecast_share
    whose, period = standing.budget, standing.period
    steps = (
        ("breach", limits.breach, Severity.HIGH),
        ("warn", limits.warn, Severity.MEDIUM),
        ("notice", limits.notice, Severity.LOW),
    )
    found = [
        Level(name, severity, f"{whose} has spent {pct(spent, 0)} of its budget for {period}")
        for name, limit, severity in steps
        if spent >= limit
    ][:1]
    if ahead is not None and ahead > limits.forecast and not standing.exact:
        said = f"{whose} is heading for {pct(ahead, 0)} of its budget for {period}"
        found.append(Level("forecast", Severity.MEDIUM, said))
    return found


def key_of(standing: Standing, level: str) -> str:
    return f"{KIND}:{standing.budget.pk}:{standing.months[0]:%Y-%m}:{level}"


def _close(budget: Budget, wanted: set[str], *, at: datetime, actor: User | None) -> None:
    """Close the alerts of a budget that its newest standing does not bear out."""
    alerts = Finding.objects.unclosed().filter(dedupe_key__startswith=f"{KIND}:{budget.pk}:")
    for key in alerts.exclude(dedupe_key__in=wanted).values_list("dedupe_key", flat=True):
        note = "A later bill shows another level, or another period."
        close_finding(key, run=None, note=note, at=at, actor=actor)


def _tell(standing: Standing, level: Level, *, at: datetime, actor: User | None) -> Finding:
    return raise_finding(
        standing.budget.answers,
        KIND,
        dedupe_key=key_of(standing, level.name),
        severity=level.severity,
        title=level.title,
        summary=standing.told,
        detail={
            "budget": standing.budget.pk,
            "level": level.name,
            "period": f"{standing.months[0]:%Y-%m}",
            "spent_share": standing.spent_share,
            "forecast_share": standing.forecast_share,
        },
        subject=standing.budget,
        page=standing.page,
        reopen_within=RETURNS,
        at=at,
        actor=actor,
    )
