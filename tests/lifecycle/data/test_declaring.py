"""A schema is declared once, read by everybody, and does not break under those who send by it."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.data.compatibility import breaking_changes
from lifecycle.data.schema import parse_schema, schema_as_json
from portal.audit.models import Entry
from portal.errors import Unprocessable
from portal.registry.services import promote
from tests.monitoring.conftest import SCHEMA, Desk, prediction
from tests.portal.cast import program

TENURE = {"name": "tenure", "type": "number", "min": 0, "max": 100}
PLAN = {"name": "plan", "type": "category", "categories": ["basic", "plus"]}


def schema(*features: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"task": "binary", "features": list(features or [TENURE, PLAN]), **more}


def put(desk: Desk, data: Any) -> Any:
    return desk.api.put(desk.url("schema"), data, format="json")


def test_a_declared_schema_reads_back_as_it_was_sent(desk: Desk) -> None:
    sent = schema(TENURE, PLAN | {"importance": 0.25, "nullable": False}, positive="yes", favourable="no")
    assert put(desk, sent).status_code == 200
    told = desk.api.get(desk.url("schema")).json()
    assert (told["task"], told["positive"], told["favourable"]) == ("binary", "yes", "no")
    assert [field["name"] for field in told["features"]] == ["tenure", "plan"]
    assert told["features"][1]["categories"] == ["basic", "plus"]
    assert schema_as_json(parse_schema(told)) == told
    assert Entry.objects.filter(action="version.changed", actor=desk.people.erin).exists()


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ([], {""}),
        ({}, {"/task", "/features"}),
        (schema(), set()),
        (schema(task="guess"), {"/task"}),
        (schema(owner="me"), {"/owner"}),
        (schema(TENURE, TENURE), {"/features/1/name"}),
        (schema(TENURE | {"name": "score"}), {"/features/0/name"}),
        (schema(TENURE | {"name": ""}), {"/features/0/name"}),
        (schema(TENURE | {"type": "colour", "nullable": "no"}), {"/features/0/type", "/features/0/nullable"}),
        (schema(TENURE | {"min": 101}), {"/features/0/min"}),
        (schema(TENURE | {"max": True}), {"/features/0/max"}),
        (schema(TENURE | {"max": float("nan")}), {"/features/0/max"}),
        (schema(TENURE | {"importance": 2}), {"/features/0/importance"}),
        (schema(TENURE | {"categories": ["a"]}), {"/features/0/categories"}),
        (schema(PLAN | {"categories": ["a", "a"]}), {"/features/0/categories"}),
        (schema(PLAN | {"categories": [1]}), {"/features/0/categories"}),
        (schema(PLAN | {"role": "secret", "colour": 1}), {"/features/0/role", "/features/0/colour"}),
        (schema(PLAN, 7), {"/features/1"}),  # type: ignore[arg-type] # the mistake that is meant
    ],
)
def test_every_mistake_of_a_schema_is_told_with_its_place(given: Any, pointers: set[str]) -> None:
    found = set()
    try:
        parse_schema(given)
    except Unprocessable as error:
        found = {problem.pointer for problem in error.errors}
    assert found == pointers


def test_a_mistaken_schema_leaves_the_declared_one(desk: Desk) -> None:
    answer = put(desk, schema(TENURE | {"type": "colour"}))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/features/0/type"
    assert len(desk.api.get(desk.url("schema")).json()["features"]) == len(SCHEMA["features"])


@pytest.mark.parametrize(("login", "status"), [("erin", 200), ("maya", 403), ("zoe", 404)])
def test_who_works_on_the_system_declares_its_inputs(desk: Desk, login: str, status: int) -> None:
    sender = program(getattr(desk.people, login), "read", "register")
    assert sender.put(desk.url("schema"), schema(), format="json").status_code == status


BREAKING = {
    "a column goes": (schema(TENURE), ["/features/plan"]),
    "another type": (schema(TENURE | {"type": "integer"}, PLAN), ["/features/tenure"]),
    "a higher minimum": (schema(TENURE | {"min": 1}, PLAN), ["/features/tenure"]),
    "a lower maximum": (schema(TENURE | {"max": 99}, PLAN), ["/features/tenure"]),
    "a category goes": (schema(TENURE, PLAN | {"categories": ["basic"]}), ["/features/plan"]),
    "a value is demanded": (schema(TENURE, PLAN | {"nullable": False}), ["/features/plan"]),
    "it becomes protected": (schema(TENURE, PLAN | {"role": "both"}), ["/features/plan"]),
    "a new column is demanded": (
        schema(TENURE, PLAN, {"name": "calls", "type": "integer", "nullable": False}),
        ["/features/calls"],
    ),
    "another task": (schema(task="multiclass"), ["/task"]),
    "another outcome is predicted": (schema(positive="0"), ["/positive"]),
    "two columns": (
        schema(TENURE | {"min": 1}, PLAN | {"nullable": False}),
        ["/features/tenure", "/features/plan"],
    ),
}
COMPATIBLE = {
    "the same": schema(),
    "wider limits": schema(TENURE | {"min": -1, "max": 101}, PLAN),
    "no limits": schema({"name": "tenure", "type": "number"}, {"name": "plan", "type": "string"}),
    "one category more": schema(TENURE, PLAN | {"categories": ["plus", "basic", "max"]}),
    "a new column that may be missing": schema(TENURE, PLAN, {"name": "calls", "type": "integer"}),
    "a new protected attribute": schema(
        TENURE, PLAN, {"name": "sex", "type": "category", "role": "protected", "nullable": False}
    ),
}


@pytest.mark.parametrize(("changed", "pointers"), BREAKING.values(), ids=BREAKING)
def test_a_change_that_refuses_what_was_taken_names_its_columns(
    changed: dict[str, Any], pointers: list[str]
) -> None:
    problems = breaking_changes(parse_schema(schema()), parse_schema(changed))
    assert [problem.pointer for problem in problems] == pointers


@pytest.mark.parametrize("changed", COMPATIBLE.values(), ids=COMPATIBLE)
def test_a_change_that_takes_what_was_taken_breaks_nothing(changed: dict[str, Any]) -> None:
    assert breaking_changes(parse_schema(schema()), parse_schema(changed)) == []


def test_a_whole_number_may_become_a_number() -> None:
    whole, number = ({"name": "calls", "type": kind} for kind in ("integer", "number"))
    assert breaking_changes(parse_schema(schema(whole)), parse_schema(schema(number))) == []


def test_a_version_that_serves_refuses_a_change_that_breaks_its_senders(desk: Desk) -> None:
    put(desk, schema())
    promote(desk.version, "staging", actor=desk.people.erin)
    answer = put(desk, schema(TENURE))
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/features/plan"]
    assert "Register another version" in answer.json()["detail"]
    desk.stored("predictions", [prediction("a")])
    wider = schema(TENURE, PLAN | {"categories": ["basic", "plus", "max"]})
    assert put(desk, wider).status_code == 200


def test_a_version_that_serves_nobody_may_change_its_mind(desk: Desk) -> None:
    put(desk, schema())
    assert put(desk, schema(TENURE)).status_code == 200
