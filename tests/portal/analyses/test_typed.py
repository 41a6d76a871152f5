"""Inputs survive the way to JSON and back, say what is wrong where, and have one text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from portal.analyses.calc import Driver, swings
from portal.analyses.typed import canonical, decode, digest, encode, flat, schema
from portal.errors import Invalid
from tests.portal.analyses.conftest import KITCHEN
from tests.portal.analyses.yard.area import Kitchen


class Size(StrEnum):
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Everything:
    truth: bool
    whole: int
    exact: Decimal
    day: date
    size: Size
    text: str
    maybe: Decimal | None = None


ALL = Everything(
    truth=True, whole=3, exact=Decimal("0.10"), day=date(2026, 11, 24), size=Size.LARGE, text="é"
)


def problems(data: Any, kind: type[Any] = Kitchen) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        decode(kind, data)
    return {problem.pointer: problem.detail for problem in refused.value.errors}


@pytest.mark.parametrize("given", [KITCHEN, ALL])
def test_what_goes_through_json_comes_back_equal_and_has_the_same_text(given: Any) -> None:
    there = json.loads(json.dumps(encode(given)))
    back = decode(type(given), there)
    assert back == given
    assert canonical(back) == canonical(given) == canonical(dict(reversed(there.items())))


def test_a_number_keeps_the_digits_it_was_given() -> None:
    assert decode(Kitchen, {"days": 1, "sold": "0.10"}).sold.as_tuple() == Decimal("0.10").as_tuple()
    assert decode(Kitchen, {"days": 1, "sold": 0.1}).sold == Decimal("0.1")


def test_every_problem_is_named_at_its_place_at_once() -> None:
    told = problems({"days": 40, "sold": "half", "oven": 1, "ovens": [{"pies": -1}, 7]})
    assert told == {
        "/oven": "Unknown input.",
        "/days": "At most 31.",
        "/sold": "A number is needed.",
        "/ovens/0/name": "Must be given.",
        "/ovens/0/pies": "At least 0.",
        "/ovens/1": "An object is needed.",
    }


def test_a_share_is_bounded_in_per_cent() -> None:
    assert problems({"days": 1, "sold": "1.5"}) == {"/sold": "At most 100 %."}


def test_what_only_the_whole_can_judge_is_named_too() -> None:
    three = [{"name": name} for name in "abc"]
    assert problems({"days": 1, "ovens": three}) == {"/ovens/2/name": "There is room for two."}


@pytest.mark.parametrize("nonsense", ["NaN", "Infinity", "1e400", True, None, [], "9" * 40, 1.5])
def test_no_nonsense_becomes_a_whole_number(nonsense: Any) -> None:
    assert set(problems({"days": nonsense})) == {"/days"}


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_only_an_object_is_an_input(body: Any) -> None:
    assert set(problems(body)) == {"/"}


def test_a_wrong_day_and_a_wrong_choice_are_refused() -> None:
    told = problems(
        {**encode(ALL), "day": "2026-02-30", "size": "huge", "truth": 1, "text": "a\0"}, Everything
    )
    assert set(told) == {"/day", "/size", "/truth", "/text"}


def test_the_schema_names_bounds_defaults_and_what_is_needed() -> None:
    told = schema(Kitchen)
    assert told["required"] == ["days"]
    assert told["properties"]["days"] == {
        "title": "Days",
        "type": "integer",
        "x-unit": "days",
        "minimum": 1.0,
        "maximum": 31.0,
    }
    assert told["properties"]["sold"]["default"] == "0.5"
    assert told["properties"]["ovens"]["items"]["required"] == ["name"]


def test_a_digest_changes_with_the_last_digit() -> None:
    one, two = ({"days": 1, "sold": sold} for sold in ("0.5", "0.50"))
    assert digest(canonical(one)) != digest(canonical(two))


def test_leaves_are_listed_by_their_path() -> None:
    assert list(flat({"a": [{"b": None}, "x"], "c": []})) == [("a.0.b", ""), ("a.1", "x"), ("c", "")]


def test_swings_come_widest_first_whatever_their_order_was() -> None:
    drivers = [Driver(name, Decimal(low), Decimal(high), "", "") for name, low, high in
               [("b", 1, 3), ("a", 3, 1), ("wide", 0, 9)]]  # fmt: skip
    told = swings(drivers, lambda value: value * 2)
    assert [swing.name for swing in told] == ["wide", "a", "b"]
    assert told == swings(drivers[::-1], lambda value: value * 2)
    assert told[0].span == 18
