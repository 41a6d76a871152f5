"""Budgets that do not hold and costs nobody answers for become findings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costs.checks import BUDGET, ORPHANS, systems_with_cost
from costs.models import Budget, Grain, Method
from costs.selectors import months_of, standings
from costs.services.bills import import_bill
from costs.services.budgets import set_budget
from costs.services.rules import Draft, set_rules
from portal.accounts.models import Unit
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
    ("amount", "verdict"), [("100.00", "ok"), ("12.00", "warn"), ("10.00", "breach"), ("9.00", "breach")]
)
def test_a_budget_is_judged_by_what_is_spent(cast: Cast, writes: Writes, amount: str, verdict: str) -> None:
    brought(writes(CHURN))
    evaluation = run_check(BUDGET, budget_of(cast.churn, amount), WEEK, at=END)
    assert evaluation.verdict == verdict
    assert Finding.objects.exists() == (verdict == "breach")


def test_a_month_half_billed_is_heading_for_twice(cast: Cast, writes: Writes) -> None:
    half = {"ChargePeriodEnd": "2026-10-16T12:00:00Z"}
    brought(writes({**CHURN, **half}))
    evaluation = run_check(BUDGET, budget_of(cast.churn, "15.00"), WEEK, at=END)
    spent, ahead = evaluation.readings
    assert spent["value"] == pytest.approx(10 / 15)
    assert ahead["value"] == pytest.approx(20 / 15)
    assert ahead["verdict"] == Verdict.BREACH
    assert "heading for 133" in Finding.objects.get().title


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
