"""Rows come in once, whole or not at all, in any format and in any order."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pyarrow import csv, parquet

from monitoring.models import Batch, BatchState, DirtyDay, Segment
from monitoring.store import outcomes_of_day
from portal.audit.models import Entry
from portal.evidence import storage
from portal.jobs.models import Run, RunState
from portal.jobs.services import drain
from tests.monitoring.conftest import START, Desk, Row, people_of, prediction
from tests.portal.cast import browser, program

NDJSON, CSV, PARQUET = "application/x-ndjson", "text/csv", "application/vnd.apache.parquet"
LATER = START + timedelta(days=40)


def rows_in(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found: int = cursor.fetchone()[0]
    return found


def held(desk: Desk) -> dict[str, str]:
    """The outcome that holds for each prediction of the first day."""
    return {
        row["prediction_id"]: row["outcome"]
        for row in outcomes_of_day(desk.version, START.date()).to_pylist()
    }


def outcome(key: str, value: str = "1", at: datetime = LATER) -> Row:
    return {"prediction_id": key, "outcome": value, "observed_at": at.isoformat()}


# Once


def test_a_delivery_is_accounted_for_and_recorded(desk: Desk) -> None:
    told = desk.stored("predictions", [prediction("a"), prediction("b", START + timedelta(days=1))])
    assert (told["received"], told["accepted"], told["duplicates"], told["refused"]) == (2, 2, 0, 0)
    assert told["windows"] == ["2026-06-01", "2026-06-02"]
    assert Entry.objects.filter(action="batch.stored", object_id=told["batch"]).count() == 1
    assert DirtyDay.objects.count() == 2
    assert Run.objects.filter(job="monitoring.profile").count() == 1


def test_sent_again_a_delivery_adds_nothing_and_says_so(desk: Desk) -> None:
    rows = [prediction("a"), prediction("b")]
    desk.stored("predictions", rows)
    DirtyDay.objects.all().delete()
    again = desk.send("predictions", [*rows, prediction("c")])
    assert (again.json()["accepted"], again.json()["duplicates"]) == (1, 2)
    third = desk.send("predictions", list(reversed(rows)))
    assert third.status_code == 200
    assert (third.json()["accepted"], third.json()["duplicates"], third.json()["windows"]) == (0, 2, [])
    assert rows_in("monitoring_prediction") == 3


def test_the_log_holds_what_was_new_with_its_segment(desk: Desk) -> None:
    desk.stored("predictions", [prediction("a", segment={"region": "north", "kind": 'ü"1'})])
    rows = [
        prediction("a", segment={"region": "north", "kind": 'ü"1'}),
        prediction("b", segment={"region": "south", "kind": None}, route="human"),
        prediction("c", segment={}),
        prediction("b", segment={"region": "south"}, route="human"),
    ]
    told = desk.stored("predictions", rows)
    assert (told["accepted"], told["duplicates"]) == (2, 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prediction_id, segment::text, route, label FROM monitoring_prediction ORDER BY 1"
        )
        assert [
            (key, segment and json.loads(segment), *rest) for key, segment, *rest in cursor.fetchall()
        ] == [
            ("a", {"region": "north", "kind": 'ü"1'}, None, "0"),
            ("b", {"region": "south"}, "human", "0"),
            ("c", None, None, "0"),
        ]


def test_whether_a_row_is_known_does_not_depend_on_the_rows_beside_it(desk: Desk) -> None:
    bare = prediction("a", score=None, segment={})
    full = prediction("b", route="human", segment={"region": "north"})
    desk.stored("predictions", [bare])
    desk.stored("predictions", [full])
    assert desk.stored("predictions", [bare, full])["duplicates"] == 2


def test_the_same_id_twice_in_one_delivery_counts_once(desk: Desk) -> None:
    told = desk.stored("predictions", [prediction("a"), prediction("a")])
    assert (told["accepted"], told["duplicates"]) == (1, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"score": 0.26},
        {"prediction": "1"},
        {"features": {"tenure": 12.6, "plan": "basic"}},
        {"features": {"tenure": None, "plan": "basic"}},
        {"segment": {"region": "south"}},
        {"event_time": "2026-06-01T00:00:01Z"},
    ],
)
def test_other_content_under_a_known_id_is_a_conflict_and_nothing_is_stored(desk: Desk, changed: Row) -> None:
    desk.stored("predictions", [prediction("a")])
    answer = desk.send("predictions", [prediction("new"), prediction("a", **changed)])
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == "/1/prediction_id"
    assert rows_in("monitoring_prediction") == rows_in("monitoring_prediction_index") == 1
    assert Batch.objects.count() == 1


def test_one_bad_row_refuses_the_delivery_with_its_place(desk: Desk) -> None:
    bad = prediction("b", features={"tenure": "long", "plan": "basic"})
    answer = desk.send("predictions", [prediction("a"), bad])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/1/tenure"
    assert "Nothing was stored" in answer.json()["detail"]
    assert rows_in("monitoring_prediction") == Batch.objects.count() == 0


def test_quarantine_stores_the_good_rows_and_offers_the_bad_ones(desk: Desk) -> None:
    desk.stored("predictions", [prediction("known")])
    rows = [
        prediction("a"),
        prediction("b", features={"tenure": "long", "plan": "basic"}),
        prediction("known", score=0.9),
    ]
    told = desk.stored("predictions", rows, query="?on_invalid=quarantine")
    assert (told["received"], told["accepted"], told["refused"]) == (3, 1, 2)
    answer = browser(desk.people.erin).get(told["quarantine_url"])
    lines = [orjson.loads(line) for line in b"".join(answer.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert [line["row"] for line in lines] == [1, 2]
    assert lines[0]["content"]["features"]["tenure"] == "long"
    assert "tenure" in lines[0]["reasons"][0]
    assert "other content" in lines[1]["reasons"][0]
    for other in (desk.people.dave, desk.people.zoe):
        assert browser(other).get(told["quarantine_url"]).status_code == 404, "only for who sent them"


# Outcomes


def test_an_outcome_before_its_prediction_waits_and_is_joined(desk: Desk) -> None:
    told = desk.stored("outcomes", [outcome("a"), outcome("never")])
    assert (told["accepted"], told["parked"], told["windows"]) == (0, 2, [])
    assert desk.stored("outcomes", [outcome("a")])["duplicates"] == 1
    desk.stored("predictions", [prediction("a")])
    assert held(desk) == {"a": "1"}
    assert rows_in("monitoring_parked_outcome") == 1


def test_a_correction_keeps_both_and_the_newer_holds(desk: Desk) -> None:
    desk.stored("predictions", [prediction("a")])
    assert desk.stored("outcomes", [outcome("a", "1")])["windows"] == ["2026-06-01"]
    assert desk.stored("outcomes", [outcome("a", "1", LATER + timedelta(days=1))])["duplicates"] == 1
    assert desk.stored("outcomes", [outcome("a", "0", LATER + timedelta(days=2))])["accepted"] == 1
    assert held(desk) == {"a": "0"}
    assert rows_in("monitoring_outcome") == 2


def test_an_older_outcome_that_comes_after_a_newer_one_does_not_hold(desk: Desk) -> None:
    desk.stored("predictions", [prediction("a")])
    desk.stored("outcomes", [outcome("a", "0", LATER + timedelta(days=2))])
    desk.stored("outcomes", [outcome("a", "1", LATER)])
    assert held(desk) == {"a": "0"}
    assert desk.stored("outcomes", [outcome("a", "1", LATER)])["duplicates"] == 1
    assert rows_in("monitoring_outcome") == 2


def test_corrections_parked_out_of_order_hold_in_their_own_order(desk: Desk) -> None:
    desk.stored("outcomes", [outcome("a", "0", LATER + timedelta(days=2)), outcome("a", "1", LATER)])
    desk.stored("predictions", [prediction("a")])
    assert held(desk) == {"a": "0"}


# Protected attributes


def test_protected_attributes_stand_in_the_restricted_store_only(desk: Desk) -> None:
    rows, _ = people_of(1_500, seed=1, days=1)
    for i, row in enumerate(rows):
        row["features"] |= {"age_band": f"age-{i % 3}"}
    desk.stored("predictions", rows)
    few = [prediction("few", features={"tenure": 1.0, "plan": "basic", "age_band": "age-9"})]
    desk.stored("predictions", few)
    desk.stored("attributes", [{"prediction_id": "few", "sex": "F"}, {"prediction_id": "p0", "sex": "M"}])
    segment = Segment.objects.get()
    with storage.reading(segment.path) as file:
        table = parquet.read_table(file)
    assert not {"sex", "age_band"} & set(table.column_names)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM monitoring_prediction p")
        log = "".join(row for (row,) in cursor.fetchall())
        cursor.execute("SELECT features::text FROM monitoring_pending_features")
        log += "".join(row for (row,) in cursor.fetchall())
    assert "age-" not in log
    assert '"F"' not in log


def test_the_database_hides_attributes_from_whoever_names_no_purpose(desk: Desk) -> None:
    desk.stored("predictions", [prediction("a")])
    desk.stored("attributes", [{"prediction_id": "a", "sex": "F"}])
    assert rows_in("monitoring_attribute") == 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, set_config('portal.purpose', 'profile', true)")
        assert cursor.fetchone()[0] == "portal_app"
        cursor.execute("SELECT attributes ->> 'sex' FROM monitoring_attribute")
        assert cursor.fetchall() == [("F",)]
        cursor.execute("SELECT set_config('portal.purpose', 'curiosity', true)")
        cursor.execute("SELECT count(*) FROM monitoring_attribute")
        assert cursor.fetchone()[0] == 0
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO monitoring_attribute (version_id, prediction_id, attributes) VALUES (%s, 'b', '{}')",
            [desk.version.pk],
        )


def test_only_declared_attributes_are_taken(desk: Desk) -> None:
    answer = desk.send("attributes", [{"prediction_id": "a", "religion": "x"}])
    assert answer.status_code in {400, 422}
    plain = desk.send("attributes", b"prediction_id,religion\na,x\n", content_type=CSV)
    assert plain.status_code == 422
    assert Batch.objects.count() == 0


# Formats


def test_every_format_of_the_same_rows_is_the_same_content(desk: Desk) -> None:
    rows = [
        prediction("a", features={"tenure": 12.0, "plan": "basic"}),
        prediction("b", START + timedelta(hours=3), features={"tenure": None, "plan": 'ünï,"x"\n'}),
        prediction("c", START + timedelta(hours=4, microseconds=5), score=None, segment={"region": "south"}),
    ]
    flat = [
        {k: v for k, v in row.items() if k not in {"features", "segment"}}
        | row["features"]
        | {"segment.region": row["segment"]["region"]}
        for row in rows
    ]
    table = pa.Table.from_pylist(flat)
    times = pa.array(
        [datetime.fromisoformat(row["event_time"]) for row in rows], pa.timestamp("us", tz="UTC")
    )
    timed = table.set_column(table.column_names.index("event_time"), "event_time", times)
    nested = pa.Table.from_pylist(rows)
    desk.stored("predictions", rows)
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    for content, kind in (
        (lines, NDJSON),
        (as_csv(table), CSV),
        (as_parquet(timed), PARQUET),
        (as_parquet(table), PARQUET),
        (as_parquet(nested), PARQUET),
    ):
        told = desk.stored("predictions", content, content_type=kind)
        assert (told["duplicates"], told["accepted"], told["refused"]) == (3, 0, 0), kind


def as_csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    csv.write_csv(table, sink)
    return sink.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


# What is not what it should be


def line(**changes: Any) -> bytes:
    return json.dumps([prediction("a", **changes)]).encode()


def replaced(old: str, new: str) -> bytes:
    return line().replace(old.encode(), new.encode())


HEAD = b"prediction_id,event_time,score,prediction,tenure,plan\n"
GOOD = b"a,2026-06-01T00:00:00Z,0.2,0,1.5,basic\n"
NOW = datetime.now(UTC)

HOSTILE: list[tuple[str, bytes, str]] = [
    ("NaN", replaced("12.5", "NaN"), "application/json"),
    ("infinity", replaced("12.5", "Infinity"), "application/json"),
    ("an overflowing number", replaced("12.5", "1e400"), "application/json"),
    ("a huge integer", replaced("12.5", "9" * 400), "application/json"),
    ("a huge integer as id", replaced('"a"', "9" * 400), "application/json"),
    ("a truth value as number", replaced("12.5", "true"), "application/json"),
    ("a text as score", replaced("0.25", '"high"'), "application/json"),
    ("a list as id", replaced('"a"', "[1]"), "application/json"),
    ("an object as label", line(prediction={"a": 1}), "application/json"),
    ("no id", line(prediction_id=None), "application/json"),
    ("an empty id", line(prediction_id=""), "application/json"),
    ("a long id", line(prediction_id="x" * 201), "application/json"),
    ("NUL in the id", line(prediction_id="a\x00b"), "application/json"),
    ("NUL in a category", line(features={"plan": "a\x00b"}), "application/json"),
    ("NUL in a segment", line(segment={"region": "\x00"}), "application/json"),
    ("NUL in a segment key", line(segment={"re\x00gion": "x"}), "application/json"),
    ("a lone surrogate", replaced('"basic"', '"\\ud800"'), "application/json"),
    ("a naive time", line(event_time="2026-06-01T00:00:00"), "application/json"),
    ("a day in place of a time", line(event_time="2026-06-01"), "application/json"),
    ("a number in place of a time", line(event_time=1_780_000_000), "application/json"),
    ("the future", line(event_time=(NOW + timedelta(hours=1)).isoformat()), "application/json"),
    ("1989", line(event_time="1989-12-31T23:59:59Z"), "application/json"),
    ("the year 10000", line(event_time="10000-01-01T00:00:00Z"), "application/json"),
    ("an unknown feature", line(features={"height": 1}), "application/json"),
    ("an unknown field", line(colour="red"), "application/json"),
    ("features that are a list", line(features=[1]), "application/json"),
    ("a segment that is a text", line(segment="north"), "application/json"),
    ("nine segment keys", line(segment={f"k{i}": "x" for i in range(9)}), "application/json"),
    ("a row that is a number", b"[1]", "application/json"),
    ("a text for a list", b'"rows"', "application/json"),
    ("broken JSON", b'[{"prediction_id": ', "application/json"),
    ("deep JSON", b"[" * 100_000, "application/json"),
    ("an empty body", b"", "application/json"),
    ("broken NDJSON", line()[1:-1] + b"\n{\n", NDJSON),
    ("JSON that is not UTF-8", b'[{"prediction_id": "\xff"}]', "application/json"),
    ("a header twice", b"prediction_id,event_time,event_time\na,x,y\n", CSV),
    ("a ragged CSV", HEAD + GOOD + b"b,2026-06-01T00:00:00Z,0.2,0,1.5,basic,more\n", CSV),
    ("a short row of CSV", HEAD + b"b,2026-06-01T00:00:00Z\n", CSV),
    ("an open quote", HEAD + b'"a,2026-06-01T00:00:00Z,0.2,0,1.5,basic\n', CSV),
    ("NaN in CSV", HEAD + GOOD.replace(b"1.5", b"nan"), CSV),
    ("infinity in CSV", HEAD + GOOD.replace(b"1.5", b"-inf"), CSV),
    ("CSV that is not UTF-8", HEAD + GOOD.replace(b"basic", b"\xff\xfe"), CSV),
    ("a CSV header that is not UTF-8", b"\xff" + HEAD + GOOD, CSV),
    ("ten thousand columns", b",".join(b"c%d" % i for i in range(10_000)) + b"\n", CSV),
    ("gzip as CSV", gzip.compress(HEAD + GOOD), CSV),
    ("an empty CSV", b"", CSV),
    ("CSV as Parquet", HEAD + GOOD, PARQUET),
    ("half a Parquet", b"PAR1" + b"\x00" * 64 + b"PAR1", PARQUET),
    ("an unread content type", line(), "application/xml"),
    ("no content type", line(), ""),
]


@pytest.mark.parametrize(
    ("content", "kind"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_hostile_rows_get_a_clear_refusal_and_store_nothing(desk: Desk, content: bytes, kind: str) -> None:
    desk.api.raise_request_exception = False
    answer = desk.send("predictions", content, content_type=kind)
    assert 400 <= answer.status_code < 500, answer.content
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem.get("detail") or problem.get("errors")
    assert rows_in("monitoring_prediction") == rows_in("monitoring_prediction_index") == 0
    assert Batch.objects.count() == 0


INSTANT = "is not a time with its zone, such as 2026-06-01T12:00:00Z"
TOLD: list[tuple[Row, str, str]] = [
    ({"event_time": "yesterday"}, "event_time", f"'yesterday' {INSTANT}"),
    ({"event_time": "2026-06-01T00:00:00"}, "event_time", f"'2026-06-01T00:00:00' {INSTANT}"),
    ({"event_time": "2026-06-31T00:00:00Z"}, "event_time", f"'2026-06-31T00:00:00Z' {INSTANT}"),
    ({"event_time": 1_780_000_000}, "event_time", f"1780000000 {INSTANT}"),
    ({"event_time": None}, "event_time", "is missing"),
    (
        {"event_time": "1989-12-31T23:59:59Z"},
        "event_time",
        "1989-12-31T23:59:59+00:00 lies before 1990, the earliest year that is taken",
    ),
    ({"prediction_id": "x" * 201}, "prediction_id", f"'{'x' * 56}… is longer than 200 characters"),
    ({"prediction_id": "a\x00"}, "prediction_id", "'a\\x00' holds a NUL character, which no text here may"),
    ({"score": "high"}, "score", "'high' is not a number"),
    (
        {"prediction": {"a": 1}},
        "prediction",
        "{'a': 1} is not a label: a text, a number, or true or false",
    ),
    ({"features": {"tenure": True, "plan": "basic"}}, "tenure", "True is not a number"),
    ({"segment": {"region": "x" * 101}}, "segment.region", f"'{'x' * 56}… is longer than 100 characters"),
]


@pytest.mark.parametrize(("changes", "column", "detail"), TOLD)
def test_a_refusal_says_where_what_and_what_would_do(
    desk: Desk, changes: Row, column: str, detail: str
) -> None:
    """Alone in its delivery or among others that are right, the value is told in the same words."""
    bad = prediction("b") | changes
    for rows, place in (([bad], 0), ([prediction("a"), bad], 1)):
        problem = desk.send("predictions", rows).json()
        assert problem["errors"] == [{"pointer": f"/{place}/{column}", "detail": detail}]
        expected = f"Row {place} (the first is 0): {column} {detail}. Nothing was stored."
        assert problem["detail"] == expected


def test_a_time_of_a_csv_or_parquet_file_is_told_in_the_same_words(desk: Desk) -> None:
    late = HEAD + GOOD.replace(b"2026-06-01T00:00:00Z", b"01.06.2026")
    told = desk.send("predictions", late, content_type=CSV).json()
    assert told["errors"] == [{"pointer": "/0/event_time", "detail": f"'01.06.2026' {INSTANT}"}]
    table = pa.table({"prediction_id": ["a"], "event_time": pa.array([START], pa.timestamp("us"))})
    told = desk.send("predictions", as_parquet(table), content_type=PARQUET).json()
    assert told["detail"] == "The times of event_time have no zone; write them as instants in UTC."


def test_what_is_no_row_is_told_with_what_a_row_has(desk: Desk) -> None:
    told = desk.send("predictions", [prediction("a"), prediction("b", colour="red")]).json()
    fields = "prediction_id, event_time, score, prediction, route, features, segment"
    expected = f"is no field of a row; its fields are {fields}"
    assert told["errors"] == [{"pointer": "/1/colour", "detail": expected}]
    told = desk.send("predictions", [prediction("a"), 3]).json()
    assert told["errors"] == [{"pointer": "/1", "detail": "3 is no object, as a row is"}]
    told = desk.send("predictions", [prediction("a", features="x")]).json()
    assert told["errors"] == [{"pointer": "/0/features", "detail": "'x' is no object, as features is"}]


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        ([None, None, None], [None, None, None]),
        ([0.5, None, -0.0], [0.5, None, 0.0]),
    ],
)
def test_numbers_are_stored_whether_or_not_they_are_whole(
    desk: Desk, values: list[float | None], stored: list[float | None]
) -> None:
    rows = [prediction(f"p{i}", features={"tenure": v, "plan": "x"}) for i, v in enumerate(values)]
    del rows[2]["segment"]
    desk.stored("predictions", rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (features ->> 'tenure')::float8 FROM monitoring_pending_features ORDER BY prediction_id"
        )
        assert [value for (value,) in cursor.fetchall()] == stored


def test_a_parquet_bomb_dies_alone(desk: Desk) -> None:
    piece = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int8()), ["x" * 1000])
    content = as_parquet(pa.table({"prediction_id": pa.chunked_array([piece] * 5_000)}))
    assert len(content) < 2_000_000, "five gigabytes of text"
    answer = desk.send("predictions", content, content_type=PARQUET)
    assert answer.status_code in {413, 422}, answer.content
    assert Batch.objects.count() == 0


@pytest.mark.parametrize(
    ("person", "scopes", "status"), [("zoe", ("predictions",), 404), ("erin", ("read",), 403)]
)
def test_only_those_who_may_send(desk: Desk, person: str, scopes: Sequence[str], status: int) -> None:
    desk.api = program(getattr(desk.people, person), *scopes)
    assert desk.send("predictions", [prediction("a")]).status_code == status
    assert rows_in("monitoring_prediction") == 0


# Large deliveries and files


def test_a_large_delivery_is_accepted_and_loaded_by_a_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.api.AT_ONCE", 1_000)
    rows, _ = people_of(50, seed=2)
    answer = desk.send("predictions", rows)
    assert answer.status_code == 202
    where = answer.headers["Location"]
    assert rows_in("monitoring_prediction") == 0
    assert Batch.objects.get().state == BatchState.WAITING
    drain("test")
    run = desk.api.get(where).json()
    assert (run["state"], run["result"]["accepted"]) == ("done", 50)
    assert rows_in("monitoring_prediction") == 50
    assert Batch.objects.get().state == BatchState.STORED


def test_a_large_delivery_that_is_wrong_ends_dead_with_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.api.AT_ONCE", 1_000)
    rows, _ = people_of(50, seed=2)
    rows[7]["features"]["tenure"] = "long"
    desk.send("predictions", rows)
    drain("test")
    run = Run.objects.get(job="monitoring.load")
    assert run.state in {RunState.FAILED, RunState.DEAD}
    assert "Row 7" in run.error
    assert rows_in("monitoring_prediction") == 0


def imported(*arguments: object, command: str = "import_predictions") -> tuple[int, dict[str, int]]:
    """The exit code of a command and what it counted."""
    out = io.StringIO()
    words = [*map(str, arguments), "--model", "churn", "--version", "1", "--json"]
    try:
        call_command(command, *words, stdout=out)
    except CommandError as error:
        return error.returncode, {}
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def test_a_file_is_imported_by_command_once(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(
        HEAD.replace(b"tenure", b"months") + GOOD.replace(b"1.5,", b"1.5,") + GOOD.replace(b"a,", b"b,", 1)
    )
    assert imported(file, "--map", "months=tenure", "--dry-run")[1]["received"] == 2
    assert rows_in("monitoring_prediction") == 0
    assert imported(file, "--map", "months=tenure") == (
        0,
        {"received": 2, "accepted": 2, "duplicates": 0, "refused": 0, "parked": 0},
    )
    assert imported(file, "--map", "months=tenure")[1]["duplicates"] == 2
    later = tmp_path / "later.ndjson"
    later.write_text("\n".join(json.dumps(outcome(key)) for key in "ab"))
    assert imported(later, command="import_outcomes")[1]["accepted"] == 2
    groups = tmp_path / "groups.parquet"
    groups.write_bytes(as_parquet(pa.table({"prediction_id": ["a", "b"], "sex": ["F", "M"]})))
    assert imported(groups, command="import_attributes")[1]["accepted"] == 2


def test_a_file_with_bad_rows_exits_with_four(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(HEAD + GOOD + GOOD.replace(b"a,", b"b,", 1).replace(b"1.5", b"long"))
    assert imported(file) == (4, {})
    assert rows_in("monitoring_prediction") == 0
    code, counts = imported(file, "--on-invalid", "quarantine")
    assert (code, counts["accepted"], counts["refused"]) == (4, 1, 1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.csv", None),
        ("rows.xlsx", b"x"),
        ("rows.parquet", b"not parquet"),
        ("rows.json", b"{"),
        ("rows.ndjson", b'{"prediction_id": "a"}\n{\n'),
        ("rows.csv", b"prediction_id,event_time,event_time\na,x,y\n"),
        ("latin.csv", HEAD + GOOD.replace(b"basic", b"\xff")),
    ],
)
def test_a_file_that_cannot_be_read_exits_with_one(
    desk: Desk, tmp_path: Path, name: str, content: bytes | None
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    assert imported(file) == (1, {})
    assert rows_in("monitoring_prediction") == 0
