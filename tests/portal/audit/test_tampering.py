"""Whatever an owner does to the tables, and whoever touches the anchor, verification says so and where."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as settings_of_django
from django.db import transaction
from django.db.models import Model
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from portal.accounts.models import User
from portal.audit import keys, verifier
from portal.audit.jobs import VERIFY
from portal.audit.models import Entry
from portal.audit.services import erase_person, record, seal_pending, snapshot
from portal.audit.verification import COLUMNS, GUARDS, verify_database
from tests import databases
from tests.portal.audit.conftest import make_people
from tests.portal.audit.forger import (
    REHASH,
    Execute,
    as_owner,
    change_body,
    forger,
    insert,
    rebuild,
    restore,
    save,
)

GAP = 8
"""A number that an undone transaction used up: no entry has it."""
FILES = ("audit.key", "checkpoints.ndjson")


@pytest.fixture(scope="module")
def sealed(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Three seals over the entries 1 to 7 and 9 to 12; entry 13 waits. The folder of key and anchor."""
    folder = tmp_path_factory.mktemp("sealed")
    key, anchor = (folder / name for name in FILES)
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_forged"
    with django_db_blocker.unblock(), databases.clone(name):
        with override_settings(PORTAL_AUDIT_KEY_FILE=key, PORTAL_AUDIT_ANCHOR=str(anchor)):
            write_and_seal()
        save()
        yield folder


@pytest.fixture(autouse=True)
def home(sealed: Path, tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A copy of key and anchor for each test, and the tables as they were after it."""
    key, anchor = (shutil.copy(sealed / name, tmp_path / name) for name in FILES)
    settings.PORTAL_AUDIT_KEY_FILE, settings.PORTAL_AUDIT_ANCHOR = key, str(anchor)
    yield tmp_path
    restore()


def write_and_seal() -> None:
    people = make_people()

    def write(action: str, obj: Model) -> None:
        with transaction.atomic():
            record(action, obj, actor=people.erin, after=snapshot(obj))

    for size in (4, 3):
        for _ in range(size):
            write("system.changed", people.churn)
        seal_pending()
    with transaction.atomic():
        record("system.changed", people.churn, actor=people.erin)
        transaction.set_rollback(True)
    write("user.changed", people.lee)
    for _ in range(3):
        write("system.changed", people.routing)
    seal_pending()
    write("system.changed", people.churn)
    assert list(Entry.objects.order_by("id").values_list("id", flat=True)) == [*range(1, 8), *range(9, 14)]


@pytest.fixture
def strict_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The anchor may not lag at all: the seals of this test are only milliseconds old."""
    monkeypatch.setattr(verifier, "ANCHOR_LAG", timedelta(0))


def problems() -> list[str]:
    return [str(problem) for problem in verify_database().problems]


def test_an_untouched_audit_holds() -> None:
    report = verify_database()
    assert report.problems == []
    assert (report.entries, report.seals, report.unsealed) == (12, 3, 1)


# --- Entries ------------------------------------------------------------------------------------------------


def swap(execute: Execute, table: str, column: str, key: str, rows: tuple[int, int]) -> None:
    execute(
        f"UPDATE {table} SET {column} = other.{column} FROM {table} other WHERE {table}.{key} IN (%s, %s)"
        f" AND other.{key} IN (%s, %s) AND other.{key} <> {table}.{key}",
        *(*rows, *rows),
    )


def changed_body(execute: Execute) -> None:
    change_body(execute, 6, reason="Something else.")


def changed_body_with_its_leaf(execute: Execute) -> None:
    change_body(execute, 6, reason="Something else.")
    execute("UPDATE audit_entry SET reason = 'Something else.' WHERE id = 6")
    execute(f"{REHASH} WHERE id = 6")


def changed_actor_everywhere(execute: Execute) -> None:
    change_body(execute, 6, actor=2)
    execute("UPDATE audit_entry SET actor_id = 2 WHERE id = 6")
    execute(f"{REHASH} WHERE id = 6")


def changed_spacing_of_the_body(execute: Execute) -> None:
    execute("""UPDATE audit_entry SET body = replace(body, '"actor":', '"actor": ') WHERE id = 6""")
    execute(f"{REHASH} WHERE id = 6")


def moved_recording_time(execute: Execute) -> None:
    execute("UPDATE audit_entry SET recorded_at = recorded_at - interval '1 microsecond' WHERE id = 6")
    execute("UPDATE audit_entry SET happened_at = recorded_at WHERE id = 6")
    execute(f"{REHASH} WHERE id = 6")


def deleted_entry(execute: Execute) -> None:
    execute("DELETE FROM audit_entry WHERE id = 6")


def deleted_entry_with_its_place(execute: Execute) -> None:
    execute("DELETE FROM audit_position WHERE entry_id = 6")
    execute("DELETE FROM audit_entry WHERE id = 6")


def deleted_last_entry_of_a_seal(execute: Execute) -> None:
    execute("DELETE FROM audit_position WHERE entry_id = 7")
    execute("DELETE FROM audit_entry WHERE id = 7")
    execute("UPDATE audit_seal SET size = 2 WHERE number = 2")


def swapped_places(execute: Execute) -> None:
    execute(
        "UPDATE audit_position SET index = CASE index WHEN 0 THEN 101 ELSE 100 END WHERE entry_id IN (5, 6)"
    )
    execute("UPDATE audit_position SET index = index - 100 WHERE index >= 100")


def swapped_bodies(execute: Execute) -> None:
    swap(execute, "audit_entry", "body", "id", (5, 6))
    execute(REHASH)


def renumbered_entry(execute: Execute) -> None:
    execute("UPDATE audit_position SET entry_id = 8 WHERE entry_id = 6")
    execute("ALTER TABLE audit_entry ALTER id SET GENERATED BY DEFAULT")
    execute("UPDATE audit_entry SET id = 8 WHERE id = 6")
    execute("ALTER TABLE audit_entry ALTER id SET GENERATED ALWAYS")
    execute(REHASH)


def moved_to_another_seal(execute: Execute) -> None:
    execute("UPDATE audit_position SET seal_id = 3, index = 4 WHERE entry_id = 7")


def forged_entry_under_an_old_seal(execute: Execute) -> None:
    insert(execute, GAP, like=7)
    execute("INSERT INTO audit_position (entry_id, seal_id, index) VALUES (%s, 2, 3)", GAP)
    execute("UPDATE audit_seal SET size = 4 WHERE number = 2")


def forged_entry_in_the_place_of_another(execute: Execute) -> None:
    insert(execute, GAP, like=6)
    execute("UPDATE audit_position SET entry_id = %s WHERE entry_id = 6", GAP)
    execute("DELETE FROM audit_entry WHERE id = 6")


def forged_entry_beside_all_seals(execute: Execute) -> None:
    insert(execute, GAP, like=6)


def forged_entry_of_yesterday_for_the_next_seal(execute: Execute) -> None:
    insert(execute, 14, like=12, days_ago=1)
    execute("INSERT INTO audit_pending VALUES (14)")


def forged_entry_of_yesterday_in_a_gap(execute: Execute) -> None:
    insert(execute, GAP, like=12, days_ago=1)
    execute("INSERT INTO audit_pending VALUES (%s)", GAP)


def hidden_from_the_sealer(execute: Execute) -> None:
    execute("DELETE FROM audit_pending WHERE entry_id = 13")


def deleted_while_it_waited(execute: Execute) -> None:
    execute("DELETE FROM audit_entry WHERE id = 13")


def replayed_entry(execute: Execute) -> None:
    execute("INSERT INTO audit_pending VALUES (6)")


def replaced_personal_value(execute: Execute) -> None:
    execute("UPDATE audit_personalvalue SET value = 'Else' WHERE value = 'Lee Fenn'")


def replaced_personal_value_with_its_digest(execute: Execute) -> None:
    execute(
        "UPDATE audit_personalvalue SET value = 'Else',"
        " digest = encode(sha256(convert_to(salt || 'Else', 'UTF8')), 'hex') WHERE value = 'Lee Fenn'"
    )


# --- Seals --------------------------------------------------------------------------------------------------


def dropped_middle_seal(execute: Execute) -> None:
    execute("DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_position WHERE seal_id = 2)")
    execute("DELETE FROM audit_position WHERE seal_id = 2")
    execute("DELETE FROM audit_seal WHERE number = 2")


def dropped_middle_seal_and_closed_the_gap(execute: Execute) -> None:
    dropped_middle_seal(execute)
    execute("UPDATE audit_seal SET number = 2 WHERE number = 3")
    execute("UPDATE audit_position SET seal_id = 2 WHERE seal_id = 3")
    rebuild(execute, 2)


def dropped_last_seal(execute: Execute) -> None:
    execute("DELETE FROM audit_pending")
    execute("DELETE FROM audit_entry WHERE id > %s", GAP)
    execute("DELETE FROM audit_position WHERE seal_id = 3")
    execute("DELETE FROM audit_seal WHERE number = 3")
    execute("DELETE FROM audit_personalvalue")


def dropped_everything(execute: Execute) -> None:
    execute(
        "TRUNCATE audit_entry, audit_seal, audit_position, audit_sealkey, audit_personalvalue, audit_pending"
    )


def sent_the_last_seal_back_to_the_sealer(execute: Execute) -> None:
    execute("INSERT INTO audit_pending SELECT entry_id FROM audit_position WHERE seal_id = 3")
    execute("DELETE FROM audit_position WHERE seal_id = 3")
    execute("DELETE FROM audit_seal WHERE number = 3")
    change_body(execute, 12, reason="Something else.")
    execute("UPDATE audit_entry SET reason = 'Something else.' WHERE id = 12")
    execute(REHASH)


def edited_root(execute: Execute) -> None:
    execute("UPDATE audit_seal SET root = repeat('ab', 32) WHERE number = 2")


def edited_entry_and_rebuilt_its_seal(execute: Execute) -> None:
    changed_body_with_its_leaf(execute)
    rebuild(execute, 2)


def edited_entry_and_rebuilt_every_seal(execute: Execute) -> None:
    changed_body_with_its_leaf(execute)
    for number in (2, 3):
        rebuild(execute, number)


def signed_everything_with_another_key(execute: Execute) -> None:
    changed_body_with_its_leaf(execute)
    private = Ed25519PrivateKey.generate()
    public = keys.public_of(private)
    execute("UPDATE audit_sealkey SET public = %s, key_id = %s", public, keys.key_id(public))
    for number in (1, 2, 3):
        rebuild(execute, number, private)


def kept_the_name_of_the_key_but_not_the_key(execute: Execute) -> None:
    private = Ed25519PrivateKey.generate()
    ((name,),) = execute("SELECT key_id FROM audit_sealkey")
    changed_body_with_its_leaf(execute)
    for number in (1, 2, 3):
        rebuild(execute, number, private)
    execute("UPDATE audit_sealkey SET public = %s", keys.public_of(private))
    execute("UPDATE audit_seal SET key_id = %s", name)


def brought_in_a_key_of_his_own(execute: Execute) -> None:
    changed_body_with_its_leaf(execute)
    private = Ed25519PrivateKey.generate()
    public = keys.public_of(private)
    execute(
        "INSERT INTO audit_sealkey VALUES (%s, %s, 2, '', 'The old one was lost.')",
        keys.key_id(public),
        public,
    )
    for number in (2, 3):
        rebuild(execute, number, private)


def swapped_seals(execute: Execute) -> None:
    for table, column in (("audit_seal", "number"), ("audit_position", "seal_id")):
        execute(f"UPDATE {table} SET {column} = {column} + 100 WHERE {column} IN (2, 3)")
        execute(f"UPDATE {table} SET {column} = 205 - {column} - 100 WHERE {column} > 100")


def moved_time_of_a_seal(execute: Execute) -> None:
    execute("UPDATE audit_seal SET sealed_at = sealed_at - interval '1 day' WHERE number = 2")


def cut_the_chain(execute: Execute) -> None:
    execute("UPDATE audit_seal SET previous = repeat('0', 64) WHERE number = 2")


def took_a_signature_from_another_seal(execute: Execute) -> None:
    swap(execute, "audit_seal", "signature", "number", (2, 3))


# --- Guards -------------------------------------------------------------------------------------------------


CLASSES: dict[Callable[[Execute], None], tuple[str, ...]] = {
    changed_body: ("seal 2: has another root", "entry 6: does not have what was recorded in reason, leaf"),
    changed_body_with_its_leaf: ("seal 2: has another root",),
    changed_actor_everywhere: ("seal 2: has another root",),
    changed_spacing_of_the_body: ("seal 2: has another root",),
    moved_recording_time: ("seal 2: has another root",),
    deleted_entry: ("seal 2: covers 3 entries, but 2 are there",),
    deleted_entry_with_its_place: ("seal 2: covers 3 entries, but 2 are there",),
    deleted_last_entry_of_a_seal: ("seal 2: does not have the digest it names",),
    swapped_places: ("seal 2: has another root",),
    swapped_bodies: ("seal 2: has another root",),
    renumbered_entry: ("seal 2: has another root",),
    moved_to_another_seal: ("seal 2: covers 3 entries, but 2 are there",),
    forged_entry_under_an_old_seal: ("seal 2: does not have the digest it names",),
    forged_entry_in_the_place_of_another: ("seal 2: has another root",),
    forged_entry_beside_all_seals: ("entry 8: is neither sealed nor waiting",),
    forged_entry_of_yesterday_for_the_next_seal: ("entry 14: claims to be of",),
    forged_entry_of_yesterday_in_a_gap: ("entry 8: claims to be of",),
    hidden_from_the_sealer: ("entry 13: is neither sealed nor waiting",),
    deleted_while_it_waited: ("entry 13: waits for a seal but is missing",),
    replayed_entry: ("entry 6: is sealed and waits for a seal again",),
    replaced_personal_value: ("entry 9: has a personal value that is not the one",),
    replaced_personal_value_with_its_digest: ("entry 9: has a personal value that is not the one",),
    dropped_middle_seal: ("seal 2: is missing",),
    dropped_middle_seal_and_closed_the_gap: ("seal 2: does not carry a valid signature",),
    dropped_last_seal: ("seal 3: was anchored and is missing",),
    dropped_everything: ("seal 1: was anchored and is missing",),
    sent_the_last_seal_back_to_the_sealer: ("seal 3: is not the seal that was anchored",),
    edited_root: ("seal 2: does not have the digest it names",),
    edited_entry_and_rebuilt_its_seal: (
        "seal 2: does not carry a valid signature",
        "seal 3: does not follow from the seal before it",
    ),
    edited_entry_and_rebuilt_every_seal: (
        "seal 2: does not carry a valid signature",
        "seal 2: is not the seal that was anchored",
    ),
    signed_everything_with_another_key: (
        "keys: none of them is a key you trust",
        "seal 1: is not the seal that was anchored",
    ),
    kept_the_name_of_the_key_but_not_the_key: ("is not the name of its public key",),
    brought_in_a_key_of_his_own: ("is not endorsed by key", "seal 2: is not the seal that was anchored"),
    swapped_seals: ("seal 2: does not have the digest it names",),
    moved_time_of_a_seal: ("seal 2: does not have the digest it names",),
    cut_the_chain: ("seal 2: does not follow from the seal before it",),
    took_a_signature_from_another_seal: ("seal 2: does not carry a valid signature",),
}
"""What a forger may do, and what verification must say of it."""


@pytest.mark.parametrize("tamper", CLASSES, ids=lambda tamper: tamper.__name__)
def test_what_a_forger_does_is_found(tamper: Callable[[Execute], None]) -> None:
    with forger() as execute:
        tamper(execute)
    if "sealer" in tamper.__name__ or "yesterday" in tamper.__name__:
        seal_pending()
    found = problems()
    assert [said for said in CLASSES[tamper] if not any(said in problem for problem in found)] == []


@pytest.mark.parametrize("column", COLUMNS)
def test_no_column_says_anything_else_than_the_sealed_body(column: str) -> None:
    with forger() as execute:
        ((kind,),) = execute(
            "SELECT data_type FROM information_schema.columns WHERE table_name = 'audit_entry'"
            " AND column_name = %s",
            column,
        )
        execute(f"UPDATE audit_entry SET {column} = {OTHER_VALUES[kind]} WHERE id = 6")
    assert f"entry 6: does not have what was recorded in {column}" in problems()


OTHER_VALUES = {
    "text": "'other'",
    "bigint": "3",
    "boolean": "true",
    "bytea": r"'\x00'",
    "timestamp with time zone": "now()",
}


# --- Guards -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "trigger"), sorted(GUARDS))
def test_a_guard_that_was_switched_off_is_missed(table: str, trigger: str) -> None:
    with as_owner() as execute:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    found = problems()
    with as_owner() as execute:
        execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
    assert found == [f"table {table}: has lost its trigger {trigger}"]


# --- The anchor ---------------------------------------------------------------------------------------------


def anchor_lines(home: Path) -> list[str]:
    return (home / "checkpoints.ndjson").read_text().splitlines(keepends=True)


def put_anchor(home: Path, lines: list[str]) -> None:
    (home / "checkpoints.ndjson").write_text("".join(lines))


@pytest.mark.usefixtures("strict_anchor")
def test_an_anchor_that_was_cut_short_is_found(home: Path) -> None:
    put_anchor(home, anchor_lines(home)[:2])
    assert problems() == ["anchor: ends at seal 2, the seals at 3"]


@pytest.mark.usefixtures("strict_anchor")
def test_an_anchor_that_is_gone_is_found(home: Path) -> None:
    (home / "checkpoints.ndjson").unlink()
    assert problems() == ["anchor: ends at seal 0, the seals at 3"]


def test_an_anchor_line_that_was_edited_is_found(home: Path) -> None:
    first, second, third = anchor_lines(home)
    told = json.loads(second) | {"size": 2}
    put_anchor(home, [first, json.dumps(told) + "\n", third])
    assert problems() == ["anchor line 2: does not carry the signature it names"]


def test_an_anchor_with_another_history_is_found(home: Path) -> None:
    first, second, third = anchor_lines(home)
    private = Ed25519PrivateKey.generate()
    told = json.loads(second) | {"root": "ab" * 32}
    text = verifier.statement(told)
    told |= {
        "digest": sha256(text).hexdigest(),
        "public": keys.public_of(private),
        "signature": private.sign(text).hex(),
    }
    put_anchor(home, [first, json.dumps(told) + "\n", third])
    assert problems() == ["seal 2: is not the seal that was anchored"]


def test_an_anchor_that_contradicts_itself_is_found(home: Path) -> None:
    first, second, third = anchor_lines(home)
    put_anchor(home, [first, second, second.replace('"size":3', '"size":2'), third])
    assert problems() == ["anchor line 3: does not carry the signature it names"]


@pytest.mark.parametrize("junk", ["nonsense\n", "{}\n", '{"number":"3"}\n', "[]\n", "\x00\n"])
def test_an_anchor_line_that_is_no_checkpoint_is_found(home: Path, junk: str) -> None:
    put_anchor(home, [*anchor_lines(home), junk])
    assert problems() == ["anchor line 4: is not a checkpoint"]


def test_middle_checkpoints_may_be_missing_since_the_chain_covers_them(home: Path) -> None:
    put_anchor(home, anchor_lines(home)[2:])
    assert problems() == []


def test_without_key_and_anchor_only_consistency_is_claimed(home: Path) -> None:
    (home / "audit.key").unlink()
    report = verify_database(home / "no-anchor")
    assert report.holds
    assert any("the keys that the export brings" in notice for notice in report.notices)


# --- The nightly verification -------------------------------------------------------------------------------


def test_the_nightly_job_leaves_an_entry_that_says_whether_everything_holds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def verify() -> dict[str, object]:
        commit = VERIFY.run(None)
        assert commit is not None
        told: dict[str, object] = commit().told["facts"]
        return told

    assert verify() == {"holds": True, "entries": 12, "seals": 3, "last_seal": 3, "problems": []}
    with forger() as execute:
        edited_root(execute)
    assert verify()["holds"] is False
    assert "the audit does not hold: seal 2" in caplog.text


# --- What is not tampering ----------------------------------------------------------------------------------


def test_erasing_a_person_is_not_tampering() -> None:
    lee = User.objects.get(username="lee")
    assert erase_person(lee, actor=None, reason="She asked for it.") == 3
    seal_pending()
    assert problems() == []


def test_a_portal_that_slept_for_a_day_before_it_sealed_is_not_tampering() -> None:
    with forger() as execute:  # everything happened a day earlier, but for the seal that follows
        execute("TRUNCATE audit_position, audit_seal, audit_sealkey")
        execute("UPDATE audit_entry SET recorded_at = recorded_at - interval '1 day'")
        execute("UPDATE audit_entry SET happened_at = recorded_at")
        execute(REHASH)
        execute("INSERT INTO audit_pending SELECT id FROM audit_entry ON CONFLICT DO NOTHING")
    Path(settings_of_django.PORTAL_AUDIT_ANCHOR).unlink()
    seal_pending()
    assert problems() == []
