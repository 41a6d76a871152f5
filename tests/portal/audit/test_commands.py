"""The commands: verify, export, rotate."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.audit import keys
from portal.audit.models import Entry, SealKey
from portal.audit.services import seal_pending
from tests.portal.audit.forger import change_body, forger

Write = Callable[..., Entry]
pytestmark = [pytest.mark.django_db, pytest.mark.real_commits]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_verify_ends_well_where_everything_holds(write: Write) -> None:
    write()
    seal_pending()
    assert run("verify_audit").splitlines() == [
        "1 entries, 1 seals up to seal 1; 0 entries wait for a seal.",
        "Everything holds.",
    ]


def test_verify_ends_with_1_and_the_first_bad_seal(write: Write) -> None:
    entries = []
    for _ in range(3):
        entries.append(write())
        seal_pending()
    with forger() as execute:
        change_body(execute, entries[1].pk, reason="Something else.")
    with pytest.raises(CommandError, match=r"^seal 2: has another root") as error:
        run("verify_audit")
    assert error.value.returncode == 1


def test_an_export_is_written_once_and_verified_with_its_anchor(write: Write, home: Path) -> None:
    write()
    seal_pending()
    file = home / "export.ndjson"
    run("export_audit", str(file))
    assert Entry.objects.filter(action="audit.exported").exists()
    assert "Everything holds." in run("verify_audit", str(file), "--anchor", str(home / "checkpoints.ndjson"))
    before = file.read_bytes()
    with pytest.raises(CommandError, match="exists already") as error:
        run("export_audit", str(file))
    assert (error.value.returncode, file.read_bytes()) == (2, before)
    file.write_text(file.read_text().replace("system.changed", "system.deleted", 1))
    with pytest.raises(CommandError, match="is not what seal 1 covers"):
        run("verify_audit", str(file))


def test_a_file_that_is_not_there_is_wrong_use(home: Path) -> None:
    with pytest.raises(CommandError, match="There is no file") as error:
        run("verify_audit", str(home / "nothing"))
    assert error.value.returncode == 2


def test_rotate_says_which_key_signs_from_where_on(write: Write) -> None:
    write()
    said = run("rotate_audit_key", "--reason", "Once a year.")
    assert said == f"Key {keys.held_key_id()} signs from seal 2 on.\n"
    assert SealKey.objects.count() == 2
    with pytest.raises(CommandError, match="has not signed anything yet"):
        run("rotate_audit_key", "--reason", "Again.", "--lost")
