"""The arithmetic of money: splitting a bill, owning against renting, spot, commitments.

Sources of the formulas: Young (1974) and Daly (2006) for checkpoints; the newsvendor quantile for
commitments. Amounts of a bill are ``Decimal`` and split exactly; what-ifs are ``float``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, exp, expm1, isfinite, sqrt
from typing import Any, TypeVar

HOURS_A_YEAR = 8760

Key = TypeVar("Key", bound=Hashable)
Weight = Decimal | Fraction | float


def allocate(amount: Decimal, weights: Mapping[Key, Weight]) -> dict[Key, Decimal]:
    """Split an amount in proportion to weights, so that the parts add up to it exactly.

    The unit is the amount's last digit: 100.00 splits to cents, 0.000041 to millionths. What rounding down
    leaves goes to the largest remainders, ties to the smaller key. Weights count by their absolute value;
    if all are zero the parts are even. A negative amount splits as its absolute value does.
    Raises ValueError without keys, and for an amount or a weight that is no number.

    >>> {key: str(part) for key, part in allocate(Decimal("100.00"), {"a": 1, "b": 1, "c": 1}).items()}
    {'a': '33.34', 'b': '33.33', 'c': '33.33'}
    """
    if not weights:
        raise ValueError("an amount cannot be split among nobody")
    units, exponent = _units(amount)
    sizes = {key: abs(_exact(weight)) for key, weight in weights.items()}
    total = sum(sizes.values(), Fraction(0))
    if not total:
        sizes, total = dict.fromkeys(sizes, Fraction(1)), Fraction(len(sizes))
    quotas = {key: abs(units) * size / total for key, size in sizes.items()}
    parts = {key: quota.__floor__() for key, quota in quotas.items()}
    left = abs(units) - sum(parts.values())
    order: list[Any] = sorted(quotas)
    order.sort(key=lambda key: parts[key] - quotas[key])
    for key in order[:left]:
        parts[key] += 1
    return {key: _decimal(part if units >= 0 else -part, exponent) for key, part in parts.items()}


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum without any rounding, at the finest digit of its parts; 0 for none."""
    parts = [_units(amount) for amount in amounts]
    exponent = min((e for _, e in parts), default=0)
    return _decimal(sum(units * 10 ** (e - exponent) for units, e in parts), exponent)


def _units(amount: Decimal) -> tuple[int, int]:
    """An amount as a whole number of its last digit, and that digit's exponent, at most 0."""
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{amount} is no amount")  # noqa: TRY004 - NaN and infinity are values, not types
    units = int("".join(map(str, digits)) or "0") * (-1 if sign else 1)
    return (units * 10**exponent, 0) if exponent > 0 else (units, exponent)


def _decimal(units: int, exponent: int) -> Decimal:
    """Built from digits: arithmetic would round to the precision of the context."""
    return Decimal((int(units < 0), tuple(map(int, str(abs(units)))), exponent))


def _exact(weight: Weight) -> Fraction:
    """A weight as people wrote it: 0.1 is a tenth, not the nearest binary number."""
    if isinstance(weight, (int, Fraction, Decimal)):
        if isinstance(weight, Decimal) and not weight.is_finite():
            raise ValueError(f"{weight} is no weight")
        return Fraction(weight)
    if not isfinite(weight):
        raise ValueError(f"{weight} is no weight")
    return Fraction(repr(float(weight)))


@dataclass(frozen=True, slots=True)
class Tco:
    """What owning costs a year. ``fixed`` does not depend on use, ``variable`` is added at full use."""

    capital: float
    power: float
    running: float
    total: float
    per_useful_hour: float | None
    fixed: float
    variable: float
    hours: float


def tco(
    *,
    capex: float,
    years: float,
    residual: float = 0.0,
    kilowatts: float = 0.0,
    idle: float = 0.0,
    utilisation: float = 1.0,
    pue: float = 1.0,
    price_per_kwh: float = 0.0,
    staff: float = 0.0,
    colocation: float = 0.0,
    devices: int = 1,
    rate: float = 0.0,
) -> Tco:
    """Total cost of ownership a year, in the currency of its inputs.

    Capital is straight-line, (1 − residual) · capex / years; with an interest ``rate`` it is the capital
    recovery factor on capex less the discounted residual. Power is 8760 · kW · (idle + (1 − idle) · use) ·
    PUE · price. A useful hour is one device at work; undefined (None) at no use.
    Raises ValueError where a share leaves 0 to 1 or a quantity is negative.
    """
    for share in (residual, idle, utilisation):
        if not 0 <= share <= 1:
            raise ValueError(f"a share lies between 0 and 1, not {share}")
    if min(capex, kilowatts, price_per_kwh, staff, colocation, rate) < 0 or years <= 0 or devices < 1:
        raise ValueError("costs are not negative, years and devices are positive")
    if pue < 1:
        raise ValueError(f"PUE is at least 1, not {pue}")
    capital = _capital(capex, years, residual, rate)
    full_power = HOURS_A_YEAR * kilowatts * pue * price_per_kwh
    power = full_power * (idle + (1 - idle) * utilisation)
    running = staff + colocation
    hours = float(devices * HOURS_A_YEAR)
    total = capital + power + running
    return Tco(
        capital=capital,
        power=power,
        running=running,
        total=total,
        per_useful_hour=total / (hours * utilisation) if utilisation else None,
        fixed=capital + running + full_power * idle,
        variable=full_power * (1 - idle),
        hours=hours,
    )


def _capital(capex: float, years: float, residual: float, rate: float) -> float:
    if not rate:
        return (1 - residual) * capex / years
    growth = float((1 + rate) ** years)
    return (capex - residual * capex / growth) * rate * growth / (growth - 1)


def breakeven_utilisation(fixed: float, variable: float, hours: float, price: float) -> float | None:
    """The use from which owning is cheaper than renting at ``price`` an hour: F / (H · p − v).

    Above 1 owning never is. None where renting costs no more than the power that use adds.
    """
    saved = hours * price - variable
    return fixed / saved if saved > 0 else None


def daly_interval(checkpoint: float, mtbf: float) -> float:
    """How long to work between two checkpoints, in the unit of the inputs (Daly's higher-order estimate).

    ``checkpoint`` is how long one takes to write, ``mtbf`` the mean time between interruptions.
    """
    if not (checkpoint > 0 and mtbf > 0):
        raise ValueError("a checkpoint takes time, and interruptions have a mean distance")
    if checkpoint >= 2 * mtbf:
        return mtbf
    ratio = checkpoint / mtbf
    return sqrt(2 * checkpoint * mtbf) * (1 + sqrt(ratio / 2) / 3 + ratio / 18) - checkpoint


def spot_expected_time(
    work: float, *, mtbf: float, restart: float, checkpoint: float = 0.0, interval: float | None = None
) -> float:
    """How long ``work`` takes in expectation where interruptions come as a Poisson process.

    A checkpoint is written after each ``interval`` of work; without one an interruption loses everything.
    """
    every, written = (work, 0.0) if interval is None else (interval, checkpoint)
    if not (work > 0 and mtbf > 0 and every > 0) or restart < 0 or written < 0:
        raise ValueError("work, interval and mean distance are positive, overheads not negative")
    return work / every * mtbf * exp(restart / mtbf) * expm1((every + written) / mtbf)


def optimal_commitment(demand: Sequence[float], reserved: float, on_demand: float) -> float:
    """How much to commit to: the quantile 1 − reserved/on-demand of hourly demand.

    The smallest observed demand that costs least; 0 where committing is not cheaper.
    """
    if not len(demand):
        raise ValueError("without demand there is nothing to commit to")
    if not (reserved > 0 and on_demand > 0):
        raise ValueError("prices are positive")
    if reserved >= on_demand:
        return 0.0
    place = ceil(Fraction(len(demand)) * (1 - _exact(reserved) / _exact(on_demand)))
    return float(sorted(demand)[max(place, 1) - 1])


def commitment_cost(demand: Sequence[float], committed: float, reserved: float, on_demand: float) -> float:
    """What demand costs with a commitment: it is paid each hour, the rest on demand."""
    above = sum(max(0.0, float(hour) - committed) for hour in demand)
    return committed * reserved * len(demand) + above * on_demand


LEVEL = 0.80
"""Of four periods in five the interval of a forecast holds what they cost."""
STUDENT = (
    *(3.0777, 1.8856, 1.6377, 1.5332, 1.4759, 1.4398, 1.4149, 1.3968, 1.3830, 1.3722),
    *(1.3634, 1.3562, 1.3502, 1.3450),
)
"""The 90 % quantiles of Student's t for 1 to 14 degrees of freedom: both tails leave a fifth."""
FEWEST = 3
"""Changes from month to month below which their size says little."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a forecast may be off to either side; None with the reason where nobody can say."""

    half_width: float | None
    changes: int
    reason: str = ""


def forecast_spread(changes: Sequence[float], still: Sequence[float]) -> Spread:
    """Half the 80 % interval of what is still to be billed, in the unit of ``still``.

    ``changes`` are the relative changes between whole months, ``still`` the expected amounts of the rest of
    the present month and of the months to come. Months walk at random from the level of today: a change in
    one carries on into all later ones, and its size is the root mean square of the past changes. With few of
    them Student's t widens the interval.
    """
    if len(changes) < FEWEST:
        return Spread(None, len(changes), f"fewer than {FEWEST + 1} whole months before it: no interval")
    step = sqrt(sum(change * change for change in changes) / len(changes))
    tails = [sum(still[place:]) for place in range(len(still))]
    student = STUDENT[min(len(changes), len(STUDENT)) - 1]
    return Spread(student * step * sqrt(sum(tail * tail for tail in tails)), len(changes))
