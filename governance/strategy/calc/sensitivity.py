"""What the value of one option hangs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from governance.strategy.calc.options import BuildOrBuy, Option
from governance.strategy.calc.worth import flows_of, named, present_value, rounded
from portal.analyses.calc import Driver, Swing, swings

Row = TypeVar("Row", BuildOrBuy, Option)

VARIED = (
    ("benefits", "Benefits"),
    ("running", "Running cost"),
    ("outlay", "Outlay"),
    ("success", "Chance of the benefit"),
    ("overrun", "Overrun of cost"),
    ("months", "Months until it works"),
    ("exit_cost", "Cost of leaving"),
)
"""What is varied of an option, beside the discount rate and the cost of a month, which all share."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What the value of one option hangs on, the widest swing first."""

    name: str
    swings: tuple[Swing, ...]


def sensitivity(inputs: BuildOrBuy, name: str) -> Sensitivity:
    """What the value of an option hangs on: each input varied to either side, all others as they are.

    A chance ends at 1. What is 0 is not varied.
    """

    def value(varied: BuildOrBuy) -> Decimal:
        return rounded(present_value(varied.rate, flows_of(varied, named(varied, name))))

    return Sensitivity(name, swings(list(_drivers(inputs, named(inputs, name))), value, best_of))


def best_of(inputs: BuildOrBuy) -> str:
    """The name of the option with the highest value; of equal ones the first by name."""
    values = [
        (-present_value(inputs.rate, flows_of(inputs, option)), option.name) for option in inputs.options
    ]
    return min(values)[1] if values else ""


def _drivers(inputs: BuildOrBuy, option: Option) -> Iterator[Driver[BuildOrBuy]]:
    down, up = 1 - inputs.swing, 1 + inputs.swing
    shared = ((("rate", "Discount rate"), Decimal(1)), (("delay_cost", "Cost of a month"), None))
    for (field, title), most in shared:
        now: Decimal = getattr(inputs, field)
        low, high = now * down, now * up if most is None else min(now * up, most)
        if now and (field != "delay_cost" or option.months):
            ends = [_changed(inputs, field, value) for value in (low, high)]
            yield Driver(title, ends[0], ends[1], _said(field, low), _said(field, high))
    for field, title in VARIED:
        less, more = (_varied(option, field, factor, inputs.years) for factor in (down, up))
        if less != more:
            texts = _said(field, getattr(less, field), down), _said(field, getattr(more, field), up)
            yield Driver(title, _with(inputs, less), _with(inputs, more), *texts)


def _varied(option: Option, field: str, factor: Decimal, years: int) -> Option:
    now = getattr(option, field)
    if isinstance(now, tuple):
        return _changed(option, field, tuple(amount * factor for amount in now))
    most = {"success": Decimal(1), "months": Decimal(12 * years)}.get(field)
    return _changed(option, field, now * factor if most is None else min(now * factor, most))


def _changed(row: Row, field: str, value: object) -> Row:
    changes: dict[str, Any] = {field: value}
    return replace(row, **changes)


def _said(field: str, value: Decimal | tuple[Decimal, ...], factor: Decimal = Decimal(1)) -> str:
    """The value at one end, in words that need no currency: lists of amounts as a change."""
    if isinstance(value, tuple):
        change = ((factor - 1) * 100).normalize()
        return f"{change:+f} %".replace("-", "−")
    if field in {"rate", "success", "overrun"}:
        return f"{(value * 100).normalize():f} %"
    if field == "months":
        return f"{value.normalize():f} months"
    return f"{round(value):,}".replace(",", "\u202f")


def _with(inputs: BuildOrBuy, changed: Option) -> BuildOrBuy:
    options = tuple(changed if option.name == changed.name else option for option in inputs.options)
    return replace(inputs, options=options)
