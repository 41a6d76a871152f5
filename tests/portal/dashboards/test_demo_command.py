"""The simulated organisation is made once, and goes again as long as nothing real stands beside it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connections

from portal.accounts.models import Organisation, Unit
from portal.accounts.services import add_membership, create_unit, create_user, set_up_organisation
from portal.areas import Role
from portal.audit.models import Entry
from portal.audit.origin import acting
from portal.dashboards import removal


@pytest.fixture
def home(tmp_path: Path, settings: LazySettings) -> Path:
    """The folder of a portal after its first start."""
    settings.PORTAL_HOME = tmp_path
    settings.PORTAL_STORAGE = f"file://{tmp_path / 'storage'}"
    (tmp_path / "storage" / "ab").mkdir(parents=True)
    (tmp_path / "storage" / "ab" / "abc").write_text("a segment")
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "organisation").write_text("demo")
    for name in ("servers/log-ins", "demo-password", "audit-checkpoints.ndjson", "audit.key"):
        (tmp_path / name).write_text("x")
    return tmp_path


def demo(*words: str) -> str:
    said = StringIO()
    call_command("demo", *words, stdout=said)
    return said.getvalue()


def simulated() -> Unit:
    """An organisation as the simulation makes it."""
    with acting(request_id=removal.ORIGIN, via="command"):
        set_up_organisation("Fennmark", actor=None, simulated=True)
        root = Unit.objects.get(parent=None)
        add_membership(create_user("erin", name="Erin Fenn", actor=None), Role.ENGINEER, root, actor=None)
    return root


@pytest.mark.real_commits
def test_removing_it_empties_the_database_and_forgets_its_files(committed_db: None, home: Path) -> None:
    simulated()
    assert "`PORTAL_DEMO=0 make run`" in demo("--remove")
    assert not Organisation.objects.exists()
    assert not Entry.objects.exists()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("portal_app",)
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert left == {"servers/organisation", "audit.key"}
    assert (home / "servers" / "organisation").read_text() == "empty"
    assert simulated().name == "Fennmark", "the tables are there and take rows"


def test_what_is_not_simulated_is_never_removed(db: None, home: Path) -> None:
    set_up_organisation("Acme", actor=None)
    with pytest.raises(CommandError, match="Acme is not simulated; nothing is removed"):
        demo("--remove")
    assert Organisation.objects.get().name == "Acme"
    assert (home / "storage" / "ab" / "abc").exists()


def test_one_real_row_beside_the_simulated_ones_keeps_all_of_them(db: None, home: Path) -> None:
    root = simulated()
    with acting(via="web"):
        create_unit("Ours", slug="ours", parent=root, actor=None)
    with pytest.raises(CommandError, match=r"1 rows came in since it was made, the first as unit\.created"):
        demo("--remove")
    assert Unit.objects.filter(slug="ours").exists()


@pytest.mark.real_commits
def test_it_is_not_removed_under_a_portal_that_runs(committed_db: None, home: Path) -> None:
    simulated()
    told: dict[str, Any] = connections["default"].get_connection_params()
    session = psycopg2.connect(**{key: told[key] for key in ("dbname", "host", "user")})
    try:
        with pytest.raises(CommandError, match=r"still runs \(1 sessions\); stop it first"):
            demo("--remove")
    finally:
        session.close()
    assert Organisation.objects.exists()


def test_a_second_start_says_in_one_line_that_there_is_nothing_to_make(db: None) -> None:
    simulated()
    assert demo() == "Fennmark, the simulated organisation, is there already.\n"


def test_a_portal_that_is_set_up_gets_no_simulation(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_organisation("Acme", actor=None)
    with pytest.raises(CommandError, match="Acme is set up already"):
        demo()
    with pytest.raises(SystemExit) as end:
        call_command("demo", "--if-empty")
    assert end.value.code == 1
    assert capsys.readouterr().out == "Acme is set up; no simulated organisation is made.\n"
