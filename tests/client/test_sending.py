"""Rows arrive once, or wait; none is lost."""

from __future__ import annotations

import io
import json
import stat
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import aiportal as portal
from aiportal import frames, waiting
from tests.client.conftest import Office

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
PORT_OF_NOBODY = "http://127.0.0.1:1"


def rows(count: int = 3, **more: Any) -> list[dict[str, Any]]:
    return [
        {"prediction_id": f"p{n}", "event_time": NOON, "tenure": float(n), "score": 0.5, **more}
        for n in range(count)
    ]


@pytest.fixture
def version(office: Office) -> portal.Version:
    return office.version()


@pytest.fixture
def cut_off(version: portal.Version) -> portal.Version:
    """The version as it is while nobody answers at the portal's address."""
    version.connection._client.base_url = PORT_OF_NOBODY
    return version


def plugged_in(office: Office, version: portal.Version) -> None:
    version.connection._client.base_url = office.url


def test_predictions_pushed_twice_add_nothing(version: portal.Version) -> None:
    first, second = version.log_predictions(rows()), version.log_predictions(rows())
    assert (first.accepted, first.duplicates) == (3, 0)
    assert (second.accepted, second.duplicates) == (0, 3)


@pytest.mark.parametrize("kind", [pa.Table.from_pylist, pd.DataFrame, list])
def test_every_kind_of_frame_says_the_same(version: portal.Version, kind: Any) -> None:
    version.log_predictions(rows())
    again = version.log_predictions(kind(rows()))
    assert (again.accepted, again.duplicates) == (0, 3)


def test_without_pyarrow_a_frame_is_sent_as_json(
    version: portal.Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    version.log_predictions(rows())
    monkeypatch.setattr(frames, "find_spec", lambda _name: None)
    again = version.log_predictions(pd.DataFrame(rows()))
    assert (again.accepted, again.duplicates) == (0, 3)


def test_many_rows_go_in_pieces(version: portal.Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "ROWS_AT_ONCE", 2)
    assert version.log_predictions(rows(5)).accepted == 5
    assert version.log_predictions(pa.Table.from_pylist(rows(5))).duplicates == 5


def test_a_piece_that_is_too_heavy_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"prediction_id": [str(n) for n in range(1000)]})
    monkeypatch.setattr(frames, "LARGEST_BODY", 4_000)
    parts = list(frames.pieces(table, nests=True))
    assert len(parts) > 1
    assert sum(part.rows for part in parts) == 1000
    assert all(len(part.body) <= 4_000 for part in parts)


def test_categories_travel_as_texts_and_instants_as_microseconds() -> None:
    frame = pd.DataFrame({"plan": pd.Categorical([1, 2]), "at": pd.to_datetime([NOON, NOON])})
    (piece,) = frames.pieces(frame, nests=True)
    from pyarrow import parquet  # noqa: PLC0415 - only this test reads a body

    sent = parquet.read_table(io.BytesIO(piece.body))
    assert sent.column("plan").to_pylist() == ["1", "2"]
    assert sent.schema.field("at").type == pa.timestamp("us", tz="UTC")


def test_outcomes_and_attributes_follow(office: Office) -> None:
    sex = {"sex": {"type": "category", "role": "protected"}, "tenure": {"type": "number"}}
    version = portal.model("churn").register(schema={"task": "binary", "features": sex}, quiet=True)
    version.log_predictions(rows())
    outcomes = version.log_outcomes([{"prediction_id": "p0", "outcome": 1}], at=NOON)
    attributes = version.log_attributes([{"prediction_id": "p0", "sex": "F"}])
    assert (outcomes.accepted, outcomes.parked, attributes.accepted) == (1, 0, 1)


def test_columns_are_renamed_and_an_instant_serves_all_rows(version: portal.Version) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "tenure": [1.0, 2.0]})
    receipt = version.log_predictions(frame, rename={"id": "prediction_id"}, at=NOON)
    assert receipt.accepted == 2
    with pytest.raises(ValueError, match="zone"):
        version.log_predictions(frame, at=NOON.replace(tzinfo=None))


def test_a_bad_row_is_named_by_its_place_in_everything_sent(
    version: portal.Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "ROWS_AT_ONCE", 2)
    sent = rows(5)
    sent[3]["tenure"] = "long"
    with pytest.raises(portal.RowsRefused) as refusal:
        version.log_predictions(sent)
    assert refusal.value.errors[0].pointer == "/3/tenure"
    assert refusal.value.receipt.accepted == 2
    receipt = version.log_predictions(sent, on_invalid="quarantine")
    assert (receipt.accepted, receipt.duplicates, receipt.refused) == (2, 2, 1)


def test_an_unreachable_portal_queues_and_the_next_call_flushes(
    office: Office, cut_off: portal.Version
) -> None:
    receipt = cut_off.log_predictions(rows())
    assert (receipt.queued, receipt.accepted) == (3, 0)
    (kept,) = waiting.folder().glob("*.delivery")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    plugged_in(office, cut_off)
    assert cut_off.log_outcomes([{"prediction_id": "p0", "outcome": 1}], at=NOON).parked == 0
    assert not list(waiting.folder().iterdir())
    assert cut_off.log_predictions(rows()).duplicates == 3


def test_what_waits_is_sent_under_one_key_however_often(office: Office, cut_off: portal.Version) -> None:
    cut_off.log_predictions(rows())
    (kept,) = waiting.folder().glob("*.delivery")
    copy = kept.with_name(f"9{kept.name}")
    copy.write_bytes(kept.read_bytes())
    plugged_in(office, cut_off)
    flushed = portal.flush()
    assert (flushed.accepted, flushed.duplicates) == (6, 0), "the second is the answer of the first"
    assert cut_off.log_predictions(rows()).duplicates == 3


def test_waiting_rows_that_are_refused_stay_on_disk(office: Office, cut_off: portal.Version) -> None:
    cut_off.log_predictions([{"prediction_id": "p", "event_time": NOON, "tenure": "long"}])
    plugged_in(office, cut_off)
    flushed = portal.flush()
    assert flushed.refused == 1
    (kept,) = waiting.folder().iterdir()
    assert kept.suffix == ".refused"
    assert json.loads(kept.read_bytes().splitlines()[1])["features"] == {"tenure": "long"}


def test_rows_for_another_portal_wait_on(office: Office, cut_off: portal.Version) -> None:
    cut_off.log_predictions(rows())
    (kept,) = waiting.folder().glob("*.delivery")
    head, body = kept.read_bytes().split(b"\n", 1)
    elsewhere = {**json.loads(head), "url": "https://elsewhere.example.org"}
    kept.write_bytes(json.dumps(elsewhere).encode() + b"\n" + body)
    plugged_in(office, cut_off)
    assert portal.flush().accepted == 0
    assert kept.exists()


def test_a_full_queue_raises_so_that_the_caller_keeps_the_rows(
    cut_off: portal.Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LARGEST_QUEUE", 10)
    with pytest.raises(portal.PortalError, match="holds 0 bytes"):
        cut_off.log_predictions(rows())
