"""The embedded servers: whose they are, what they lose, and when they end."""

import json
import os
import signal
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from scripts import servers
from scripts.errors import Obstacle
from scripts.postgres import Postgres, find_binaries
from scripts.processes import service_account, spawn, wait_until
from tests.scripts.conftest import Python

COMMIT_FOR_EVER = """
import json, sys, psycopg2
from pathlib import Path
from scripts import servers
with servers.home(Path(sys.argv[1])) as env:
    print(json.dumps(env), flush=True)
    owner = psycopg2.connect(env["DATABASE_OWNER_URL"])
    owner.autocommit = True
    owner.cursor().execute("CREATE TABLE kept (id int)")
    app = psycopg2.connect(env["DATABASE_URL"])
    for number in range(1_000_000):
        app.cursor().execute("INSERT INTO kept VALUES (%s)", [number])
        app.commit()
        print(number, flush=True)
"""
LEAVE_WHEN_TOLD = """
import sys, time
from pathlib import Path
from scripts import servers
with servers.home(Path(sys.argv[1])):
    print("started", flush=True)
    while not Path(sys.argv[1], "leave").exists():
        time.sleep(0.01)
    print("leaving", flush=True)
"""


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
        cursor.execute(statement)
        found: list[tuple[object, ...]] = cursor.fetchall()
        return found


def processes_in(folder: Path) -> list[int]:
    """The processes that work in this folder or below: PostgreSQL and Valkey work in that of their data."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            working_in = (process / "cwd").readlink()
        except OSError:
            continue
        if working_in.is_relative_to(folder):
            found.append(int(process.name))
    return found


def test_killing_the_parent_ends_both_servers_and_loses_no_committed_row(
    folder: Path, python: Python
) -> None:
    parent = python("-c", COMMIT_FOR_EVER, str(folder))
    assert parent.stdout
    environment = json.loads(parent.stdout.readline())
    acknowledged = [int(parent.stdout.readline()) for _ in range(50)]
    assert processes_in(folder)

    parent.kill()
    acknowledged += [int(line) for line in parent.stdout.read().split()]

    assert wait_until(lambda: not processes_in(folder), seconds=20)
    with servers.home(folder) as again:
        assert again == environment
        kept = {number for (number,) in rows(again["DATABASE_URL"], "SELECT id FROM kept")}
    assert set(acknowledged) <= kept
    assert not processes_in(folder)


def test_the_role_of_the_application_owns_nothing_and_bypasses_nothing() -> None:
    app, owner = os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"]
    rights = (
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    assert rows(app, rights) == [(False, False, False, False)]
    assert rows(owner, rights) == [(False, False, False, True)]
    owned = "SELECT count(*) FROM pg_database WHERE pg_get_userbyid(datdba) = 'portal_app'"
    assert rows(app, owned) == [(0,)]


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("INSERT INTO things (name) VALUES ('a')", True),
        ("SELECT * FROM things", True),
        ("UPDATE things SET name = 'b'", True),
        ("DELETE FROM things", True),
        ("TRUNCATE things", False),
        ("ALTER TABLE things ADD COLUMN more int", False),
        ("CREATE TABLE mine (id int)", False),
        ("DROP TABLE things", False),
        ("CREATE TEMPORARY TABLE staging (id int)", True),
    ],
)
def test_the_application_writes_rows_and_never_tables(statement: str, allowed: bool) -> None:
    with closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as owner:
        with owner, owner.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS things (id bigserial PRIMARY KEY, name text)")
        with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as app, app.cursor() as cursor:
            if allowed:
                cursor.execute(statement)
            else:
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(statement)
        with owner, owner.cursor() as cursor:
            cursor.execute("DROP TABLE things")


def test_every_new_database_has_the_extensions_and_speaks_utf8() -> None:
    owner = os.environ["DATABASE_OWNER_URL"]
    extensions = {name for (name,) in rows(owner, "SELECT extname FROM pg_extension")}
    assert extensions >= {"pg_trgm", "btree_gist"}
    assert rows(owner, "SHOW server_encoding") == [("UTF8",)]
    assert rows(owner, "SHOW timezone") == [("UTC",)]


def test_nobody_reaches_the_servers_over_the_network_or_as_another_user() -> None:
    assert rows(os.environ["DATABASE_OWNER_URL"], "SHOW listen_addresses") == [("",)]
    folder = Path(os.environ["REDIS_URL"].removeprefix("unix://")).parent
    sockets = [path for path in folder.iterdir() if path.is_socket()]
    assert len(sockets) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *sockets)} == {0o700}


def test_a_second_command_uses_the_servers_of_the_first_which_waits_for_it(
    folder: Path, python: Python
) -> None:
    first = python("-c", LEAVE_WHEN_TOLD, str(folder))
    assert first.stdout
    assert first.stdout.readline() == "started\n"
    with servers.home(folder) as ours:
        assert servers.find(folder) == ours
        (folder / "leave").touch()
        assert first.stdout.readline() == "leaving\n"
        assert "waiting" in first.stdout.readline()
        assert rows(ours["DATABASE_URL"], "SELECT 1") == [(1,)]
        assert first.poll() is None
    assert first.wait(20) == 0
    assert servers.find(folder) is None


def test_a_server_that_is_killed_is_started_again_and_the_other_stays(folder: Path) -> None:
    with servers.own(folder) as both:
        url = both.environment()["DATABASE_URL"]
        valkey = both.children[both.valkey].pid
        both.children[both.postgres].kill()
        both.children[both.postgres].wait()

        assert both.revive() == ["PostgreSQL"]
        assert rows(url, "SELECT 1") == [(1,)]
        assert both.children[both.valkey].pid == valkey
        assert both.revive() == []


def test_a_path_too_long_for_a_socket_is_no_obstacle(folder: Path) -> None:
    deep = folder / ("a" * 60) / ("b" * 60)
    with servers.home(deep) as environment:
        assert rows(environment["DATABASE_URL"], "SELECT 1") == [(1,)]
        sockets = Path(environment["REDIS_URL"].removeprefix("unix://")).parent
    assert not sockets.exists()


def test_a_pid_file_whose_number_went_to_somebody_else_is_no_obstacle(folder: Path) -> None:
    with servers.home(folder):
        pass
    stranger = spawn(
        ["sleep", "60"],
        output=subprocess.DEVNULL,
        last_signal=signal.SIGKILL,
        account=service_account(),
    )
    try:
        data = (folder / "servers" / "postgres").resolve()
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n{int(time.time())}\n5432\n\n\n")
        with servers.home(folder) as environment:
            assert rows(environment["DATABASE_URL"], "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave a folder that is closed to others")
def test_root_keeps_data_elsewhere_when_the_folder_is_closed_to_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(servers, "SYSTEM_FOLDER", folder / "system")
    closed = folder / "root"
    closed.mkdir(mode=0o700)
    for _ in range(2):
        with servers.home(closed / "portal") as environment:
            rows(environment["DATABASE_URL"], "SELECT 1")
    assert (closed / "portal" / "servers").readlink().is_relative_to(folder / "system")
    assert len(list((folder / "system").iterdir())) == 1
    assert capfd.readouterr().err.count("may not enter") == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_throwaway_servers_leave_nothing() -> None:
    with servers.throwaway() as environment:
        place = Path(environment["REDIS_URL"].removeprefix("unix://")).parent
        assert processes_in(place)
    assert not place.exists()
    assert not processes_in(place)


def test_a_folder_without_binaries_is_named(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PORTAL_PG_BINDIR", str(folder))
    with pytest.raises(Obstacle, match=f"There is no postgres, no initdb, no psql in {folder}"):
        find_binaries()


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with (
        pytest.raises(Obstacle, match="/dev/null/portal cannot be written"),
        servers.home(Path("/dev/null/portal")),
    ):
        pass


def test_postgres_says_why_it_does_not_start(folder: Path) -> None:
    account = service_account()
    cluster = Postgres(find_binaries(), folder / "data", folder, folder / "log", account)
    cluster.data.mkdir(mode=0o700)
    (cluster.data / "PG_VERSION").write_text("9\n")
    (cluster.data / "postgresql.conf").touch()
    if account is not None:
        account.owns(cluster.data)
    with pytest.raises(Obstacle, match=r"PostgreSQL does not start: .*incompatible"):
        cluster.start()
