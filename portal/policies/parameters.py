"""A policy's parameters between dataclass, JSON and people: one codec for storage, API and form.

A field is a bool, int, float, str, Decimal or Enum, a tuple or a mapping from str of these, or None besides.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from django.utils.translation import gettext as _

from portal.areas import PolicyKind
from portal.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter that differs between two versions."""

    name: str
    label: str
    unit: str
    before: Any
    after: Any
    loosens: bool

    @property
    def before_text(self) -> str:
        return written(self.before)

    @property
    def after_text(self) -> str:
        return f"{written(self.after)} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Described:
    """One parameter with its label and unit."""

    label: str
    value: Any
    unit: str

    @property
    def text(self) -> str:
        return f"{written(self.value)} {self.unit}".strip()


def parameter(default: Any, label: str = "", *, unit: str = "", help_text: str = "", looser: str = "") -> Any:
    """A field of a parameters dataclass, with what people read of it.

    ``default`` is a value, or a function that makes one where it is a mapping.

    ``looser`` says which way it allows more: "up", "down", or "never" where no change does. Without it every
    change may allow more, and so needs a second person.
    """
    told = {"label": label, "unit": unit, "help": help_text, "looser": looser}
    if callable(default):
        return field(default_factory=default, metadata=told)
    return field(default=default, metadata=told)


@cache
def hints(kind: PolicyKind) -> Mapping[str, Any]:
    """The type of each parameter, in the order of the dataclass."""
    resolved = get_type_hints(kind.parameters)
    return {each.name: resolved[each.name] for each in fields(kind.parameters)}


def encode(parameters: Any) -> dict[str, Any]:
    """Parameters as JSON can hold them; decimals as text."""
    return {each.name: _encode(getattr(parameters, each.name)) for each in fields(parameters)}


def decode(kind: PolicyKind, data: Mapping[str, Any]) -> Any:
    """Parameters from input; what is absent takes its default. Raises Invalid with every problem."""
    problems = [Problem(f"/{name}", "Unknown parameter.") for name in data if name not in hints(kind)]
    values: dict[str, Any] = {}
    for name, hint in hints(kind).items():
        if name not in data:
            continue
        try:
            values[name] = _decode(hint, data[name])
        except ValueError as error:
            problems.append(Problem(f"/{name}", str(error)))
    if problems:
        raise Invalid(f"{kind.title} cannot be set like this.", errors=problems)
    try:
        return kind.parameters(**values)
    except ValueError as error:
        raise Invalid(str(error)) from error


def restore(kind: PolicyKind, stored: Mapping[str, Any]) -> Any:
    """Parameters from a stored version; a field the code no longer knows is left out."""
    return decode(kind, {name: value for name, value in stored.items() if name in hints(kind)})


def changes(kind: PolicyKind, before: Any, after: Any) -> list[Change]:
    """What differs between two sets of parameters, in the order of the dataclass."""
    return [
        Change(
            each.name,
            label_of(each),
            str(each.metadata.get("unit", "")),
            getattr(before, each.name),
            getattr(after, each.name),
            _loosens(each, getattr(before, each.name), getattr(after, each.name)),
        )
        for each in fields(kind.parameters)
        if getattr(before, each.name) != getattr(after, each.name)
    ]


def described(kind: PolicyKind, parameters: Any) -> list[Described]:
    """Parameters as people read them, in the order of the dataclass."""
    return [
        Described(label_of(each), getattr(parameters, each.name), str(each.metadata.get("unit", "")))
        for each in fields(kind.parameters)
    ]


def written(value: Any) -> str:
    """A parameter as people read it.

    >>> written(("north", "south")), written({"psi": 0.25}), written(None)
    ('north, south', 'psi 0.25', '—')
    """
    match value:
        case None | "" | ():
            return "—"
        case bool():
            return _("yes") if value else _("no")
        case Enum():
            return str(value.value).replace("_", " ")
        case tuple():
            return ", ".join(map(written, value))
        case Mapping():
            return ", ".join(f"{name} {written(item)}" for name, item in value.items())
    return str(value)


def optional(hint: Any) -> bool:
    """Whether a parameter may be None.

    >>> optional(float | None), optional(float)
    (True, False)
    """
    return get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)


def bare(hint: Any) -> Any:
    """The type of a parameter without the None it may be.

    >>> bare(float | None)
    <class 'float'>
    """
    return next(arg for arg in get_args(hint) if arg is not type(None)) if optional(hint) else hint


def label_of(declared: Field[Any]) -> str:
    """How people call a parameter: its label, or its name in words."""
    return str(declared.metadata.get("label") or declared.name.replace("_", " ").capitalize())


def _loosens(declared: Field[Any], before: Any, after: Any) -> bool:
    """Whether a change allows more; where nobody said which way that is, any change may."""
    looser = declared.metadata.get("looser")
    if looser == "never":
        return False
    if looser not in {"up", "down"} or before is None or after is None:
        return True
    return bool(after > before if looser == "up" else after < before)


def _encode(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _encode(item) for key, item in value.items()}
    return value


def _decode(hint: Any, value: Any) -> Any:
    """The value as the hint wants it. Raises ValueError with a sentence."""
    if value is None and optional(hint):
        return None
    hint = bare(hint)
    origin = get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError("A list is needed.")
        return tuple(_decode(get_args(hint)[0], item) for item in value)
    if origin is not None:
        if not isinstance(value, Mapping):
            raise ValueError("A mapping from names to values is needed.")
        return {str(key): _decode(get_args(hint)[1], item) for key, item in value.items()}
    return _decode_plain(hint, value)


def _decode_plain(hint: type[Any], value: Any) -> Any:
    if issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            known = ", ".join(str(item.value) for item in hint)
            raise ValueError(f"One of these is needed: {known}.") from None
    if hint in {bool, str}:
        if not isinstance(value, hint):
            raise ValueError("Yes or no is needed." if hint is bool else "A text is needed.")
        return value
    return _decode_number(hint, value)


def _decode_number(hint: type[Any], value: Any) -> Any:
    given = int | float | Decimal | str if hint is Decimal else int | float | Decimal
    if isinstance(value, bool) or not isinstance(value, given):
        raise ValueError("A number is needed.")  # noqa: TRY004 - one kind of error for one kind of input
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("A number is needed.") from None
    if not exact.is_finite() or not math.isfinite(float(exact)):
        raise ValueError("A finite number is needed.")
    if hint is int and exact != exact.to_integral_value():
        raise ValueError("A whole number is needed.")
    return cast("type[int | float | Decimal]", hint)(exact)
