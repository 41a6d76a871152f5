"""Entries: one per change, in its transaction, stamped by the database, never changed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import User
from portal.audit import verifier
from portal.audit.canonical import instant
from portal.audit.models import Effect, Entry, Pending, PersonalValue
from portal.audit.origin import acting
from portal.audit.services import erase_person, record, record_denial, seal_pending, snapshot
from tests.portal.audit.conftest import People

TABLES = {
    "audit_entry": "label",
    "audit_seal": "root",
    "audit_position": "index",
    "audit_sealkey": "public",
}
Write = Callable[..., Entry]


def test_an_entry_says_who_did_what_to_what_and_why(people: People, write: Write) -> None:
    entry = write(after=snapshot(people.churn), reason="It is ours.", rows=3)
    kept = Entry.objects.get()
    assert (kept.action, kept.actor, kept.object_type, kept.object_id, kept.label) == (
        "system.changed",
        people.erin,
        "registry.system",
        str(people.churn.pk),
        "Churn",
    )
    assert (kept.system_id, kept.unit_id, kept.reason) == (
        people.churn.pk,
        people.marketing.pk,
        "It is ours.",
    )
    assert kept.told["facts"] == {"rows": 3}
    assert kept.told["after"]["name"] == "Churn"
    assert (entry.pk, entry.recorded_at, entry.happened_at) == (kept.pk, kept.recorded_at, kept.happened_at)
    assert Pending.objects.filter(pk=entry.pk).exists()


def test_what_record_returns_is_what_the_database_holds(write: Write) -> None:
    entry = write(reason="Because.")
    kept = Entry.objects.get(pk=entry.pk)
    for field in Entry._meta.concrete_fields:
        given, stored = getattr(entry, field.attname), getattr(kept, field.attname)
        assert given == (bytes(stored) if field.name == "leaf" else stored), field.name


def test_recording_costs_one_statement(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        record("system.changed", people.churn, actor=people.erin, after=snapshot(people.churn))


def test_the_unit_of_a_system_is_asked_for_once_in_a_job(
    people: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    membership = people.lee.memberships.get()  # of no unit as far as the audit can see, but of a system
    membership.unit_id = None  # type: ignore[assignment] # never saved
    membership.audit_system_id = people.churn.pk  # type: ignore[attr-defined] # as a row of a system has it
    with acting(via="job"), transaction.atomic(), django_assert_num_queries(3):
        first = record("part.made", membership, actor=None)
        second = record("part.made", membership, actor=None)
    assert first.unit_id == second.unit_id == people.marketing.pk


@pytest.mark.real_commits
@pytest.mark.django_db
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError, match="in the transaction of the change"):
        record("system.changed", None, actor=None)
    assert not Entry.objects.exists()


@pytest.mark.real_commits
@pytest.mark.django_db
def test_an_undone_change_leaves_no_entry_but_its_refusal_does(people: People) -> None:
    with transaction.atomic():
        record("system.changed", people.churn, actor=people.erin)
        transaction.set_rollback(True)
    record_denial("system.changed", people.churn, actor=people.zoe, reason="Not hers.", asked="archive")
    entry = Entry.objects.get()
    assert (entry.denied, entry.actor, entry.reason) == (True, people.zoe, "Not hers.")
    assert entry.told["facts"] == {"asked": "archive"}


@pytest.mark.real_commits
@pytest.mark.django_db
def test_a_denial_inside_a_transaction_is_refused_since_it_would_go_with_it(people: People) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        record_denial("system.changed", people.churn, actor=people.zoe, reason="Not hers.")
    assert not Entry.objects.exists()


def test_the_database_stamps_its_own_time_and_keeps_the_time_of_effect(write: Write) -> None:
    long_ago = datetime(2024, 5, 6, tzinfo=UTC)
    entry = write(at=long_ago)
    assert entry.happened_at == long_ago
    assert abs(timezone.now() - entry.recorded_at) < timedelta(minutes=1)


def test_nobody_dates_or_numbers_an_entry_by_himself(write: Write) -> None:
    body = write().body
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (body, recorded_at, action, leaf) VALUES (%s, '2020-01-01', 'mine', 'x')"
            " RETURNING recorded_at > now() - interval '1 hour', action",
            [body],
        )
        assert cursor.fetchone() == (True, "system.changed")
    with pytest.raises(DatabaseError, match="non-DEFAULT value into column"), transaction.atomic():
        connection.cursor().execute("INSERT INTO audit_entry (id, body) VALUES (1000, %s)", [body])


def test_a_body_that_says_too_little_is_refused(db: None) -> None:
    with pytest.raises(DatabaseError, match="null value"), transaction.atomic():
        connection.cursor().execute("INSERT INTO audit_entry (body) VALUES ('{}')")


def test_the_leaf_is_the_hash_of_the_text_that_strangers_hash(write: Write) -> None:
    entry = write(reason='Quotes ", backslashes \\ and ö, 😀.')
    text = {"id": entry.pk, "recorded_at": instant(entry.recorded_at), "body": entry.body}
    assert verifier.leaf_of(text) == entry.leaf
    assert json.loads(f'{{"body":{entry.body},"id":{entry.pk}}}')["body"]["reason"].endswith("😀.")


@pytest.mark.real_commits
@pytest.mark.django_db(databases=["default", "owner"])
def test_neither_the_application_nor_the_owner_changes_what_is_written(write: Write) -> None:
    write("user.changed", after=snapshot(User.objects.get(username="lee")))
    seal_pending()
    refused = [
        statement
        for table, column in TABLES.items()
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        )
    ]
    refused += ["UPDATE audit_personalvalue SET value = 'Else'", "TRUNCATE audit_personalvalue"]
    for alias, statement in product(("default", "owner"), refused):
        with (
            pytest.raises(DatabaseError, match=r"append-only|permission denied"),
            transaction.atomic(using=alias),
        ):
            connections[alias].cursor().execute(statement)


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_application_has_no_right_to_change_entries(db: None, right: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, has_table_privilege('audit_entry', %s)", [right])
        assert cursor.fetchone() == ("portal_app", False)


def test_the_application_cannot_hide_an_entry_from_the_sealer_by_a_number_of_its_own(db: None) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute("INSERT INTO audit_pending VALUES (1)")


# --- Snapshots ------------------------------------------------------------------------------------------


def test_a_snapshot_has_the_columns_of_a_row_and_no_secrets(people: People) -> None:
    assert snapshot(people.churn)["unit_id"] == people.marketing.pk
    people.erin.set_password("correct horse battery staple")
    assert "password" not in snapshot(people.erin)


def test_a_snapshot_may_name_its_fields(people: People) -> None:
    assert snapshot(people.churn, ["name", "unit"]) == {"name": "Churn", "unit_id": people.marketing.pk}


def test_a_snapshot_leaves_out_what_its_model_excludes(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(people.churn), "audit_exclude", frozenset({"purpose"}), raising=False)
    assert "purpose" not in snapshot(people.churn)


def test_the_shape_of_a_snapshot_tells_its_effect(people: People, write: Write) -> None:
    whole, part = snapshot(people.churn), snapshot(people.churn, ["name"])
    assert write(after=whole).effect == Effect.STATED
    assert write(before=part, after=part).effect == Effect.CHANGED
    assert write(before=whole).effect == Effect.ENDED
    assert write(before=part).effect == Effect.NONE
    assert write().effect == Effect.NONE


# --- Personal values ------------------------------------------------------------------------------------


def test_an_entry_about_a_person_does_not_contain_the_person(people: People, write: Write) -> None:
    entry = write("user.changed", people.lee, after=snapshot(people.lee))
    assert not any(word in entry.body for word in ("Lee", "lee@example.org", '"lee"'))
    assert entry.label == ""
    assert set(PersonalValue.objects.values_list("value", flat=True)) == {
        "lee",
        "Lee Fenn",
        "lee@example.org",
    }


def test_before_and_after_share_the_commitment_of_an_unchanged_value(people: People, write: Write) -> None:
    before = snapshot(people.lee)
    people.lee.name = "Lee Marsh"
    told = write("user.changed", people.lee, before=before, after=snapshot(people.lee)).told
    assert told["before"]["email"] == told["after"]["email"]
    assert told["before"]["name"] != told["after"]["name"]


def test_two_entries_do_not_betray_that_they_hold_the_same_value(people: People, write: Write) -> None:
    first = write("user.changed", people.lee, after=snapshot(people.lee)).told["after"]["email"]
    assert first != write("user.changed", people.lee, after=snapshot(people.lee)).told["after"]["email"]


def test_erasing_a_person_takes_the_values_and_leaves_an_entry(people: People, write: Write) -> None:
    write("user.changed", people.lee, after=snapshot(people.lee))
    write("user.changed", people.zoe, after=snapshot(people.zoe))
    assert erase_person(people.lee, actor=people.ada, reason="She asked for it.") == 3
    assert not PersonalValue.objects.filter(person_id=people.lee.pk).exists()
    assert PersonalValue.objects.filter(person_id=people.zoe.pk).count() == 3
    assert Entry.objects.filter(action="person.erased", actor=people.ada).exists()
