"""After 90 and 180 days bills are held against what was accepted, and somebody hears when they are off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from governance.strategy.checks import FORECAST, accepted_forecasts, measure_forecast
from governance.strategy.policies import ForecastLimits
from governance.strategy.selectors import held
from portal.analyses.models import Analysis
from portal.areas import Verdict, Window
from portal.checks.jobs import ORDER_CHECKS, RUN_CHECK
from portal.checks.services import run_check
from portal.findings.models import Finding
from portal.jobs.models import Run
from portal.jobs.services import run_now
from portal.metrics.models import Sample
from tests.governance.strategy.conftest import BEGUN, Bills
from tests.portal.cast import Cast

MONTHS = ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08")


def at_day(days: int) -> datetime:
    """So many days after the option began."""
    return datetime(BEGUN.year, BEGUN.month, BEGUN.day, tzinfo=UTC) + timedelta(days=days)


def look(analysis: Analysis, days: int) -> list[tuple[str | None, float | None, Verdict]]:
    found = measure_forecast(analysis, Window.day_of(at_day(days) - timedelta(days=1)), ForecastLimits())
    return [(reading.segment, reading.value, reading.verdict) for reading in found]


def test_before_ninety_days_nothing_is_asked_and_nothing_said(accepted: Analysis, bills: Bills) -> None:
    bills("2026-03", 500)
    assert list(accepted_forecasts(at_day(89))) == []
    assert look(accepted, 89) == [(None, None, Verdict.INSUFFICIENT)]


def test_a_draft_is_never_held_against_anything(draft: Analysis) -> None:
    assert list(accepted_forecasts(at_day(95))) == []
    assert held(draft) == []


def test_after_ninety_days_what_was_billed_is_a_share_of_what_was_expected(
    accepted: Analysis, bills: Bills
) -> None:
    for month in MONTHS[:3]:
        bills(month, 105)
    assert list(accepted_forecasts(at_day(90))) == [accepted]
    assert look(accepted, 92) == [("90 days", 0.05, Verdict.OK)]


def test_a_month_counts_by_its_days(accepted: Analysis, bills: Bills) -> None:
    # 31 days at 100, 30 at 100, and 29 of May's 31 at 200: 11 900 against 9 000
    for month, daily in zip(MONTHS, (100, 100, 200), strict=False):
        bills(month, daily)
    (reading,) = measure_forecast(accepted, Window.day_of(at_day(95)), ForecastLimits())
    assert (reading.extra["expected"], reading.extra["actual"]) == ("9000.00", "11900.00")
    assert reading.value == pytest.approx(11_900 / 9_000 - 1, abs=1e-6)


def test_while_bills_do_not_reach_the_milestone_there_is_no_number(accepted: Analysis, bills: Bills) -> None:
    bills("2026-03", 900)
    bills("2026-05", 900)
    (reading,) = measure_forecast(accepted, Window.day_of(at_day(95)), ForecastLimits())
    assert (reading.value, reading.verdict) == (None, Verdict.INSUFFICIENT)
    assert (reading.reason or "").replace(
        "\u00a0", " "
    ) == "bills reach 1 Apr 2026, the milestone is 30 May 2026"


def test_a_system_that_is_billed_nothing_is_a_hundred_per_cent_below(
    cast: Cast, accepted: Analysis, bills: Bills
) -> None:
    for month in MONTHS[:3]:
        bills(month, 100)
    accepted.system = cast.routing  # in memory only: the database keeps it as it was accepted
    (reading,) = measure_forecast(accepted, Window.day_of(at_day(95)), ForecastLimits())
    assert (reading.value, reading.verdict) == (-1.0, Verdict.BREACH)


@pytest.mark.parametrize(
    ("daily", "verdict"),
    [(110, Verdict.OK), (111, Verdict.WARN), (121, Verdict.BREACH), (89, Verdict.WARN), (79, Verdict.BREACH)],
)
def test_off_is_off_in_both_directions(
    accepted: Analysis, bills: Bills, daily: int, verdict: Verdict
) -> None:
    for month in MONTHS[:3]:
        bills(month, daily)
    assert look(accepted, 92)[0][2] == verdict


def test_the_finding_names_option_days_and_share_and_closes_when_the_bill_is_corrected(
    cast: Cast, accepted: Analysis, bills: Bills
) -> None:
    for month in MONTHS[:3]:
        bills(month, 130)
    window = Window.day_of(at_day(95))
    run_check(FORECAST, accepted, window, at=window.end)
    finding = Finding.objects.get()
    said = finding.title.replace("\u202f", " ")
    assert said == "Buy cost €11 700 in its first 90 days, 30 % above what was accepted"
    assert (finding.system, finding.page) == (cast.churn, accepted.get_absolute_url())
    assert Sample.objects.get(series__metric="forecast_error").value == pytest.approx(0.3)
    assert [(row.days, row.off) for row in held(accepted)] == [(90, 0.3), (180, None)]


def test_both_milestones_stand_beside_each_other_and_later_nothing_is_asked(
    accepted: Analysis, bills: Bills
) -> None:
    for month, daily in zip(MONTHS, (100, 100, 100, 150, 150, 150), strict=True):
        bills(month, daily)
    window = Window.day_of(at_day(182))
    run_check(FORECAST, accepted, window, at=window.end)
    first, second = held(accepted)
    assert (first.days, first.actual, first.verdict) == (90, Decimal("9000.00"), Verdict.OK)
    assert (second.days, second.verdict) == (180, Verdict.BREACH)
    assert list(accepted_forecasts(at_day(240))) == [accepted]
    assert list(accepted_forecasts(at_day(241))) == []


def test_the_daily_order_of_checks_asks_the_ledger_for_it(accepted: Analysis, bills: Bills) -> None:
    for month in MONTHS[:3]:
        bills(month, 130)
    end = at_day(93)
    run_now(ORDER_CHECKS, None, Window(end - timedelta(hours=1), end))
    asked = Run.objects.get(job=RUN_CHECK.slug, variant=FORECAST.slug)
    assert asked.subject == accepted
    run_now(RUN_CHECK, accepted, asked.window, variant=FORECAST.slug)
    assert Finding.objects.filter(kind=FORECAST.slug).count() == 1
