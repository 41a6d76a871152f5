"""Parameters between dataclass, JSON and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from portal.areas import PolicyKind
from portal.errors import Invalid
from portal.policies.forms import PolicyForm
from portal.policies.parameters import changes, decode, encode, parameter, restore


class Rule(StrEnum):
    STRICT = "strict"
    MILD = "mild"


@dataclass(frozen=True, slots=True)
class Everything:
    """One parameter of each type there is."""

    share: float = parameter(0.8, "Smallest share", looser="down")
    rows: int = parameter(30, "Rows needed", unit="rows", looser="down")
    name: str = "any"
    enforced: bool = parameter(True, looser="down")
    budget: Decimal = Decimal("10.50")
    rule: Rule = Rule.STRICT
    ceiling: float | None = parameter(None, looser="up")
    regions: tuple[str, ...] = ("north",)
    limits: Mapping[str, float] = parameter(lambda: {"a": 1.0})

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("A share runs from 0 to 1.")


KIND = PolicyKind("everything", "Everything", Everything)
OTHER = replace(
    Everything(),
    share=0.9,
    rows=50,
    enforced=False,
    budget=Decimal(3),
    rule=Rule.MILD,
    ceiling=2.5,
    regions=("a", "b"),
    limits={"b": 2.0},
)


@pytest.mark.parametrize("parameters", [Everything(), OTHER])
def test_what_is_stored_comes_back_the_same(parameters: Everything) -> None:
    assert restore(KIND, encode(parameters)) == parameters


def test_what_is_absent_takes_its_default() -> None:
    assert decode(KIND, {"rows": 40}) == replace(Everything(), rows=40)


def test_a_stored_parameter_that_the_code_no_longer_knows_is_left_out() -> None:
    assert restore(KIND, {"rows": 40, "forgotten": 1}).rows == 40


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"unheard": 1}, "/unheard"),
        ({"rows": 1.5}, "/rows"),
        ({"rows": True}, "/rows"),
        ({"rows": "3"}, "/rows"),
        ({"share": float("nan")}, "/share"),
        ({"share": 1e400}, "/share"),
        ({"name": 3}, "/name"),
        ({"enforced": "yes"}, "/enforced"),
        ({"budget": "much"}, "/budget"),
        ({"rule": "harsh"}, "/rule"),
        ({"regions": "north"}, "/regions"),
        ({"limits": [1]}, "/limits"),
        ({"share": None}, "/share"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as raised:
        decode(KIND, given)
    assert [problem.pointer for problem in raised.value.errors] == [pointer]


def test_every_wrong_parameter_is_named_at_once() -> None:
    with pytest.raises(Invalid) as raised:
        decode(KIND, {"rows": "x", "rule": "x"})
    assert len(raised.value.errors) == 2


def test_parameters_that_do_not_fit_together_are_refused_in_their_own_words() -> None:
    with pytest.raises(Invalid, match="runs from 0 to 1"):
        decode(KIND, {"share": 2})


@pytest.mark.parametrize(
    ("change", "loosens"),
    [
        ({"share": 0.9}, False),
        ({"share": 0.7}, True),
        ({"enforced": False}, True),
        ({"ceiling": 3.0}, True),
        ({"name": "other"}, True),
    ],
)
def test_a_change_says_whether_it_allows_more(change: dict[str, Any], loosens: bool) -> None:
    (told,) = changes(KIND, Everything(), replace(Everything(), **change))
    assert told.loosens is loosens


@pytest.mark.parametrize("parameters", [Everything(), OTHER])
def test_the_form_gives_back_what_it_shows(parameters: Everything) -> None:
    shown = PolicyForm(kind=KIND, parameters=parameters)
    typed = {
        name: field.prepare_value(shown.initial.get(name, field.initial))
        for name, field in shown.fields.items()
    }
    typed = {
        name: "on" if value is True else value for name, value in typed.items() if value not in (None, False)
    }
    form = PolicyForm({**typed, "reason": "Tried."}, kind=KIND, parameters=parameters)
    assert form.is_valid(), form.errors
    assert decode(KIND, form.parameters()) == parameters
