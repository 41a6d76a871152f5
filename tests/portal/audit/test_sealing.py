"""Sealing: one at a time, whole or not at all, and never in a writer's way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.db import connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from portal.audit import keys, sealing
from portal.audit.models import Entry, Pending, Position, Seal, SealKey
from portal.audit.services import record, rotate_key, seal_pending
from portal.audit.verification import verify_database
from portal.errors import Refused
from tests.portal.audit.conftest import People

Write = Callable[..., Entry]
pytestmark = pytest.mark.django_db


def another() -> "psycopg2.extensions.connection":
    """A second connection to the database of this test, as the application."""
    at = connection.settings_dict
    told = {"host": at["HOST"], "user": at["USER"], "dbname": at["NAME"], "password": at["PASSWORD"]}
    return psycopg2.connect(**told, port=at["PORT"] or None, options="-c lock_timeout=500")


def checkpoints(home: Path) -> list[int]:
    return [json.loads(line)["number"] for line in (home / "checkpoints.ndjson").read_text().splitlines()]


def test_a_seal_covers_what_waited_in_the_order_of_its_numbers(write: Write) -> None:
    entries = [write(i=i) for i in range(5)]
    assert seal_pending() == 5
    places = Position.objects.order_by("index").values_list("entry_id", "seal_id", "index")
    assert list(places) == [(entry.pk, 1, i) for i, entry in enumerate(entries)]
    assert not Pending.objects.exists()
    assert seal_pending() == 0
    assert Seal.objects.count() == 1


def test_more_than_a_batch_goes_under_several_seals(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    for i in range(5):
        write(i=i)
    assert seal_pending() == 5
    assert list(Seal.objects.order_by("number").values_list("size", flat=True)) == [2, 2, 1]


def test_every_seal_names_the_one_before_it(write: Write) -> None:
    for _ in range(3):
        write()
        seal_pending()
    first, second, third = Seal.objects.order_by("number")
    assert (first.previous, second.previous, third.previous) == ("0" * 64, first.digest, second.digest)


@pytest.mark.usefixtures("people")
def test_nothing_is_sealed_where_nothing_waits() -> None:
    assert seal_pending() == 0
    assert not SealKey.objects.exists()


def test_the_key_is_made_on_first_use_and_only_its_owner_reads_it(write: Write, home: Path) -> None:
    write()
    seal_pending()
    assert (home / "audit.key").stat().st_mode & 0o777 == 0o600
    assert SealKey.objects.get().key_id == keys.held_key_id()
    assert [file.name for file in home.iterdir()] == ["audit.key"]


def test_a_checkpoint_follows_each_commit_and_stands_outside_the_database(
    write: Write, home: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for _ in range(2):
        write()
        with django_capture_on_commit_callbacks(execute=True):
            seal_pending()
    assert checkpoints(home) == [1, 2]
    last = json.loads((home / "checkpoints.ndjson").read_text().splitlines()[-1])
    assert last == json.loads(json.dumps(sealing.checkpoint(Seal.objects.get(number=2))))


def test_a_checkpoint_that_was_lost_is_written_with_the_next(write: Write, home: Path) -> None:
    write()
    seal_pending()
    sealing.write_checkpoint()
    sealing.write_checkpoint()
    assert checkpoints(home) == [1]
    (home / "checkpoints.ndjson").unlink()
    sealing.write_checkpoint()
    assert checkpoints(home) == [1]


@pytest.mark.real_commits
def test_writers_do_not_wait_for_each_other_nor_for_the_sealer(people: People, write: Write) -> None:
    write()
    body = Entry.objects.get().body
    with closing(another()) as slow, slow.cursor() as cursor:
        cursor.execute("INSERT INTO audit_entry (body) VALUES (%s)", [body])
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL lock_timeout = 200")
            record("system.changed", people.churn, actor=people.erin)
            connection.cursor().execute("SELECT pg_advisory_xact_lock(%s)", [sealing.SEALER_LOCK])
            with closing(another()) as third, third, third.cursor() as other:
                other.execute("INSERT INTO audit_entry (body) VALUES (%s)", [body])
        assert seal_pending() == 3
        slow.commit()
    assert seal_pending() == 1
    late = Position.objects.get(seal=2)
    assert late.entry_id < max(Position.objects.filter(seal=1).values_list("entry_id", flat=True))
    assert verify_database().holds


@pytest.mark.real_commits
def test_one_sealer_at_a_time(write: Write) -> None:
    write()
    with closing(another()) as sealer, sealer.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sealing.SEALER_LOCK])
        assert seal_pending() == 0
        assert Pending.objects.count() == 1
    assert seal_pending() == 1


KILLED = """
import os, signal, django
django.setup()
from django.db import transaction
from portal.audit.sealing import seal_batch
with transaction.atomic():
    assert seal_batch() == 3
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.real_commits
def test_a_sealer_that_is_killed_leaves_nothing_half(write: Write, home: Path) -> None:
    for i in range(3):
        write(i=i)
    paths = {
        "PORTAL_AUDIT_KEY_FILE": str(home / "audit.key"),
        "PORTAL_AUDIT_ANCHOR": str(home / "checkpoints.ndjson"),
    }
    child = subprocess.run([sys.executable, "-c", KILLED], env={**os.environ, **paths}, check=False)
    assert child.returncode == -signal.SIGKILL
    assert not Seal.objects.exists()
    assert not SealKey.objects.exists()
    assert Pending.objects.count() == 3
    assert not (home / "checkpoints.ndjson").exists()
    assert seal_pending() == 3
    assert verify_database().holds
    assert checkpoints(home) == [1]


# --- Keys -------------------------------------------------------------------------------------------------


@pytest.mark.real_commits
def test_a_new_key_is_endorsed_by_the_old_one_and_everything_still_holds(
    people: People, write: Write
) -> None:
    write()
    seal_pending()
    old = keys.held_key_id()
    new = rotate_key(actor=people.ada, reason="Once a year.")
    assert (new.first_seal, keys.held_key_id()) == (2, new.key_id)
    assert old != new.key_id
    assert Entry.objects.get(action="audit.key_rotated").reason == "Once a year."
    seal_pending()
    assert Seal.objects.get(number=2).key == new
    assert verify_database().holds


@pytest.mark.real_commits
def test_a_rotation_that_is_undone_leaves_the_old_key_in_force(
    people: People, write: Write, home: Path
) -> None:
    write()
    seal_pending()
    old = keys.held_key_id()
    with transaction.atomic():
        rotate_key(actor=people.ada, reason="Once a year.")
        transaction.set_rollback(True)
    write()
    assert seal_pending() == 1
    assert keys.held_key_id() == old == Seal.objects.get(number=2).key_id


@pytest.mark.real_commits
def test_a_rotation_that_committed_but_did_not_move_its_file_is_finished_later(
    people: People, write: Write, home: Path
) -> None:
    write()
    seal_pending()
    old = (home / "audit.key").read_bytes()
    new = rotate_key(actor=people.ada, reason="Once a year.")
    (home / "audit.key").rename(home / "audit.key.next")
    (home / "audit.key").write_bytes(old)
    assert seal_pending() == 1
    assert keys.held_key_id() == new.key_id
    assert not (home / "audit.key.next").exists()


def test_sealing_stops_when_the_key_file_holds_another_key(
    write: Write, settings: Settings, home: Path
) -> None:
    write()
    seal_pending()
    settings.PORTAL_AUDIT_KEY_FILE = home / "gone.key"
    write()
    with pytest.raises(keys.KeyMismatch, match="rotate_audit_key --lost"):
        seal_pending()
    assert Pending.objects.count() == 1


@pytest.mark.real_commits
def test_a_lost_key_has_a_successor_that_verifiers_must_be_told(
    people: People, write: Write, home: Path
) -> None:
    write()
    seal_pending()
    (home / "audit.key").unlink()
    new = rotate_key(actor=people.ada, reason="The disk is gone.", lost=True)
    seal_pending()
    (home / "checkpoints.ndjson").unlink()
    elsewhere = home / "no-anchor"
    (home / "audit.key").rename(home / "kept.key")
    found = verify_database(elsewhere)
    assert str(found.problems[0]).endswith("before it")
    assert verify_database(elsewhere, trusted=[new.key_id]).holds


def test_a_key_that_signed_nothing_is_not_rotated(people: People) -> None:
    with pytest.raises(Refused, match="no key yet"):
        rotate_key(actor=people.ada, reason="Too early.")
