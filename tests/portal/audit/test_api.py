"""The audit for programs: entries, exports that prove themselves, checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.audit import api as audit_api
from portal.audit import keys, sealing, verifier
from portal.audit.models import Entry
from portal.audit.services import seal_pending, snapshot
from tests.portal.audit.conftest import People

Write = Callable[..., Entry]
ENTRIES = "/api/v1/audit/entries/"
EXPORT = "/api/v1/audit/export/"


def ask(user: User, url: str, **query: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(url, query)


@pytest.fixture
def entries(people: People, write: Write) -> list[Entry]:
    made = [
        write(after=snapshot(people.churn), reason="Because."),
        write(obj=people.routing, actor=people.zoe),
        write("user.changed", people.lee, actor=people.ada, after=snapshot(people.lee)),
    ]
    seal_pending()
    return made


def records_of(response: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(response.streaming_content).decode().splitlines()]


def test_an_entry_has_everything_its_reader_may_see(people: People, entries: list[Entry]) -> None:
    shown = ask(people.erin, ENTRIES).json()
    assert shown["count"] == 1
    entry = shown["results"][0]
    assert (entry["id"], entry["actor"], entry["system"]) == (entries[0].pk, "erin", people.churn.ref)
    assert (entry["reason"], entry["after"]["name"], entry["facts"]) == ("Because.", "Churn", {})
    assert (entry["seal"], entry["index"], entry["leaf"]) == (1, 0, entries[0].leaf.hex())
    assert ask(people.erin, f"{ENTRIES}{entries[0].pk}/").json() == entry


def test_another_units_entry_is_missing(people: People, entries: list[Entry]) -> None:
    foreign, never = (ask(people.erin, f"{ENTRIES}{pk}/") for pk in (entries[1].pk, 10**12))
    assert foreign.status_code == never.status_code == 404


def test_an_administrator_gets_no_content(people: People, entries: list[Entry]) -> None:
    for entry in ask(people.ada, ENTRIES).json()["results"]:
        assert [entry[name] for name in ("reason", "before", "after", "facts")] == [None] * 4


def test_personal_values_stay_commitments(people: People, entries: list[Entry]) -> None:
    shown = ask(people.otto, ENTRIES, action="user.changed").json()["results"]
    assert len(shown) == 1
    assert list(shown[0]["after"]["email"]) == ["commitment"]


def test_the_list_is_narrowed_and_sorted(people: People, entries: list[Entry]) -> None:
    def found(**query: str) -> list[int]:
        return [entry["id"] for entry in ask(people.otto, ENTRIES, **query).json()["results"]]

    first, second, third = (entry.pk for entry in entries)
    assert found() == [third, second, first]
    assert found(sort="id") == [first, second, third]
    assert found(system=people.routing.ref) == [second]
    assert found(object_type="accounts.user") == [third]
    assert found(object_type="registry.system", object_id=str(people.churn.pk)) == [first]
    assert found(since=entries[1].happened_at.isoformat()) == [third, second]
    assert found(until=entries[1].happened_at.isoformat()) == [second, first]


@pytest.mark.parametrize(
    "query", [{"since": "yesterday"}, {"since": "2026-10-01T00:00:00"}, {"colour": "red"}]
)
def test_a_filter_that_makes_no_sense_is_refused(people: People, query: dict[str, str]) -> None:
    assert ask(people.otto, ENTRIES, **query).status_code == 400


def test_the_export_of_an_auditor_is_complete_and_proves_itself(people: People, entries: list[Entry]) -> None:
    records = records_of(ask(people.otto, EXPORT))
    assert records[0]["complete"] is True
    report = verifier.Verifier(trusted=[keys.held_key_id() or ""]).verify(records)
    assert report.problems == []
    assert (report.entries, report.unsealed) == (4, 1)  # the last says who took the export
    taken = Entry.objects.get(action="audit.exported")
    assert (taken.actor, taken.told["facts"]["complete"]) == (people.otto, True)


def test_an_export_of_some_entries_proves_those(people: People, entries: list[Entry]) -> None:
    records = records_of(ask(people.otto, EXPORT, system=people.churn.ref))
    assert records[0]["complete"] is False
    assert [record["id"] for record in records if record["kind"] == "entry"] == [entries[0].pk]
    assert verifier.Verifier(trusted=[keys.held_key_id() or ""]).verify(records).holds


@pytest.mark.parametrize("who", ["erin", "ada", "lee"])
def test_nobody_else_takes_entries_away(people: People, who: str) -> None:
    assert ask(getattr(people, who), EXPORT).status_code == 403


def test_an_export_too_large_for_one_answer_is_refused(
    people: People, entries: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_api, "MOST_EXPORTED", 2)
    response = ask(people.otto, EXPORT)
    assert response.status_code == 413
    assert "manage.py export_audit" in response.json()["detail"]


def test_checkpoints_are_the_lines_of_the_anchor(people: People, entries: list[Entry], home: Any) -> None:
    sealing.write_checkpoint()
    shown = ask(people.erin, "/api/v1/audit/checkpoints/").json()
    assert shown["results"] == [json.loads((home / "checkpoints.ndjson").read_text())]
