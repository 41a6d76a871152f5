"""KPIs: periods, targets, standing, and how a value comes about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import Organisation
from portal.accounts.services import organisation, update_organisation
from portal.areas import Window
from portal.audit.models import Entry
from portal.errors import Conflict, Invalid, Refused
from portal.jobs.models import RunState
from portal.jobs.services import run_now
from portal.metrics import services
from portal.metrics.jobs import COMPUTE_KPI, computed_kpis
from portal.metrics.models import Kpi, Pillar, Sample
from portal.metrics.periods import last_periods, period_of, title_of
from portal.metrics.selectors import history_of, kpi_page, kpi_view, scorecard
from portal.metrics.selectors.scorecard import kpi_sentence
from portal.metrics.services import KpiValue, Measured, record_samples, record_values
from portal.metrics.standing import Standing
from portal.web.figures import THIN
from portal.web.status import Tone
from tests.portal.cast import LONG_AGO, Cast, day, declared_with
from tests.portal.checks.yard.area import SHIFT

NOVEMBER = datetime(2026, 11, 24, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from declared_with(monkeypatch, "tests.portal.checks.yard")


@pytest.fixture
def pillar(cast: Cast) -> Pillar:
    return services.create_pillar("Lower cost to serve", slug="lower-cost", actor=cast.maya)


@pytest.fixture
def cost(cast: Cast, pillar: Pillar) -> Kpi:
    """Cost per contact: lower is better, in euros, by month."""
    return services.create_kpi(
        "Cost per contact",
        slug="cost-per-contact",
        pillar=pillar,
        direction="down",
        unit="EUR",
        decimals=2,
        owner=cast.maya,
        actor=cast.maya,
        at=LONG_AGO,
    )


def enter(cast: Cast, kpi: Kpi, **values: float) -> None:
    """Values by month, e.g. ``oct=3.79``."""
    months = {"aug": 8, "sep": 9, "oct": 10, "nov": 11}
    rows = [KpiValue(date(2026, months[name], 1), value) for name, value in values.items()]
    record_values(kpi, rows, actor=cast.maya, at=NOVEMBER)


def aim(cast: Cast, kpi: Kpi, value: float, starts_on: date = date(2026, 1, 1)) -> None:
    services.set_target(kpi, value, starts_on=starts_on, reason="Decision D-118.", actor=cast.maya)


# --- Periods ------------------------------------------------------------------------------------------------


def test_a_month_is_the_organisations_not_that_of_utc(cast: Cast) -> None:
    window = period_of(date(2026, 10, 31), "month", organisation())
    assert window == Window(datetime(2026, 10, 1, tzinfo=BERLIN), datetime(2026, 11, 1, tzinfo=BERLIN))


def test_quarters_begin_with_the_fiscal_year() -> None:
    april = Organisation(time_zone="UTC", first_fiscal_month=4)
    window = period_of(date(2027, 2, 10), "quarter", april)
    assert window == Window(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))
    assert title_of(window, "quarter", april) == "Q4 2027"
    assert title_of(period_of(date(2026, 4, 1), "quarter", april), "quarter", april) == "Q1 2027"


def test_fiscal_quarters_of_february_cover_whole_quarters() -> None:
    february = Organisation(time_zone="UTC", first_fiscal_month=2)
    window = period_of(date(2026, 1, 15), "quarter", february)
    assert (window.start.date(), window.end.date()) == (date(2025, 11, 1), date(2026, 2, 1))


def test_periods_follow_each_other_without_a_gap() -> None:
    ours = Organisation(time_zone="Europe/Berlin")
    windows = last_periods(24, period_of(date(2026, 11, 5), "month", ours), "month", ours)
    assert len(windows) == 24
    assert all(first.end == second.start for first, second in pairwise(windows))
    assert title_of(windows[0], "month", ours) == "Dec 2024"


# --- Values -------------------------------------------------------------------------------------------------


def test_a_corrected_value_is_the_next_revision(cast: Cast, cost: Kpi) -> None:
    enter(cast, cost, oct=3.79)
    enter(cast, cost, oct=3.81)
    enter(cast, cost, oct=3.81)
    assert list(Sample.objects.order_by("revision").values_list("value", "revision", "current")) == [
        (3.79, 1, False),
        (3.81, 2, True),
    ]


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        (KpiValue(date(2026, 10, 1), float("nan")), "/0/value"),
        (KpiValue(date(2026, 10, 1), 3.0, low=3.1, high=3.2), "/0/low"),
        (KpiValue(date(2026, 10, 1), 3.0, n=-1), "/0/n"),
        (KpiValue(date(2026, 12, 1), 3.0), "/0/day"),
    ],
)
def test_one_bad_value_and_nothing_is_stored(cast: Cast, cost: Kpi, row: KpiValue, pointer: str) -> None:
    good = KpiValue(date(2026, 9, 1), 3.5)
    with pytest.raises(Invalid) as raised:
        record_values(cost, [row, good], actor=cast.maya, at=NOVEMBER)
    assert [problem.pointer for problem in raised.value.errors] == [pointer]
    assert not Sample.objects.exists()


def test_a_computed_figure_takes_no_typed_value(cast: Cast, pillar: Pillar) -> None:
    computed = make_computed(cast, pillar, "mean")
    with pytest.raises(Refused):
        enter(cast, computed, oct=1)


def make_computed(cast: Cast, pillar: Pillar, aggregation: str) -> Kpi:
    kpi = services.create_kpi(
        f"Shift {aggregation}",
        slug=f"shift-{aggregation}",
        pillar=pillar,
        direction="down",
        source="metric",
        metric="shift",
        aggregation=aggregation,
        actor=cast.maya,
        at=LONG_AGO,
    )
    services.set_contributions(kpi, {cast.churn: 0.6, cast.routing: None}, actor=cast.maya)
    return kpi


@pytest.mark.parametrize(("aggregation", "value"), [("mean", 130 / 480), ("sum", 1.0), ("latest", 0.8)])
def test_a_figure_is_computed_from_the_contributing_systems(
    cast: Cast, pillar: Pillar, aggregation: str, value: float
) -> None:
    kpi = make_computed(cast, pillar, aggregation)
    record_samples(
        [
            Measured(SHIFT, cast.churn_v1, day(5), 0.2, n=300),
            Measured(SHIFT, cast.churn_v1, day(6), 0.3, n=100),
            Measured(SHIFT, cast.churn_v1, day(6), 9.0, feature="tenure", n=100),
            Measured(SHIFT, cast.routing, day(6), 0.5, n=80),
            Measured(SHIFT, cast.routing, day(7), None, reason="no data"),
            Measured(SHIFT, cast.routing, day(5, month=11), 7.0, n=80),
        ]
    )
    run = run_now(COMPUTE_KPI, kpi, day(7))
    assert (run.state, run.result) == (RunState.DONE, {"values": 1})
    sample = Sample.objects.get(series__metric="kpi")
    assert sample.value == pytest.approx(value)
    assert (sample.n, sample.run) == (480, run)
    assert run_now(COMPUTE_KPI, kpi, day(8)).result == {"values": 0}


def test_without_samples_a_period_stays_empty(cast: Cast, pillar: Pillar) -> None:
    kpi = make_computed(cast, pillar, "mean")
    assert run_now(COMPUTE_KPI, kpi, day(7)).result == {"values": 0}
    assert history_of(kpi, at=NOVEMBER).standing == Standing.NOT_MEASURED


def test_only_computed_figures_that_are_not_retired_are_computed(
    cast: Cast, pillar: Pillar, cost: Kpi
) -> None:
    kpi = make_computed(cast, pillar, "sum")
    assert list(computed_kpis(NOVEMBER)) == [kpi]
    services.retire_kpi(kpi, actor=cast.maya, reason="Not needed.", at=day(1).start)
    assert list(computed_kpis(NOVEMBER)) == []


def test_a_metric_that_nobody_declared_is_refused(cast: Cast, pillar: Pillar) -> None:
    with pytest.raises(Invalid, match="No metric of this name"):
        services.create_kpi(
            "X",
            slug="x",
            pillar=pillar,
            direction="up",
            source="metric",
            metric="unheard",
            aggregation="sum",
            actor=None,
        )


# --- Standing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "standing", "sentence"),
    [
        (3.60, Standing.ON_TARGET, "Cost per contact is €3.60 and meets its target of €3.60"),
        (3.84, Standing.AT_RISK, "Cost per contact is €3.84, €0.24 above its target"),
        (4.00, Standing.OFF_TRACK, "Cost per contact is €4.00, €0.40 above its target"),
    ],
)
def test_a_value_stands_to_its_target(
    cast: Cast, cost: Kpi, value: float, standing: Standing, sentence: str
) -> None:
    aim(cast, cost, 3.60)
    enter(cast, cost, nov=value)
    page = kpi_page(cost, at=NOVEMBER)
    assert page.history.standing == standing
    assert page.headline == sentence


def test_higher_is_better_the_other_way_round(cast: Cast, pillar: Pillar) -> None:
    share = services.create_kpi(
        "Audits in date",
        slug="audits",
        pillar=pillar,
        direction="up",
        unit="%",
        tolerance=0.05,
        actor=None,
        at=LONG_AGO,
    )
    aim(cast, share, 1.0)
    enter(cast, share, oct=0.96, nov=0.92)
    page = kpi_page(share, at=NOVEMBER)
    assert page.headline == f"Audits in date is 92.0{THIN}%, 8.0{THIN}pp below its target"
    assert (page.view.status, page.view.delta_sense) == (Tone.BAD, "bad")


def test_each_period_has_the_target_of_its_day(cast: Cast, cost: Kpi) -> None:
    aim(cast, cost, 3.90, date(2025, 1, 1))
    aim(cast, cost, 3.60, date(2026, 10, 15))
    targets = {point.title: point.target for point in history_of(cost, at=NOVEMBER).points}
    assert (targets["Dec 2024"], targets["Jan 2025"]) == (None, 3.90)
    assert (targets["Sep 2026"], targets["Oct 2026"], targets["Nov 2026"]) == (3.90, 3.60, 3.60)


def test_a_day_has_one_target(cast: Cast, cost: Kpi) -> None:
    aim(cast, cost, 3.60)
    with pytest.raises(Conflict):
        aim(cast, cost, 3.50)


def test_an_old_value_is_stale_however_good(cast: Cast, cost: Kpi) -> None:
    aim(cast, cost, 3.60)
    enter(cast, cost, aug=3.00)
    history = history_of(cost, at=datetime(2026, 12, 1, tzinfo=UTC))
    assert history.standing == Standing.STALE
    assert history.stale_since is not None
    assert history_of(cost, at=datetime(2026, 10, 20, tzinfo=UTC)).standing == Standing.ON_TARGET


def test_without_a_target_the_tile_offers_to_set_one(cast: Cast, cost: Kpi) -> None:
    enter(cast, cost, nov=3.84)
    view = kpi_view(history_of(cost, at=NOVEMBER))
    assert (view.word, view.target_text) == ("No target", "")
    assert view.target_url == "/scorecard/cost-per-contact/target/"


def test_the_trend_says_for_how_long_it_goes_one_way(cast: Cast, cost: Kpi) -> None:
    enter(cast, cost, aug=3.58, sep=3.64, oct=3.79, nov=3.84)
    assert kpi_page(cost, at=NOVEMBER).summary == (
        "It has risen 3 periods in a row, from €3.58 in Aug 2026 to €3.84."
    )


def test_the_running_period_is_dotted(cast: Cast, cost: Kpi) -> None:
    enter(cast, cost, oct=3.79, nov=3.84)
    page = kpi_page(cost, at=NOVEMBER)
    assert page.chart.lines[0].dotted_from == 23
    assert [fact.label for fact in page.facts][1] == "Value, Nov 2026 to date"


# --- Scorecard ----------------------------------------------------------------------------------------------


def test_the_scorecard_costs_the_same_with_more_figures(cast: Cast, pillar: Pillar, cost: Kpi) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            scorecard(NOVEMBER)
        return len(seen)

    enter(cast, cost, nov=3.84)
    few = queries()
    for number in range(8):
        kpi = services.create_kpi(
            f"Figure {number}", slug=f"f{number}", pillar=pillar, direction="up", actor=None, at=LONG_AGO
        )
        enter(cast, kpi, oct=1.0, nov=2.0)
    assert queries() == few
    assert few <= 5


def test_the_scorecard_is_one_sentence(cast: Cast, pillar: Pillar, cost: Kpi) -> None:
    aim(cast, cost, 3.60)
    enter(cast, cost, nov=3.50)
    services.create_kpi("New", slug="new", pillar=pillar, direction="up", actor=None, at=LONG_AGO)
    (column,) = scorecard(NOVEMBER)
    assert column.title == "Lower cost to serve"
    assert kpi_sentence(list(column.kpis)) == "1 of 2 KPIs on target, 1 not measured"


def test_a_retired_figure_leaves_the_scorecard_and_keeps_its_history(cast: Cast, cost: Kpi) -> None:
    enter(cast, cost, nov=3.50)
    services.retire_kpi(cost, actor=cast.maya, reason="Replaced.", at=NOVEMBER)
    assert scorecard(datetime(2026, 11, 25, tzinfo=UTC)) == []
    assert len(scorecard(datetime(2026, 11, 23, tzinfo=UTC))) == 1
    with pytest.raises(Refused):
        services.retire_kpi(cost, actor=cast.maya, reason="Again.")


def test_what_its_past_means_does_not_change(cast: Cast, cost: Kpi) -> None:
    with pytest.raises(Invalid) as raised:
        services.change_kpi(cost, actor=cast.maya, direction="up", unit="USD")
    assert [problem.pointer for problem in raised.value.errors] == ["/direction"]
    changed = services.change_kpi(cost, actor=cast.maya, unit="USD")
    assert changed.unit == "USD"


def test_shares_add_up_to_one_at_most(cast: Cast, cost: Kpi) -> None:
    with pytest.raises(Invalid):
        services.set_contributions(cost, {cast.churn: 0.7, cast.routing: 0.4}, actor=cast.maya)
    services.set_contributions(cost, {cast.churn: 0.7, cast.routing: 0.3}, actor=cast.maya)
    entry = Entry.objects.filter(action="kpi.contributions_set").latest("pk")
    assert entry.told["facts"]["shares"] == {cast.churn.ref: "0.7", cast.routing.ref: "0.3"}


def test_a_fiscal_year_moves_the_quarters_of_the_page(cast: Cast, pillar: Pillar) -> None:
    update_organisation(actor=cast.ada, first_fiscal_month=2)
    kpi = services.create_kpi(
        "Value", slug="value", pillar=pillar, direction="up", period="quarter", actor=None, at=LONG_AGO
    )
    assert history_of(kpi, at=NOVEMBER).points[-1].title == "Q4 2027"
