"""From values to pixels: axes with round ticks, and labels that never overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10

from portal.web.figures import is_currency, quantity

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale from ``low``..``high`` to pixels ``start``..``end``, with its ticks."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    step: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def clipped(self, value: float) -> float:
        """The pixel of a value, held inside the axis."""
        return self.at(min(max(value, self.low), self.high))

    def text(self, tick: float, unit: str) -> str:
        return "0" if tick == 0 and unit != "%" else quantity(tick, unit, self.places(unit), compact=True)

    def places(self, unit: str) -> int | None:
        """Digits after the point that tell one tick from the next; None where thousands are shortened."""
        if max(abs(self.low), abs(self.high)) >= 1000:
            return None if is_currency(unit) else 0
        step = self.step * 100 if unit in {"%", "pp"} else self.step
        if round(step, 9) % 1 == 0:
            return 0
        needed = next(p for p in range(1, 12) if abs(round(step, p) - step) < step * 1e-6)
        return max(2, needed) if is_currency(unit) else needed


def axis(
    values: Iterable[float | None],
    start: float,
    end: float,
    *,
    low: float | None = None,
    high: float | None = None,
    count: int = 5,
) -> Axis:
    """A scale that holds all values, ends on round ticks and has about ``count`` of them.

    A given ``low`` or ``high`` stands as it is.
    """
    known = [v for v in values if v is not None and isfinite(v)] or [0.0, 1.0]
    bottom = min(known) if low is None else low
    top = max(known) if high is None else high
    if top <= bottom:
        pad = abs(bottom) * 0.1 or 1.0
        bottom, top = (bottom - pad if low is None else bottom), bottom + pad
    step = _round_step((top - bottom) / max(1, count))
    first = bottom if low is not None else floor(bottom / step + 1e-9) * step
    last = top if high is not None else ceil(top / step - 1e-9) * step
    ticks = tuple(
        round(k * step, 10) for k in range(ceil(first / step - 1e-9), floor(last / step + 1e-9) + 1)
    )
    return Axis(first, last, start, end, ticks, step)


def _round_step(raw: float) -> float:
    power: float = 10.0 ** floor(log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if raw <= factor * power * 1.0000001:
            return factor * power
    return 10 * power


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones that keep ``gap`` between them, within low and high where they fit.

    >>> spread([10, 12, 40], 14, 0, 100)
    [4.0, 18.0, 40]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed: list[float] = [wanted[i] for i in order]
    for _ in range(60):
        moved = False
        for i, (a, b) in enumerate(pairwise(placed)):
            if b - a < gap - 0.01:
                middle = (a + b) / 2
                placed[i], placed[i + 1] = middle - gap / 2, middle + gap / 2
                moved = True
        if not moved:
            break
    if placed and placed[0] < low:
        shift = low - placed[0]
        placed = [p + shift for p in placed]
    if placed and placed[-1] > high:
        shift = placed[-1] - high
        placed = [p - shift for p in placed]
    result = [0.0] * len(wanted)
    for i, position in zip(order, placed, strict=True):
        result[i] = position
    return result


def every(count: int, width: float, widest: float) -> int:
    """Label each how-many-th of ``count`` positions so that texts of ``widest`` px keep 28 px apart."""
    if count < 2:
        return 1
    room = width / (count - 1)
    least = (widest + 28) / room if room else count
    return next((n for n in (1, 2, 3, 4, 5, 6, 7, 10, 12, 13, 26, 52) if n >= least), ceil(least))


def last_first(count: int, step: int) -> list[int]:
    """Every step-th index, counted from the last, so that the newest is always named."""
    return sorted(range(count - 1, -1, -step))


def runs(values: Values) -> list[list[int]]:
    """Indices of values without a gap between them: a line is broken where a value is missing."""
    found: list[list[int]] = []
    for i, value in enumerate(values):
        if value is None or not isfinite(value):
            continue
        if found and found[-1][-1] == i - 1:
            found[-1].append(i)
        else:
            found.append([i])
    return found
