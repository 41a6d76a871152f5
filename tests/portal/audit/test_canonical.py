"""One content, one text."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extras import DateTimeTZRange

from portal.audit.canonical import canonical, instant, plain
from tests.portal.audit.conftest import patient

storable = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | storable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner),
    max_leaves=8,
)


class Colour(StrEnum):
    RED = "red"


def test_keys_stand_in_the_order_of_their_utf16_units_as_rfc_8785_has_it() -> None:
    told = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert [json.loads(canonical(told))[key] for key in json.loads(canonical(told))] == [2, 4, 6, 7, 1, 5, 3]


def test_there_are_no_spaces_and_only_the_escapes_of_rfc_8785() -> None:
    assert canonical({"b": ["\u20ac", '"\\\n\x1f'], "a": None}) == '{"a":null,"b":["€","\\"\\\\\\n\\u001f"]}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, '"0.1"'),
        (Decimal("12.50"), '"12.50"'),
        (2**53, '"9007199254740992"'),
        (2**53 - 1, "9007199254740991"),
        (True, "true"),
        (Colour.RED, '"red"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (date(2026, 10, 1), '"2026-10-01"'),
        (timedelta(days=1, seconds=2), '"P1DT00H00M02S"'),
        (b"\x00\xff", '"AP8="'),
        ({3, 1, 2}, "[1,2,3]"),
        ("a\x00b\ud800c", '"a\ufffdb\ufffdc"'),
        (datetime(2026, 10, 1, 2, tzinfo=timezone(timedelta(hours=2))), '"2026-10-01T00:00:00.000000Z"'),
        (
            DateTimeTZRange(datetime(2026, 1, 1, tzinfo=UTC), None),
            '{"from":"2026-01-01T00:00:00.000000Z","to":null}',
        ),
    ],
)
def test_every_kind_of_value_has_one_form(value: object, text: str) -> None:
    assert canonical(value) == text


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_what_has_no_plain_form_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="object has no plain form"):
        plain({"x": [object()]})


@patient
@given(json_values)
def test_reading_the_text_gives_back_the_content_whatever_the_order_of_keys(value: object) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text
