"""Numbers, money and days are written one way, and what is missing never looks like zero."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from portal.web.figures import (
    HARD,
    MISSING,
    THIN,
    ago,
    day,
    initials,
    interval,
    moment,
    money,
    number,
    pct,
    pp,
    quantity,
    short_digest,
    split_quantity,
    unbroken,
)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1842, None, "1~842"),
        (0, None, "0"),
        (0.0, None, "0"),
        (-3, None, "−3"),
        (0.74, None, "0.74"),
        (0.8, None, "0.80"),
        (6.7, None, "6.7"),
        (3.84, None, "3.84"),
        (91.84, None, "91.8"),
        (214.4, None, "214"),
        (0.0012, None, "0.0012"),
        (1234567.891, 2, "1~234~567.89"),
        (-0.004, 2, "0.00"),
        (Decimal("1000.5"), 2, "1~000.50"),
    ],
)
def test_numbers_are_grouped_in_threes_with_a_true_minus(value: float, places: int | None, text: str) -> None:
    assert number(value, places) == text.replace("~", THIN)


@pytest.mark.parametrize("write", [number, pct, pp, quantity, lambda x: money(x, "EUR")])
@pytest.mark.parametrize("value", [None, nan, inf, -inf])
def test_what_is_missing_is_a_dash(write: object, value: float | None) -> None:
    assert callable(write)
    assert write(value) == MISSING


def test_percent_and_percentage_points_are_told_apart() -> None:
    assert pct(0.92) == f"92{THIN}%"
    assert pct(0.17, 1) == f"17.0{THIN}%"
    assert pct(1.04) == f"104{THIN}%"
    assert pp(0.0046) == f"+0.5{THIN}pp"
    assert pp(-0.0005) == f"−0.05{THIN}pp"


def test_floating_dust_adds_no_digit() -> None:
    assert pct(0.1 + 0.2) == f"30{THIN}%"


@pytest.mark.parametrize(
    ("amount", "currency", "compact", "text"),
    [
        ("42313", "EUR", False, "€42~313"),
        ("42313.27", "EUR", False, "€42~313.27"),
        ("-0.26", "EUR", False, "−€0.26"),
        ("884000", "EUR", True, "€884~k"),
        ("14800", "EUR", True, "€14.8~k"),
        ("2100000", "EUR", True, "€2.1~m"),
        ("999900", "EUR", True, "€1~m"),
        ("1200", "CHF", False, "CHF~1~200"),
        ("1200.4", "JPY", False, "¥1~200"),
        ("1.2345", "KWD", False, "KWD~1.234"),
    ],
)
def test_money_carries_its_symbol_or_its_code(amount: str, currency: str, compact: bool, text: str) -> None:
    assert money(Decimal(amount), currency, compact=compact) == text.replace("~", THIN)


def test_half_a_cent_goes_to_the_even_one() -> None:
    assert money(Decimal("0.125"), "EUR") == "€0.12"
    assert money(Decimal("0.135"), "EUR") == "€0.14"


def test_a_change_of_money_shows_its_sign_before_the_symbol() -> None:
    assert quantity(Decimal("0.26"), "EUR", sign=True) == "+€0.26"


def test_an_interval_says_its_unit_once() -> None:
    assert interval(0.78, 0.84) == "0.78 to 0.84"
    assert interval(0.16, 0.181, "%", 1) == f"16.0 to 18.1{THIN}%"
    assert interval(None, 0.84) == MISSING


def test_a_tile_prints_the_unit_apart_but_keeps_the_symbol() -> None:
    assert split_quantity(0.031, "pp") == ("+3.1", "pp")
    assert split_quantity(Decimal("3.84"), "EUR") == ("€3.84", "")
    assert split_quantity(Decimal(14800), "EUR", compact=True) == ("€14.8", "k")
    assert split_quantity(None, "%") == (MISSING, "")


def test_a_moment_is_written_in_the_current_zone_with_its_name() -> None:
    at = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert moment(at).replace(HARD, " ") == "24 Nov 2026, 10:42 CET"
        assert day(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)).replace(HARD, " ") == "25 Nov 2026"
    assert day(date(2026, 11, 24)).replace(HARD, " ") == "24 Nov 2026"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "17 Nov 2026"),
        (-timedelta(days=3), "in 3 days"),
    ],
)
def test_a_moment_is_relative_under_seven_days(before: timedelta, text: str) -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert ago(now - before, now).replace(HARD, " ") == text


def test_names_and_digests_stay_whole() -> None:
    assert unbroken("K. Lin") == f"K.{HARD}Lin"
    assert short_digest("sha256:9f2c4e07a5ab1b71e") == "9f2c…1e"
    assert [initials(name) for name in ("K. Lin", "Maya", "", "Anna Maria Costa")] == ["KL", "M", "", "AC"]
