"""JSON without surprises: what is accepted means the same to every reader, and can be stored."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from portal.errors import Invalid, Problem

DEEPEST = 20
"""Levels of arrays and objects within each other."""


class NotJson(ValueError):
    """Not acceptable, with the JSON pointer of the value where there is one."""

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


def loads(raw: bytes) -> Any:
    """The value of a JSON text.

    Raises Invalid for what the grammar, or we, refuse: a text that is not UTF-8, a name given twice in an
    object, NaN and infinities (also as 1e999), NUL and lone surrogates, more than 20 levels.
    """
    try:
        value = _DECODER.decode(raw.decode("utf-8-sig"))
        check(value)
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is not UTF-8: byte {error.start} is not part of a character.") from error
    except RecursionError as error:
        raise Invalid(f"The body nests deeper than {DEEPEST} levels.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Invalid(f"The body is not JSON: {error.msg} at {where}.") from error
    except NotJson as error:
        raise Invalid(errors=[Problem(error.pointer, error.detail)]) from error
    except ValueError as error:
        raise Invalid("A number in the body is too long.") from error
    return value


def check(value: Any, pointer: str = "", levels: int = DEEPEST) -> None:
    """Raise NotJson for text that cannot be stored, a number that is not finite, or too many levels."""
    if isinstance(value, str):
        if fault := fault_of(value):
            raise NotJson(fault, pointer)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson("is not a finite number", pointer)
    elif isinstance(value, dict | list):
        if levels == 0:
            raise NotJson(f"nests deeper than {DEEPEST} levels", pointer)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, below in members:
            if isinstance(name, str) and (fault := fault_of(name)):
                raise NotJson(f"a name in it {fault}", pointer)
            check(below, f"{pointer}/{name}", levels - 1)


def fault_of(text: str) -> str | None:
    """Why a text cannot be stored: PostgreSQL has no NUL, and UTF-8 no lone surrogates."""
    if "\x00" in text:
        return "contains the character NUL"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "contains half of a surrogate pair"
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise NotJson(f"An object names {twice[:80]!r} twice.")
    return members


def _constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a number in JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
