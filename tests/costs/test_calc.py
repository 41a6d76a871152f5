"""The arithmetic of money against published values, closed forms and exhaustive search."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from costs.calc import (
    LEVEL,
    STUDENT,
    allocate,
    breakeven_utilisation,
    commitment_cost,
    daly_interval,
    exact_sum,
    forecast_spread,
    optimal_commitment,
    spot_expected_time,
    tco,
)

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
WEIGHTS = st.dictionaries(
    st.text(min_size=1, max_size=4), st.one_of(st.integers(-50, 50), st.floats(0, 1e6)), min_size=1
)


def split(amount: str, **weights: float) -> list[str]:
    return [str(part) for part in allocate(Decimal(amount), weights).values()]


def test_an_even_split_gives_the_odd_cent_to_the_first() -> None:
    assert split("100.00", a=1, b=1, c=1) == ["33.34", "33.33", "33.33"]
    assert split("9.99", a=0.1, b=0.2, c=0.7) == ["1.00", "2.00", "6.99"]


def test_credits_split_as_charges_do() -> None:
    assert split("-100.00", a=1, b=1, c=1) == ["-33.34", "-33.33", "-33.33"]
    assert split("9.99", a=-0.1, b=0.2, c=-0.7) == ["1.00", "2.00", "6.99"]


def test_weights_of_nothing_split_evenly() -> None:
    assert split("1.01", a=0, b=0) == ["0.51", "0.50"]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        allocate(Decimal(1), {})
    with pytest.raises(ValueError, match="no amount"):
        allocate(Decimal("NaN"), {"a": 1})
    with pytest.raises(ValueError, match="no weight"):
        allocate(Decimal(1), {"a": float("inf")})


@given(AMOUNTS, WEIGHTS)
def test_the_parts_are_the_whole_to_the_last_unit(amount: Decimal, weights: dict[str, float]) -> None:
    parts = allocate(amount, weights)
    assert exact_sum(parts.values()) == amount
    assert parts == allocate(amount, dict(reversed(weights.items())))


@given(AMOUNTS, WEIGHTS)
def test_no_part_is_a_unit_or_more_from_its_due(amount: Decimal, weights: dict[str, float]) -> None:
    sizes = {key: abs(Fraction(repr(w))) for key, w in weights.items()}
    total = sum(sizes.values())
    if not total:
        return
    unit = Fraction(1, 10 ** max(0, -int(amount.as_tuple().exponent)))
    for key, part in allocate(amount, weights).items():
        assert abs(Fraction(part) - Fraction(amount) * sizes[key] / total) < unit


def test_owning_costs_what_the_worked_example_says() -> None:
    owned = tco(
        capex=250_000,
        residual=0.10,
        years=4,
        kilowatts=6.5,
        idle=0.3,
        utilisation=0.6,
        pue=1.4,
        price_per_kwh=0.18,
        staff=30_000,
        colocation=12_000,
        devices=8,
    )
    assert owned.capital == pytest.approx(56_250)
    assert owned.power == pytest.approx(10_331.1936)
    assert owned.total == pytest.approx(108_581.1936)
    assert owned.per_useful_hour == pytest.approx(2.582315, abs=1e-6)
    use = breakeven_utilisation(owned.fixed, owned.variable, owned.hours, 2.50)
    assert use == pytest.approx(0.620957, abs=1e-6)


def test_at_the_break_even_owning_costs_what_renting_does() -> None:
    facts = {"capex": 90_000.0, "years": 3.0, "kilowatts": 4.0, "price_per_kwh": 0.2, "devices": 4}
    owned = tco(**facts, idle=0.25)  # type: ignore[arg-type]
    use = breakeven_utilisation(owned.fixed, owned.variable, owned.hours, 1.9)
    assert use is not None
    again = tco(**facts, idle=0.25, utilisation=use)  # type: ignore[arg-type]
    assert again.total == pytest.approx(owned.hours * use * 1.9)


def test_capital_with_interest_is_the_annuity() -> None:
    yearly = tco(capex=1000, years=3, rate=0.1).capital
    assert sum(yearly / 1.1**year for year in (1, 2, 3)) == pytest.approx(1000)


def test_where_renting_costs_less_than_power_there_is_no_break_even() -> None:
    assert breakeven_utilisation(100.0, 50.0, 10.0, 1.0) is None


def test_a_useful_hour_is_undefined_without_use() -> None:
    assert tco(capex=1, years=1, utilisation=0).per_useful_hour is None


def test_checkpoints_are_as_far_apart_as_daly_says() -> None:
    assert daly_interval(5, 480) == pytest.approx(65.98879, abs=1e-5)
    assert daly_interval(100, 40) == 40


def test_a_job_on_spot_takes_as_long_as_the_worked_example() -> None:
    hours = {"mtbf": 8.0, "restart": 1 / 6}
    interval = daly_interval(5 / 60, 8)
    found = spot_expected_time(100, interval=interval, checkpoint=5 / 60, **hours)
    assert found == pytest.approx(118.3798, abs=1e-4)
    assert spot_expected_time(100, **hours) == pytest.approx(2.19e6, rel=1e-3)


def test_the_interval_is_close_to_the_best_one() -> None:
    def takes(interval: float) -> float:
        return spot_expected_time(6000, mtbf=480, restart=10, checkpoint=5, interval=interval)

    best = min(range(3000, 12_000), key=lambda tenth: takes(tenth / 100)) / 100
    assert best == pytest.approx(65.98948, abs=0.01)


def test_the_commitment_is_that_of_exhaustive_search() -> None:
    demand = [4, 4, 5, 5, 6, 6, 8, 10, 12, 12, 10, 8]
    assert optimal_commitment(demand, 0.62, 1.0) == 6
    assert commitment_cost(demand, 6, 0.62, 1.0) == pytest.approx(68.64)
    assert min(commitment_cost(demand, c, 0.62, 1.0) for c in range(13)) == pytest.approx(68.64)


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=24),
    st.integers(1, 99),
)
def test_no_other_commitment_is_cheaper(demand: list[int], cents: int) -> None:
    chosen = optimal_commitment(demand, cents / 100, 1.0)
    least = min(commitment_cost(demand, c, cents / 100, 1.0) for c in range(21))
    assert commitment_cost(demand, chosen, cents / 100, 1.0) == pytest.approx(least)


def test_a_commitment_that_is_not_cheaper_is_none() -> None:
    assert optimal_commitment([1, 2], 1.0, 1.0) == 0


def test_the_interval_of_a_forecast_is_as_wide_as_months_differ() -> None:
    for df, quantile in enumerate(STUDENT, start=1):
        assert quantile == pytest.approx(float(stdtrit(df, (1 + LEVEL) / 2)), abs=1e-4)
    one = forecast_spread([0.1, -0.1, 0.1, -0.1], [50.0])
    assert one.half_width == pytest.approx(1.5332 * 0.1 * 50)
    walk = forecast_spread([0.1, -0.1, 0.1, -0.1], [50.0, 100.0])
    assert walk.half_width == pytest.approx(1.5332 * 0.1 * (150**2 + 100**2) ** 0.5)
    assert forecast_spread([0.0, 0.0, 0.0], [50.0]).half_width == 0
    assert forecast_spread([0.1, 0.1], [50.0]).half_width is None
