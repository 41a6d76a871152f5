"""Amounts as whole numbers of a decimal place, so that sums are exact.

What a bill writes is kept to its last digit: decimals, texts and the shortest text of binary numbers. Units
are ``int64``, and Python's own integers where they do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from costs.fields import DIGITS, PLACES
from costs.focus.problems import Mask, Problems
from costs.focus.values import cleaned, numbers, present_in

AMOUNT = re.compile(
    rf"[+-]?(\d{{1,{DIGITS - PLACES}}}(\.\d{{0,{PLACES}}})?|\.\d{{1,{PLACES}}})([eE][+-]?\d)?"
    rf"|[+-]?\d(\.\d{{1,17}})?[eE]-(0?\d|1\d|2[0-{PLACES % 10}])"
)
"""An amount as people write it, or as a program prints a small binary number, e.g. 1.2e-05."""
LARGEST = 2**63 - 1
SAFE = 10**15
"""Whole numbers up to which every decimal of so many digits has a binary number of its own."""
BINARY_PLACES = 15

Integers = npt.NDArray[Any]
"""Of ``int64``, or of Python integers."""
Present = Literal[True] | Mask
"""True where every line has one."""


@dataclass(frozen=True, slots=True)
class Units:
    """The amounts of some lines: ``values`` times ten to the power of minus ``scale``.

    ``places`` are the digits after the point that each line itself has, one number where all have as many;
    ``present`` is False where a line has no amount, whose value then is 0.
    """

    values: Integers
    scale: int
    places: int | npt.NDArray[np.uint8]
    present: Present

    @property
    def total(self) -> int:
        """The sum of the absolute values, exactly."""
        if self.values.dtype == object:
            return sum(map(abs, self.values.tolist()))
        largest = max(abs(int(self.values.max(initial=0))), abs(int(self.values.min(initial=0))))
        if largest * len(self.values) <= LARGEST:
            return int(np.abs(self.values).sum())
        return largest * len(self.values)  # a bound is as good: it only decides how to add


def amounts_of(name: str, raw: pa.Array, problems: Problems, *, may_lack: bool) -> Units:
    """The amounts of a column. What is none is a problem of its row."""
    kind = raw.type
    quick: Callable[[pa.Array], Units | None] = _of_texts
    if pa.types.is_floating(kind):
        quick = _of_binary
    elif pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and 0 <= kind.scale <= PLACES):
        quick = _of_decimals
    found = quick(raw)
    if found is None or not (may_lack or found.present is True):
        return _careful(name, _written(raw), problems, may_lack=may_lack)
    return found


def rescaled(values: Integers, by: int, total: int) -> Integers:
    """Units of a finer place, ``by`` digits on; ``total`` bounds their sum after that."""
    if not by:
        return values
    finer: Integers = (values if total <= LARGEST else values.astype(object)) * 10**by
    return finer


def _of_decimals(raw: pa.Array) -> Units | None:
    """Decimals and integers, from their bytes; None where one is too large for an amount."""
    scale = getattr(raw.type, "scale", 0)
    try:
        wide = raw if pa.types.is_decimal128(raw.type) else raw.cast(pa.decimal128(DIGITS, scale))
    except pa.ArrowInvalid:
        return None
    words = np.frombuffer(wide.buffers()[1], np.int64, 2 * len(wide), wide.offset * 16)
    low, high = words[::2], words[1::2]
    present = present_in(wide)
    if bool((high == low >> 63).all()):
        values: Integers = low.copy()
    else:
        values = (high.astype(object) << 64) + low.view(np.uint64).astype(object)
    if present is not True:
        values[~present] = 0
    limit = 10 ** (DIGITS - PLACES + scale)
    if len(values) and (values.max() >= limit or values.min() <= -limit):
        return None
    return Units(values, scale, scale, present)


def _of_binary(raw: pa.Array) -> Units | None:
    """Binary numbers by their shortest decimal; None where one is no number."""
    held = numbers(raw.cast(pa.float64()), np.float64).copy()
    present = present_in(raw)
    if present is not True:
        held[~present] = 0.0
    if not np.isfinite(held).all():
        return None
    places = np.zeros(len(held), np.uint8)
    units: Integers = np.zeros(len(held), np.int64)
    todo = np.arange(len(held))
    for digits in range(BINARY_PLACES + 1):
        scaled = np.rint(held[todo] * 10.0**digits)
        same = (scaled / 10.0**digits == held[todo]) & (np.abs(scaled) <= SAFE)
        units[todo[same]], places[todo[same]] = scaled[same].astype(np.int64), digits
        todo = todo[~same]
        if not len(todo):
            break
    long = [repr(each) for each in held[todo].tolist()]
    if not all(map(AMOUNT.fullmatch, long)) or np.abs(held).max(initial=0.0) >= 10.0 ** (DIGITS - PLACES):
        return None
    if long:
        parts = [_parts(Decimal(text)) for text in long]
        units = units.astype(object)
        units[todo], places[todo] = [unit for unit, _ in parts], [exponent for _, exponent in parts]
    return _at_one_scale(units, places, present)


def _of_texts(raw: pa.Array) -> Units | None:
    """Plain decimals as texts, read by Arrow; None where one is written in another way."""
    texts = cleaned(raw)
    if any(pc.any(pc.match_substring(texts, letter)).as_py() for letter in "eE"):
        return None
    dots = numbers(pc.find_substring(texts, "."), np.int32)
    after = np.where(dots < 0, 0, numbers(pc.binary_length(texts), np.int32) - dots - 1)
    present = present_in(texts)
    if present is not True:
        after[~present] = 0
    scale = int(after.max(initial=0))
    if scale > PLACES:
        return None
    try:
        found = _of_decimals(texts.cast(pa.decimal128(DIGITS, scale)))
    except pa.ArrowInvalid:
        return None
    if found is None or after.min(initial=scale) == scale:
        return found
    return Units(found.values, scale, after.astype(np.uint8), found.present)


def _written(raw: pa.Array) -> list[str | None]:
    """Amounts as texts, binary numbers as the shortest that names them."""
    if pa.types.is_floating(raw.type):
        return [None if each is None else repr(each) for each in raw.cast(pa.float64()).to_pylist()]
    texts: list[str | None] = cleaned(raw).to_pylist()
    return texts


def _careful(name: str, given: Sequence[str | None], problems: Problems, *, may_lack: bool) -> Units:
    """Every amount on its own: all that is allowed, and a problem for what is not."""
    bad = np.array([not may_lack if text is None else AMOUNT.fullmatch(text) is None for text in given])
    problems.where(
        bad,
        name,
        lambda row: "is missing" if given[row] is None else f"is {given[row]!r}, not an amount such as 12.50",
    )
    none = (0, 0)
    read = [
        none if wrong or text is None else _parts(Decimal(text))
        for text, wrong in zip(given, bad.tolist(), strict=True)
    ]
    units: Integers = np.empty(len(read), object)
    units[:] = [unit for unit, _ in read]
    present = np.array([text is not None for text in given])
    places = np.array([exponent for _, exponent in read], np.uint8)
    return _at_one_scale(units, places, True if present.all() else present)


def _at_one_scale(units: Integers, places: npt.NDArray[np.uint8], present: Present) -> Units:
    """Units of lines of several scales, at the finest of them."""
    scale = int(places.max(initial=0))
    largest = max(abs(int(units.max(initial=0))), abs(int(units.min(initial=0))))
    if largest * 10**scale > LARGEST:
        units = units.astype(object) * np.array([10 ** (scale - int(each)) for each in places], object)
        if max(abs(units.max(initial=0)), abs(units.min(initial=0))) <= LARGEST:
            units = units.astype(np.int64)
    else:
        units = units.astype(np.int64) * 10 ** (scale - places.astype(np.int64))
    return Units(units, scale, places, present)


def _parts(amount: Decimal) -> tuple[int, int]:
    """An amount as a whole number and the places after its point."""
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)  # what is no number was refused before
    unit = int("".join(map(str, digits))) * (-1 if sign else 1)
    return (unit * 10**exponent, 0) if exponent > 0 else (unit, -exponent)
