"""What options are worth: cases worked out by hand, and laws that hold for any numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from governance.strategy.calc import (
    BuildOrBuy,
    Flow,
    Option,
    Way,
    billed_share,
    compare,
    expected_cost,
    flows_of,
    pays_back,
    present_value,
    sensitivity,
    worth,
)
from portal.errors import Invalid

D = Decimal
RATES = [Fraction(tenth, 1000) for tenth in range(0, 401, 25)]


def question(*options: Option, **shared: Any) -> BuildOrBuy:
    given: dict[str, Any] = {"currency": "EUR", "starts_on": date(2026, 1, 1), "years": 3, "rate": D("0.1")}
    return BuildOrBuy(**{**given, "options": options, **shared})


BUY = Option("Buy", Way.BUY, running=(D(60_000),), benefits=(D(80_000),), months=D(2), success=D("0.9"))
BUILD = Option(
    "Build",
    Way.BUILD,
    outlay=D(100_000),
    running=(D(20_000),),
    benefits=(D(50_000), D(90_000)),
    months=D(15),
    exit_cost=D(5_000),
    success=D("0.7"),
    overrun=D("0.3"),
)


def flows(*amounts: int) -> list[Flow]:
    return [Flow(year, Fraction(amount)) for year, amount in enumerate(amounts)]


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - numbers for laws, not a secret


def any_flows(random: Random) -> list[Flow]:
    return [Flow(random.randint(0, 15), Fraction(random.randint(-9_999, 9_999), 7)) for _ in range(12)]


# --- By hand --------------------------------------------------------------------------------------------


def test_a_hundred_now_for_sixty_a_year_twice_is_worth_four_at_ten_per_cent() -> None:
    # -100 + 60/1.1 + 60/1.21 = 500/121
    assert present_value(D("0.1"), flows(-100, 60, 60)) == Fraction(500, 121)


def test_the_text_book_case_of_brealey_myers_and_allen() -> None:
    # An office bought for 370 000 and sold for 420 000 after a year is worth 30 000 at 5 %.
    assert present_value(D("0.05"), flows(-370_000, 420_000)) == 30_000


def test_an_annuity_agrees_with_its_closed_form() -> None:
    rate, years = Fraction(8, 100), 12
    closed = 1_000 * (1 - 1 / (1 + rate) ** years) / rate
    assert present_value(rate, flows(0, *[1_000] * years)) == closed


def test_each_part_of_an_option_is_the_one_worked_out_by_hand() -> None:
    found = worth(question(BUILD, delay_cost=D(1_000)), BUILD)
    # Benefits 0.7 × (50/1.1 + 90/1.21 + 90/1.331), outlay 1.3 × 100, running 1.3 × 20 × 2.486852
    assert found.benefits == D("131217.13")
    assert found.outlay == D("-130000.00")
    assert found.running == D("-64658.15")
    # Twelve months in year 1 and three in year 2: 12/1.1 + 3/1.21
    assert found.delay == D("-13388.43")
    assert found.exit == D("-3756.57")
    assert found.npv == D("-80586.03")
    # Without risk: benefits / 0.7, outlay and running / 1.3
    planned = D("187453.04") - D(100_000) - D("49737.04") - D("13388.43") - D("3756.57")
    assert abs(found.planned - planned) <= D("0.02")


def test_a_year_without_an_amount_of_its_own_has_the_last_one() -> None:
    told = Option("A", benefits=(D(10), D(20), D(20)))
    assert (
        worth(question(told), told).npv == worth(question(told), replace(told, benefits=(D(10), D(20)))).npv
    )


def test_it_pays_back_in_the_year_at_whose_end_nothing_is_outstanding() -> None:
    assert pays_back(D(0), flows(-100, 60, 40, 10)) == 2
    assert pays_back(D("0.1"), flows(-100, 60, 40, 10)) is None
    assert pays_back(D("0.1"), flows(-100, 60, 55, 10)) == 2


def test_the_rate_at_which_the_order_turns_agrees_with_algebra() -> None:
    # -100 + 130/(1+r) against 10/(1+r): equal at 20 %, where the first by name is the best, "Quick".
    slow = Option("Slow", outlay=D(100), benefits=(D(130),))
    quick = Option("Quick", benefits=(D(10),))
    found = compare(question(slow, quick, years=1))
    assert [(turn.rate, turn.before, turn.after) for turn in found.turns] == [(D("0.2"), "Slow", "Quick")]


def test_the_running_cost_of_ninety_days_is_their_share_of_the_year() -> None:
    told = Option("A", running=(D(36_500), D(73_000)), overrun=D("0.1"))
    asked = question(told)
    assert expected_cost(asked, "A", date(2026, 1, 1), date(2026, 4, 1)) == D("9900.00")
    # 30 days of year 1 at 100 and 30 of year 2 at 200, and the overrun
    assert expected_cost(asked, "A", date(2026, 12, 2), date(2027, 1, 31)) == D("9900.00")
    with pytest.raises(ValueError, match="within the years"):
        expected_cost(asked, "A", date(2025, 12, 31), date(2026, 4, 1))


def test_a_month_that_is_half_billed_counts_by_its_billed_days() -> None:
    first, covered = date(2026, 6, 1), date(2026, 6, 16)
    assert billed_share(D(1_500), first, covered, date(2026, 6, 11), date(2026, 9, 1)) == D(500)
    assert billed_share(D(1_500), first, covered, date(2026, 6, 20), date(2026, 9, 1)) == 0


# --- Laws -----------------------------------------------------------------------------------------------


def test_a_higher_rate_never_raises_what_comes_in_later_is_worth() -> None:
    random = dice(7)
    for _ in range(50):
        later = [Flow(random.randint(1, 15), Fraction(random.randint(0, 9_999))) for _ in range(9)]
        paid = [*later, Flow(0, Fraction(-random.randint(0, 99_999)))]
        values = [present_value(rate, paid) for rate in RATES]
        assert all(before >= after for before, after in pairwise(values))


def test_the_order_of_flows_does_not_change_a_digit() -> None:
    random = dice(8)
    for _ in range(50):
        told = any_flows(random)
        mixed = random.sample(told, len(told))
        assert present_value(D("0.073"), told) == present_value(D("0.073"), mixed)


def test_values_add_up_and_scale() -> None:
    random = dice(9)
    for _ in range(50):
        one, two = any_flows(random), any_flows(random)
        thrice = [Flow(flow.year, 3 * flow.amount) for flow in one]
        rate = D("0.11")
        assert present_value(rate, [*one, *two]) == present_value(rate, one) + present_value(rate, two)
        assert present_value(rate, thrice) == 3 * present_value(rate, one)


def test_at_no_rate_value_is_the_plain_sum() -> None:
    told = any_flows(dice(10))
    assert present_value(D(0), told) == sum(flow.amount for flow in told)


def test_a_rate_at_which_money_is_worth_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above -1"):
        present_value(D(-1), flows(1))


def any_option(random: Random, name: str) -> Option:
    def amounts() -> tuple[Decimal, ...]:
        return tuple(D(random.randint(0, 90_000)) for _ in range(random.randint(0, 4)))

    return Option(
        name,
        outlay=D(random.randint(0, 300_000)),
        running=amounts(),
        benefits=amounts(),
        months=D(random.randint(0, 48)),
        exit_cost=D(random.randint(0, 50_000)),
        success=D(random.randint(0, 100)) / 100,
        overrun=D(random.randint(0, 80)) / 100,
    )


def any_question(seed: int) -> BuildOrBuy:
    random = dice(seed)
    options = [any_option(random, name) for name in ("A", "B", "C")]
    return question(
        *options, years=4, rate=D(random.randint(0, 30)) / 100, delay_cost=D(random.randint(0, 9_000))
    )


SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_benefit_never_hurts_and_more_of_anything_else_never_helps(seed: int) -> None:
    asked = any_question(seed)
    for option in asked.options:
        now = worth(asked, option).npv
        assert worth(asked, replace(option, benefits=tuple(each + 5 for each in option.benefits))).npv >= now
        assert worth(asked, replace(option, outlay=option.outlay + 5)).npv <= now
        assert worth(asked, replace(option, running=tuple(each + 5 for each in option.running))).npv <= now
        assert worth(asked, replace(option, exit_cost=option.exit_cost + 5)).npv <= now
        assert worth(asked, replace(option, overrun=option.overrun + D("0.1"))).npv <= now
        assert worth(asked, replace(option, success=option.success / 2)).npv <= now
        assert worth(asked, replace(option, months=option.months / 2)).npv >= now


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_add_up_to_the_value_but_for_their_rounding(seed: int) -> None:
    asked = any_question(seed)
    for option in asked.options:
        found = worth(asked, option)
        parts = found.benefits + found.outlay + found.running + found.delay + found.exit
        assert abs(parts - found.npv) <= D("0.03")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_in_which_options_are_entered_does_not_matter(seed: int) -> None:
    asked = any_question(seed)
    turned = replace(asked, options=asked.options[::-1])
    assert compare(asked).ranking == compare(turned).ranking
    assert compare(asked).turns == compare(turned).turns


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ranking_falls_and_the_best_leads_it(seed: int) -> None:
    found = compare(any_question(seed))
    assert [each.place for each in found.ranking] == [1, 2, 3]
    assert all(a.npv >= b.npv for a, b in pairwise(found.ranking))
    assert found.lead == found.ranking[0].npv - found.ranking[1].npv


@pytest.mark.parametrize("seed", SEEDS)
def test_between_two_turns_the_best_stays_the_same(seed: int) -> None:
    asked = any_question(seed)
    found = compare(asked)
    edges = [D(0), *(turn.rate for turn in found.turns), D("0.4")]
    best = found.turns[0].before if found.turns else found.best
    for (low, high), turn in zip(pairwise(edges), [*found.turns, None], strict=True):
        middle = (low + high) / 2
        assert compare(replace(asked, rate=middle.quantize(D("0.001")))).best == best
        best = turn.after if turn else best


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tornado_narrows_downwards_and_holds_the_value_as_entered(seed: int) -> None:
    asked = any_question(seed)
    for option in asked.options:
        told = sensitivity(asked, option.name).swings
        assert all(a.span >= b.span for a, b in pairwise(told))
        now = worth(asked, option).npv
        for swing in told:
            if swing.name != "Discount rate":  # flows of both signs may be worth most in between
                assert min(swing.low, swing.high) <= now <= max(swing.low, swing.high), swing.name


def test_the_tornado_says_where_another_option_is_the_best() -> None:
    safe = Option("Safe", benefits=(D(95),))
    bold = Option("Bold", benefits=(D(100),))
    told = {swing.name: swing for swing in sensitivity(question(safe, bold), "Bold").swings}
    assert (told["Benefits"].low_leads, told["Benefits"].high_leads) == ("Safe", "Bold")
    assert (told["Discount rate"].low_leads, told["Discount rate"].high_leads) == ("Bold", "Bold")


def test_what_is_nothing_is_not_varied() -> None:
    bare = Option("Bare", benefits=(D(10),))
    names = {swing.name for swing in sensitivity(question(bare, rate=D(0)), "Bare").swings}
    assert names == {"Benefits", "Chance of the benefit"}


@pytest.mark.parametrize("seed", SEEDS)
def test_adjacent_spans_of_days_add_up_to_the_whole(seed: int) -> None:
    random, asked = dice(seed), any_question(seed)
    first = asked.starts_on + timedelta(days=random.randint(0, 300))
    middle, last = first + timedelta(days=random.randint(1, 400)), first + timedelta(days=900)
    whole = expected_cost(asked, "A", first, last)
    parts = expected_cost(asked, "A", first, middle) + expected_cost(asked, "A", middle, last)
    assert abs(whole - parts) <= D("0.01")


def test_without_risk_and_delay_planned_and_adjusted_agree() -> None:
    plain = replace(BUY, success=D(1))
    found = worth(question(plain), plain)
    assert found.npv == found.planned
    assert found.risk == 0
    assert {flow.part for flow in flows_of(question(plain), plain)} == {
        "benefits",
        "outlay",
        "running",
        "delay",
        "exit",
    }


def test_nothing_entered_has_no_best_and_no_lead() -> None:
    found = compare(question())
    assert (found.best, found.lead, found.turns) == ("", None, ())


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"currency": "eur"}, "Three capitals"),
        ({"options": (BUY, replace(BUILD, name="buy"))}, "Another option has this name"),
        ({"options": (replace(BUY, running=(D(1),) * 4),)}, "more than the 3 years"),
        ({"options": (replace(BUY, months=D(37)),)}, "within the years"),
        ({"options": tuple(replace(BUY, name=f"{n}") for n in range(6))}, "At most 5"),
    ],
)
def test_what_cannot_be_compared_is_named(broken: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        question(**broken)
    assert said in " ".join(problem.detail for problem in refused.value.errors)
