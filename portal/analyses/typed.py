"""Inputs and results between dataclass, JSON and its one canonical text. No Django.

A field is a bool, int, Decimal, str, date or Enum, another such dataclass, a tuple of any of these, or None
besides. Numbers with a fraction travel as text, so that no reader rounds them.
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from portal.errors import Invalid, Problem

MOST = 200
"""Entries of a list."""
LONGEST = 2000
"""Letters of a text."""
DIGITS = 24
"""Digits of a number."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a field, as ``Annotated[Decimal, Told("Discount rate", unit="%")]``.

    ``least`` and ``most`` bound a number, or each number of a list. Under unit "%" 1 is the whole.
    """

    label: str
    unit: str = ""
    help: str = ""
    least: int | str | None = None
    most: int | str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a dataclass with what is said of it."""

    name: str
    hint: Any
    label: str
    unit: str
    help: str
    least: Decimal | None
    most: Decimal | None
    default: Any

    @property
    def required(self) -> bool:
        return self.default is MISSING


def described(kind: type[Any]) -> tuple[Input, ...]:
    """The fields of an inputs dataclass, in their order."""
    hashable: Any = kind
    return _all_described(hashable)


@cache
def _all_described(kind: type[Any]) -> tuple[Input, ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(_described(each, hints[each.name]) for each in fields(kind))


def _described(each: Field[Any], hint: Any) -> Input:
    said = [told for told in getattr(hint, "__metadata__", ()) if isinstance(told, Told)]
    told = said[0] if said else Told(each.name.replace("_", " ").capitalize())
    return Input(
        name=each.name,
        hint=get_args(hint)[0] if hasattr(hint, "__metadata__") else hint,
        label=told.label,
        unit=told.unit,
        help=told.help,
        least=None if told.least is None else Decimal(told.least),
        most=None if told.most is None else Decimal(told.most),
        default=each.default,
    )


def encode(value: Any) -> Any:
    """A dataclass or a field of one as JSON can hold it.

    >>> encode((Decimal("1.50"), date(2026, 11, 24), None))
    ['1.50', '2026-11-24', None]
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: encode(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def decode(kind: type[Any], data: Any) -> Any:
    """An instance of the dataclass from JSON; what is absent takes its default.

    Raises Invalid that names every problem by its pointer.
    """
    problems: list[Problem] = []
    made = _decode(kind, data, "", problems)
    if problems:
        raise Invalid("The inputs are not valid.", errors=problems)
    return made


def canonical(value: Any) -> str:
    """The one text of a dataclass or of its JSON: sorted keys, no blanks.

    >>> canonical({"b": 1, "a": ["0.10"]})
    '{"a":["0.10"],"b":1}'
    """
    return json.dumps(
        encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an inputs dataclass."""
    told = described(kind)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [each.name for each in told if each.required],
        "properties": {each.name: _schema_of(each) for each in told},
    }


def flat(value: Any, label: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of JSON as a path and a text, e.g. ("options.0.name", "Buy")."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{label}.{key}" if label else str(key))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from flat(inner, f"{label}.{place}" if label else str(place))
    else:
        yield label, "" if value is None or value in ([], {}) else str(value)


# --- Decoding -------------------------------------------------------------------------------------------


def _decode(hint: Any, value: Any, pointer: str, problems: list[Problem]) -> Any:
    """The value as the hint wants it; what is wrong is added to the problems, and None stands for it."""
    if _optional(hint):
        if value is None:
            return None
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if get_origin(hint) is tuple:
        return _decode_list(get_args(hint)[0], value, pointer, problems)
    if is_dataclass(hint) and isinstance(hint, type):
        return _decode_object(hint, value, pointer, problems)
    try:
        return _decode_plain(hint, value)
    except ValueError as error:
        problems.append(Problem(pointer or "/", str(error)))
        return None


def _decode_list(hint: Any, value: Any, pointer: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST:
        problems.append(Problem(pointer or "/", f"A list of at most {MOST} is needed."))
        return ()
    return tuple(_decode(hint, item, f"{pointer}/{place}", problems) for place, item in enumerate(value))


def _decode_object(kind: type[Any], value: Any, pointer: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping):
        problems.append(Problem(pointer or "/", "An object is needed."))
        return None
    before = len(problems)
    told = described(kind)
    known = {each.name for each in told}
    problems += [Problem(f"{pointer}/{name}", "Unknown input.") for name in value if name not in known]
    made = {}
    for each in told:
        if each.name in value:
            made[each.name] = _decode(each.hint, value[each.name], f"{pointer}/{each.name}", problems)
            problems += _out_of_range(each, made[each.name], f"{pointer}/{each.name}")
        elif each.required:
            problems.append(Problem(f"{pointer}/{each.name}", "Must be given."))
    if len(problems) > before:
        return None
    try:
        return kind(**made)
    except Invalid as error:
        problems += [Problem(pointer + each.pointer, each.detail) for each in error.errors]
    return None


def _out_of_range(told: Input, value: Any, pointer: str) -> Iterator[Problem]:
    listed = isinstance(value, tuple)
    for place, number in enumerate(value if listed else (value,)):
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            continue
        where = f"{pointer}/{place}" if listed else pointer
        if told.least is not None and number < told.least:
            yield Problem(where, f"At least {_written(told.least, told.unit)}.")
        if told.most is not None and number > told.most:
            yield Problem(where, f"At most {_written(told.most, told.unit)}.")


def _written(number: Decimal, unit: str) -> str:
    return f"{(number * 100).normalize():f} %" if unit == "%" else f"{number:f}"


def _decode_plain(hint: Any, value: Any) -> Any:
    if issubclass(hint, Enum):
        known = {item.value: item for item in hint}
        if not isinstance(value, str | int) or value not in known:
            raise ValueError(f"One of these is needed: {', '.join(map(str, known))}.")
        return known[value]
    if hint is bool:
        if not isinstance(value, bool):
            raise ValueError("Yes or no is needed.")
        return value
    if hint is str:
        if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
            raise ValueError(f"A text of at most {LONGEST} letters is needed.")
        return value.strip()
    if hint is date:
        return _day(value)
    return _number(hint, value)


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("A day such as 2026-11-24 is needed.") from None


def _number(hint: Any, value: Any) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("A number is needed.")  # noqa: TRY004 - one kind of error for one kind of input
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("A number is needed.") from None
    if not exact.is_finite():
        raise ValueError("A finite number is needed.")
    if len(exact.as_tuple().digits) > DIGITS or abs(exact.adjusted()) > DIGITS:
        raise ValueError(f"A number of at most {DIGITS} digits is needed.")
    if hint is int:
        if exact != exact.to_integral_value():
            raise ValueError("A whole number is needed.")
        return int(exact)
    return exact


def _optional(hint: Any) -> bool:
    return get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)


# --- Schema ---------------------------------------------------------------------------------------------


def _schema_of(told: Input) -> dict[str, Any]:
    shown = {"title": told.label, "description": told.help, **_schema(told.hint)}
    if told.unit:
        shown["x-unit"] = told.unit
    target = shown.get("items", shown)
    if told.least is not None:
        target["minimum"] = float(told.least)
    if told.most is not None:
        target["maximum"] = float(told.most)
    if not told.required:
        shown["default"] = encode(told.default)
    return {name: value for name, value in shown.items() if value not in ("", None)}


def _schema(hint: Any) -> dict[str, Any]:
    if _optional(hint):
        bare = next(arg for arg in get_args(hint) if arg is not type(None))
        return {"anyOf": [_schema(bare), {"type": "null"}]}
    if get_origin(hint) is tuple:
        return {"type": "array", "maxItems": MOST, "items": _schema(get_args(hint)[0])}
    if is_dataclass(hint) and isinstance(hint, type):
        return schema(hint)
    if issubclass(hint, Enum):
        return {"enum": [item.value for item in hint]}
    plain: dict[Any, dict[str, Any]] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        Decimal: {"type": ["string", "number"]},
        str: {"type": "string", "maxLength": LONGEST},
        date: {"type": "string", "format": "date"},
    }
    return dict(plain[hint])
