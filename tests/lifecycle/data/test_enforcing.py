"""What comes in is what was declared, value by value; what is not goes back, or apart, with its reason."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pytest

from lifecycle.data.gates import has_schema
from lifecycle.data.schema import FeatureField, FeatureType
from lifecycle.data.services import declare_schema
from lifecycle.data.validation import MAX_REPORTED, check_feature, first_refusals, refused_mask
from monitoring.models import Batch
from portal.areas import GateState
from portal.registry.services import register_version
from tests.monitoring.conftest import Desk, Row, prediction
from tests.portal.cast import browser

NUMBER, INTEGER, BOOLEAN, CATEGORY, STRING = (
    FeatureField("x", FeatureType(kind)) for kind in ("number", "integer", "boolean", "category", "string")
)
REQUIRED = FeatureField("x", FeatureType.NUMBER, nullable=False)
SHARE = FeatureField("x", FeatureType.NUMBER, minimum=0, maximum=1)
PLAN = FeatureField("x", FeatureType.CATEGORY, categories=("basic", "plus"))


@pytest.mark.parametrize(
    ("field", "column", "refused"),
    [
        (NUMBER, [1, 2.5, None], []),
        (NUMBER, [1, "two", True, float("nan"), float("inf")], [1, 2, 3, 4]),
        (INTEGER, [1, 2.0, None], []),
        (INTEGER, [1.5], [0]),
        (INTEGER, [1, 2.5, "2", 2**63], [1, 3]),
        (BOOLEAN, [True, False, None], []),
        (BOOLEAN, [True, 1, 0.0], [1, 2]),
        (CATEGORY, ["a", None], []),
        (CATEGORY, ["a", 1, "b\x00"], [1, 2]),
        (STRING, ["", "long " * 100], []),
        (STRING, [["a"], {"a": 1}], [0, 1]),
        (REQUIRED, [1.0, None, "none"], [1, 2]),
        (REQUIRED, None, [0, 1, 2]),
        (NUMBER, None, []),
        (SHARE, [0, 1, 0.5, None], []),
        (SHARE, [-0.001, 1.001], [0, 1]),
        (PLAN, ["basic", "plus", None], []),
        (PLAN, ["basic", "Basic", ""], [1, 2]),
        (PLAN, pa.array(["basic", "max"]).dictionary_encode(), [1]),
        (PLAN, pa.chunked_array([["basic"], ["max", "plus"]]), [1]),
        (NUMBER, pa.array([1, 2], pa.int8()), []),
        (STRING, pa.array([1, 2]), [0, 1]),
    ],
)
def test_a_value_is_what_its_column_declares(field: FeatureField, column: Any, refused: list[int]) -> None:
    checked = check_feature(field, column, 3 if column is None else len(column))
    assert checked.bad.nonzero()[0].tolist() == refused
    assert sorted({refusal.row for refusal in checked.refusals}) == refused
    assert {refusal.column for refusal in checked.refusals} <= {"x"}


def test_a_refused_value_is_kept_out_of_the_column() -> None:
    checked = check_feature(NUMBER, [1, "two", 3], 3)
    assert checked.values.to_pylist() == [1.0, None, 3.0]


def test_the_reasons_say_what_was_expected() -> None:
    told = [
        check_feature(field, [value], 1).refusals[0].detail
        for field, value in ((INTEGER, 2.5), (SHARE, -1), (SHARE, 2), (REQUIRED, None), (PLAN, "max"))
    ]
    assert told == [
        "2.5 is not a whole number",
        "-1.0 is below 0, the declared minimum",
        "2.0 is above 1, the declared maximum",
        "is missing, but must have a value",
        "'max' is none of the declared categories basic, plus",
    ]


def test_a_wholly_wrong_column_is_refused_whole_and_told_in_part() -> None:
    checked = check_feature(SHARE, [2.0] * 1_000, 1_000)
    assert refused_mask(1_000, [checked]).all()
    assert [refusal.row for refusal in first_refusals([checked])] == list(range(MAX_REPORTED))


def test_reasons_come_in_the_order_of_rows() -> None:
    late, early = check_feature(SHARE, [0, 2], 2), check_feature(PLAN, ["max", "basic"], 2)
    assert [refusal.row for refusal in first_refusals([late, early])] == [0, 1]


@pytest.fixture
def strict(desk: Desk) -> Desk:
    """The version declares a range, categories and what must be there."""
    features = [
        {"name": "tenure", "type": "number", "nullable": False, "min": 0, "max": 100},
        {"name": "plan", "type": "category", "categories": ["basic", "plus"]},
    ]
    declare_schema(desk.version, {"task": "binary", "features": features}, actor=desk.people.erin)
    return desk


def of(key: str, **features: Any) -> Row:
    return prediction(key, features=features)


WRONG = [
    (of("b", tenure="long"), "/1/tenure"),
    (of("b", tenure=101), "/1/tenure"),
    (of("b", tenure=None), "/1/tenure"),
    (of("b", plan="plus"), "/1/tenure"),
    (of("b", tenure=1, plan="max"), "/1/plan"),
    (of("b", tenure=1, plan=3), "/1/plan"),
]


@pytest.mark.parametrize(("row", "pointer"), WRONG)
def test_one_wrong_value_refuses_the_delivery_by_row_and_column(strict: Desk, row: Row, pointer: str) -> None:
    answer = strict.send("predictions", [of("a", tenure=1), row])
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer]
    assert not Batch.objects.exists()


def test_a_column_nobody_declared_refuses_the_delivery_by_name(strict: Desk) -> None:
    answer = strict.send("predictions", [of("a", tenure=1, colour="red")])
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/features/colour"]


def test_every_wrong_value_of_a_delivery_is_told(strict: Desk) -> None:
    answer = strict.send("predictions", [of("a", tenure=-1, plan="max"), of("b"), of("c", tenure=3)])
    told = [problem["pointer"] for problem in answer.json()["errors"]]
    assert told == ["/0/plan", "/0/tenure", "/1/tenure"]


def test_wrong_rows_go_apart_and_are_downloaded_as_they_came(strict: Desk) -> None:
    rows = [of("a", tenure=1), of("b", tenure=101, plan="max"), of("c", tenure=2)]
    told = strict.stored("predictions", rows, query="?on_invalid=quarantine")
    assert (told["accepted"], told["refused"]) == (2, 1)
    answer: Any = browser(strict.people.erin).get(told["quarantine_url"])
    assert answer["Content-Type"] == "application/x-ndjson"
    (line,) = (orjson.loads(line) for line in b"".join(answer.streaming_content).splitlines())
    assert line["row"] == 1
    assert line["content"]["features"] == {"tenure": 101, "plan": "max"}
    assert line["reasons"] == [
        "plan 'max' is none of the declared categories basic, plus",
        "tenure 101.0 is above 100, the declared maximum",
    ]


def test_without_a_schema_rows_are_stored_and_the_gate_stays_shut(desk: Desk) -> None:
    bare = register_version(desk.version.model, actor=desk.people.erin)
    url = f"/api/v1/models/churn/versions/{bare.number}/predictions/"
    assert desk.api.post(url, [of("a", anything="goes")], format="json").status_code in {200, 201}
    assert has_schema(bare).state == GateState.FAILED
    assert has_schema(desk.version).state == GateState.PASSED
