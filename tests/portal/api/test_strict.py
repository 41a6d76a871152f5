"""JSON is accepted where all readers take it alike and PostgreSQL can keep it, else refused with a place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from portal.api import strict
from portal.api.renderers import dumps
from portal.api.serializers import SafeJSONField, StrictSerializer
from portal.errors import Invalid

ACCEPTED = [
    (b"{}", {}),
    (b" [1, 2.5, -0.0, null, true] \n", [1, 2.5, -0.0, None, True]),
    (b'\xef\xbb\xbf{"byte order mark": 1}', {"byte order mark": 1}),
    (b'"\\ud83d\\ude00"', "😀"),
    (b'"\\\\u0000"', "\\u0000"),
    (b"12345678901234567890123", 12345678901234567890123),
    (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
    (b"[" * 20 + b"]" * 20, None),
]


@pytest.mark.parametrize(("raw", "value"), ACCEPTED)
def test_what_is_accepted_keeps_its_value(raw: bytes, value: Any) -> None:
    assert value is None or strict.loads(raw) == value
    strict.loads(raw)


@pytest.mark.parametrize(
    ("raw", "pointer", "detail"),
    [
        (b'{"a": 1, "a": 1}', "", "An object names 'a' twice."),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "", "An object names 'b' twice."),
        (b'{"a": ["x", "\\u0000"]}', "/a/1", "contains the character NUL"),
        (b'{"\\u0000": 1}', "", "a name in it contains the character NUL"),
        (b'{"a": "\\ud800"}', "/a", "contains half of a surrogate pair"),
        (b'{"a": "\\udc00\\ud800"}', "/a", "contains half of a surrogate pair"),
        (b'{"a": 1e999}', "/a", "is not a finite number"),
        (b'{"a": -1e999}', "/a", "is not a finite number"),
        (b'{"a": NaN}', "", "NaN is not a number in JSON."),
        (b"[Infinity]", "", "Infinity is not a number in JSON."),
        (b"[-Infinity]", "", "-Infinity is not a number in JSON."),
        (b"[" * 21 + b"]" * 21, "/0" * 20, "nests deeper than 20 levels"),
    ],
)
def test_what_readers_could_take_differently_is_refused_with_its_place(
    raw: bytes, pointer: str, detail: str
) -> None:
    with pytest.raises(Invalid) as refused:
        strict.loads(raw)
    assert [(problem.pointer, problem.detail) for problem in refused.value.errors] == [(pointer, detail)]


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b"{", "The body is not JSON"),
        (b"{'a': 1}", "The body is not JSON"),
        (b'{"a": 1,}', "The body is not JSON"),
        (b'{"a": 1} {}', "The body is not JSON: Extra data at line 1, column 10."),
        (b'"raw \x00"', "The body is not JSON: Invalid control character"),
        (b"\xff\xfe{\x00}\x00", "The body is not UTF-8: byte 0"),
        (b'"\xed\xa0\x80"', "The body is not UTF-8: byte 1"),
        (b"[" * 100_000, "The body nests deeper than 20 levels."),
        (b'{"a":' * 100_000, "The body nests deeper than 20 levels."),
        (b"1" * 5000, "A number in the body is too long."),
    ],
)
def test_what_is_not_json_is_refused_with_a_sentence(raw: bytes, detail: str) -> None:
    with pytest.raises(Invalid) as refused:
        strict.loads(raw)
    assert refused.value.detail.startswith(detail)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=15,
)


@given(JSON)
def test_everything_sane_comes_through_reader_and_writer_unchanged(value: Any) -> None:
    assert strict.loads(json.dumps(value).encode()) == value
    assert strict.loads(dumps(value)) == value


class Colour(StrictSerializer):
    name = serializers.CharField()
    hex = serializers.CharField(read_only=True)


class Paint(StrictSerializer):
    colour = Colour()
    facts = SafeJSONField(required=False, largest=20)


def errors_of(data: Any) -> Any:
    serializer = Paint(data=data)
    return {} if serializer.is_valid() else json.loads(json.dumps(serializer.errors))


def test_an_unknown_field_is_an_error_at_every_level() -> None:
    known = "is not a field here; the fields are name"
    assert errors_of({"colour": {"name": "red", "nmae": 1}}) == {"colour": {"nmae": [known]}}
    assert errors_of({"colour": {"name": "red"}, "x": 1}) == {
        "x": ["is not a field here; the fields are colour, facts"]
    }


def test_a_read_only_field_is_refused_and_not_ignored() -> None:
    assert "hex" in errors_of({"colour": {"name": "red", "hex": "#f00"}})["colour"]


@pytest.mark.parametrize(
    "facts",
    [
        {"a": "\x00"},
        ["\ud800"],
        float("inf"),
        {"a": float("nan")},
        "x" * 30,
        json.loads("[" * 30 + "]" * 30),
    ],
)
def test_json_in_a_field_is_bounded_and_storable(facts: Any) -> None:
    assert "facts" in errors_of({"colour": {"name": "red"}, "facts": facts})
    assert errors_of({"colour": {"name": "red"}, "facts": {"a": 1}}) == {}
