"""Budgets that do not hold and costs nobody answers for become findings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costs.checks import BUDGET, ORPHANS, systems_with_cost
from costs.models import Budget, Grain, Method
from costs.periods import months_of
from costs.services.bills import import_bill
from costs.services.budgets import set_budget
from costs.services.rules import Draft, set_rules
from costs.standing import standings
from portal.accounts.models import Unit, User
from portal.areas import Verdict, Window
from portal.checks.services import run_check
from portal.errors import Invalid
from portal.findings.models import Finding
from portal.registry.models import Stage, System
from portal.registry.services import set_stage
from tests.costs.conftest import Writes
from tests.portal.cast import Cast

END = datetime(2026, 11, 1, tzinfo=UTC)
WEEK = Window(END - timedelta(days=7), END)
OCTOBER = date(2026, 10, 1)


def brought(path: Path) -> None:
    set_rules([Draft(Method.NAMED, key="system")], starts_on=date(2026, 1, 1), reason="Agreed.", actor=None)
    import_bill(path, name=path.name, actor=None)


def budget_of(subject: Unit | System, amount: str, grain: Grain = Grain.MONTH) -> Budget:
    return set_budget(
        subject,
        amount=Decimal(amount),
        currency="EUR",
        grain=grain,
        starts_on=date(2026, 1, 1),
        reason="Agreed.",
        actor=None,
    )


CHURN = {"Tags": '{"system": "churn"}'}


@pytest.mark.parametrize(
    ("amount", "verdict", "level"),
    [
        ("100.00", "ok", None),
        ("20.00", "ok", "low"),
        ("12.00", "warn", "medium"),
        ("10.00", "breach", "high"),
        ("9.00", "breach", "high"),
    ],
)
def test_a_budget_is_judged_by_what_is_spent(
    cast: Cast, writes: Writes, amount: str, verdict: str, level: str | None
) -> None:
    brought(writes(CHURN))
    evaluation = run_check(BUDGET, budget_of(cast.churn, amount), WEEK, at=END)
    assert evaluation.verdict == verdict
    assert [finding.severity for finding in Finding.objects.all()] == ([level] if level else [])


def test_each_level_of_a_budget_is_told_once_a_period(cast: Cast, fay: User, writes: Writes) -> None:
    set_rules([Draft(Method.NAMED, key="system")], starts_on=date(2026, 1, 1), reason="Agreed.", actor=None)
    budget = budget_of(cast.churn, "100.00")

    def comes(name: str, billed: str, at: datetime) -> list[tuple[str, str, int]]:
        """A bill comes; the findings in the order they were opened, as level, state and occurrences."""
        path = writes({**CHURN, "BilledCost": billed}, name=name)
        import_bill(path, name=name, actor=fay, at=at)
        rows = Finding.objects.order_by("pk")
        return [(row.detail["level"], row.state, row.occurrences) for row in rows]

    day = datetime(2026, 10, 10, tzinfo=UTC)
    assert comes("a.csv", "49.00", day) == []
    assert comes("b.csv", "1.00", day) == [("notice", "open", 1)]
    assert comes("c.csv", "2.00", day) == [("notice", "open", 2)]
    assert comes("d.csv", "30.00", day) == [("notice", "closed", 2), ("warn", "open", 1)]
    assert comes("e.csv", "18.00", day)[1:] == [("warn", "closed", 1), ("breach", "open", 1)]
    assert Finding.objects.get(detail__level="breach").subject == budget
    november = {**CHURN, "BilledCost": "60.00", "BillingPeriodStart": "2026-11-01T00:00:00Z"}
    month = {"ChargePeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodEnd": "2026-12-01T00:00:00Z"}
    path = writes({**november, **month}, name="november.csv")
    import_bill(path, name="november.csv", actor=fay, at=datetime(2026, 11, 20, tzinfo=UTC))
    standing = Finding.objects.unclosed().get()
    assert (standing.detail["level"], standing.detail["period"]) == ("notice", "2026-11")
    assert "60" in standing.title


def test_a_month_half_billed_is_heading_for_twice(cast: Cast, writes: Writes) -> None:
    half = {"ChargePeriodEnd": "2026-10-16T12:00:00Z"}
    brought(writes({**CHURN, **half}))
    evaluation = run_check(BUDGET, budget_of(cast.churn, "15.00"), WEEK, at=END)
    spent, ahead = evaluation.readings
    assert spent["value"] == pytest.approx(10 / 15)
    assert ahead["value"] == pytest.approx(20 / 15)
    assert ahead["verdict"] == Verdict.BREACH
    assert "heading for 133" in Finding.objects.get(detail__level="forecast").title


def test_a_forecast_has_an_interval_from_the_months_before(cast: Cast, writes: Writes) -> None:
    set_rules([Draft(Method.NAMED, key="system")], starts_on=date(2026, 1, 1), reason="Agreed.", actor=None)
    budget = budget_of(cast.churn, "100.00")
    bills = (("05", "10"), ("06", "11"), ("07", "9.9"), ("08", "10.89"), ("09", "9.801"), ("10", "10"))
    for month, billed in bills:
        end = f"2026-{int(month) + 1:02}-01" if month != "10" else "2026-10-16T12:00:00"
        times = {"BillingPeriodStart": f"2026-{month}-01", "ChargePeriodStart": f"2026-{month}-01"}
        path = writes({**CHURN, "BilledCost": billed, **times, "ChargePeriodEnd": end}, name=f"{month}.csv")
        import_bill(path, name=path.name, actor=None)
    (ahead,) = standings([budget], OCTOBER)
    half = 1.5332 * 0.1 * 10  # four changes of 10 %, and 10.00 still to come
    assert ahead.basis == "interval"
    assert [float(end) for end in (ahead.low or 0, ahead.forecast or 0, ahead.high or 0)] == pytest.approx(
        [20 - half, 20, 20 + half]
    )
    (past,) = standings([budget], date(2026, 9, 1))
    assert (past.basis, past.interval_words, past.forecast) == ("exact", "exact", Decimal("9.801"))
    (first,) = standings([budget], date(2026, 5, 1))
    assert first.basis == "exact"
    assert standings([budget], date(2026, 4, 1))[0].basis is None


def test_without_a_history_a_forecast_says_that_it_has_no_interval(cast: Cast, writes: Writes) -> None:
    brought(writes({**CHURN, "ChargePeriodEnd": "2026-10-16T12:00:00Z"}))
    (ahead,) = standings([budget_of(cast.churn, "100.00")], OCTOBER)
    assert (ahead.basis, ahead.low) == ("point", None)
    assert "whole months" in ahead.interval_words


def test_too_little_of_a_month_gives_no_forecast(cast: Cast, writes: Writes) -> None:
    brought(writes({**CHURN, "ChargePeriodEnd": "2026-10-02T00:00:00Z"}))
    evaluation = run_check(BUDGET, budget_of(cast.churn, "15.00"), WEEK, at=END)
    assert evaluation.readings[1]["value"] is None
    assert "too little" in evaluation.readings[1]["reason"]


def test_the_budget_of_a_unit_covers_its_systems(cast: Cast, writes: Writes) -> None:
    brought(writes(CHURN, {"Tags": '{"system": "routing"}'}))
    whole, part = standings([budget_of(cast.root, "15.00"), budget_of(cast.marketing, "15.00")], OCTOBER)
    assert (whole.spent, part.spent) == (Decimal("20.00"), Decimal("10.00"))


def test_a_quarter_expects_of_months_to_come_what_was_billed(cast: Cast, writes: Writes) -> None:
    brought(writes(CHURN))
    standing = standings([budget_of(cast.churn, "20.00", Grain.QUARTER)], OCTOBER)[0]
    assert (standing.spent, standing.forecast) == (Decimal("10.00"), Decimal("30.00"))
    assert months_of("quarter", date(2026, 12, 31))[0] == OCTOBER


def test_without_a_bill_nobody_is_alarmed(cast: Cast) -> None:
    evaluation = run_check(BUDGET, budget_of(cast.churn, "15.00"), WEEK, at=END)
    assert evaluation.verdict == "no_data"
    assert not Finding.objects.exists()


def test_a_new_budget_ends_the_one_before(cast: Cast) -> None:
    first = budget_of(cast.churn, "10.00")
    with pytest.raises(Invalid, match="cannot be set"):
        budget_of(cast.churn, "11.00")
    second = set_budget(
        cast.churn,
        amount=Decimal(12),
        currency="EUR",
        grain=Grain.MONTH,
        starts_on=date(2026, 6, 1),
        reason="Raised.",
        actor=None,
    )
    first.refresh_from_db()
    assert first.ends_on == date(2026, 6, 1)
    assert list(Budget.objects.in_force(OCTOBER)) == [second]
    assert list(Budget.objects.in_force(date(2026, 5, 31))) == [first]


def test_a_tag_of_no_system_is_an_orphan(cast: Cast, writes: Writes) -> None:
    brought(writes({"Tags": '{"system": "long-gone"}', "BilledCost": "500.00"}))
    holder = next(system for system in systems_with_cost(END) if system.unassigned)
    assert run_check(ORPHANS, holder, WEEK, at=END).verdict == "breach"
    assert "long-gone" in Finding.objects.get().title


def test_a_system_in_operation_that_serves_nobody_is_an_orphan(cast: Cast, writes: Writes) -> None:
    brought(writes({**CHURN, "BilledCost": "500.00"}))
    assert run_check(ORPHANS, cast.churn, WEEK, at=END).verdict == "ok"
    for stage in (Stage.APPROVED, Stage.DEVELOPMENT, Stage.OPERATION):
        cast.churn = set_stage(cast.churn, stage, actor=cast.chen, reason="Decided.")
    later = Window(WEEK.start + timedelta(days=7), WEEK.end + timedelta(days=7))
    assert run_check(ORPHANS, cast.churn, later, at=later.end).verdict == "breach"
    assert "no version of it served" in Finding.objects.get().title
