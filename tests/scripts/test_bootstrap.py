"""What a person at the terminal is told when something stands in the way, and that the files agree."""

import ast
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import manage
from scripts import bootstrap, environment, migrations, place
from scripts.errors import Obstacle
from tests.scripts.conftest import ROOT, Python

BOOTSTRAP = ROOT / "scripts" / "bootstrap.py"
AS_PYTHON_3_9 = """
import runpy, sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def refusal(child: "subprocess.Popen[str]") -> str:
    """The one sentence of a command that failed."""
    output, _ = child.communicate(timeout=30)
    assert child.returncode == 1
    assert "Traceback" not in output
    (sentence,) = output.splitlines()
    return sentence


def test_a_port_in_use_is_named_with_a_way_out(folder: Path, python: Python) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = python("-m", "scripts.run", PORTAL_HOME=str(folder), PORTAL_PORT=str(port))
        assert refusal(run) == f"Port {port} is in use; `PORTAL_PORT={port + 1} make run` takes another."


def test_a_second_run_is_refused_and_named(folder: Path, python: Python) -> None:
    with place.claim(folder):
        sentence = refusal(python("-m", "scripts.run", PORTAL_HOME=str(folder)))
    assert re.fullmatch(
        rf"A portal already runs in {folder} \(process \d+\); `make stop` ends it\.", sentence
    )


def test_a_folder_that_cannot_be_written_is_named(python: Python) -> None:
    sentence = refusal(python("-m", "scripts.run", PORTAL_HOME="/dev/null/portal"))
    assert sentence == "The folder /dev/null/portal cannot be written (Not a directory)."


def test_half_of_the_servers_of_production_is_refused(folder: Path, python: Python) -> None:
    run = python(
        "-m", "scripts.run", PORTAL_HOME=str(folder), PORTAL_PORT="0", DATABASE_URL="postgresql:///portal"
    )
    assert refusal(run).startswith("DATABASE_URL is set and REDIS_URL is not")


def test_a_port_that_is_no_number_is_refused(folder: Path, python: Python) -> None:
    run = python("-m", "scripts.run", PORTAL_HOME=str(folder), PORTAL_PORT="http")
    assert refusal(run) == "PORTAL_PORT is not a number: 'http'."


def test_stop_ends_the_run_of_another_terminal(folder: Path, python: Python) -> None:
    claim = "import sys, time; from pathlib import Path; from scripts.place import claim\n"
    run = python(
        "-c", f"{claim}with claim(Path(sys.argv[1])): print('here', flush=True); time.sleep(60)", folder
    )
    assert run.stdout
    assert run.stdout.readline() == "here\n"
    stop = python("-m", "scripts.stop", PORTAL_HOME=str(folder))
    assert stop.communicate(timeout=30)[0] == "Stopped.\n"
    assert run.wait(10) != 0
    nothing = python("-m", "scripts.stop", PORTAL_HOME=str(folder))
    assert nothing.communicate(timeout=30)[0] == f"No portal runs in {folder}.\n"


def test_an_old_python_is_told_which_one_is_needed() -> None:
    told = subprocess.run(
        [sys.executable, "-c", AS_PYTHON_3_9, str(BOOTSTRAP), "run"],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert told.stderr == f"The portal needs Python 3.11 or newer; {sys.executable} is 3.9.\n"


def test_an_old_python_can_read_the_bootstrap() -> None:
    ast.parse(BOOTSTRAP.read_text(), feature_version=(3, 7))


def test_an_unknown_command_is_wrong_use(python: Python) -> None:
    wrong = python(str(BOOTSTRAP), "rnu")
    assert wrong.communicate(timeout=30)[0].startswith("usage: ")
    assert wrong.returncode == 2


def test_a_python_that_cannot_make_environments_is_told_which_package_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Obstacle, match="apt-get install python3-venv"):
        environment.create()


def test_an_environment_is_made_again_when_the_lock_or_the_place_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = folder / "requirements"
    locks.mkdir()
    for lock in ("runtime", "dev"):
        (locks / f"{lock}.lock").write_text("one")
    monkeypatch.setattr(environment, "REQUIREMENTS", locks)
    for name, path in (("VENV", folder), ("PYTHON", folder / "python"), ("STAMP", folder / "stamp")):
        monkeypatch.setattr(environment, name, path)
    assert not environment.is_ready("runtime")
    (folder / "python").touch()
    environment.note_installed("runtime")
    assert environment.is_ready("runtime")
    assert not environment.is_ready("dev")
    environment.note_installed("dev")
    assert environment.is_ready("runtime")
    assert environment.is_ready("dev")

    stamp = json.loads((folder / "stamp").read_text())
    (folder / "stamp").write_text(json.dumps({**stamp, "place": "/elsewhere"}))
    assert not environment.is_ready("runtime")

    environment.note_installed("runtime")
    (locks / "runtime.lock").write_text("two")
    assert not environment.is_ready("runtime")


def test_the_development_lock_holds_the_runtime_lock_pin_by_pin() -> None:
    def pins(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.lock").read_text()
        return set(re.findall(r"^[\w.\[\]-]+==[^ ;\\]+", text, re.MULTILINE))

    assert pins("runtime")
    assert pins("runtime") <= pins("dev")


def test_every_package_is_pinned_by_hash_and_no_host_is_named() -> None:
    for lock in ("installer", "runtime", "dev"):
        text = (ROOT / "requirements" / f"{lock}.lock").read_text()
        assert "://" not in text
        for block in re.split(r"\n(?=\w)", text.strip()):
            assert "--hash=sha256:" in block, block


def test_tables_are_brought_up_to_date_again_when_a_migration_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = folder / "area" / "migrations"
    area.mkdir(parents=True)
    (folder / "requirements").mkdir()
    (folder / "requirements" / "runtime.lock").touch()
    (folder / "servers").mkdir()
    monkeypatch.setattr(migrations, "ROOT", folder)
    assert not migrations.were_ever_applied(folder)
    migrations.note_applied(folder)
    assert migrations.are_applied(folder)
    (area / "0001_initial.py").write_text("one")
    assert not migrations.are_applied(folder)
    assert migrations.were_ever_applied(folder)


def test_make_alone_lists_every_target() -> None:
    bare = {"PATH": os.environ["PATH"]}  # without what an outer make says to an inner one
    listed = subprocess.run(["make"], cwd=ROOT, env=bare, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^  make (\w+) +\S", listed, re.MULTILINE)
    assert set(targets) == {"help", *bootstrap.COMMANDS}
    assert len(listed.splitlines()) == len(targets)


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("token ada --days 3", True),
        ("migrate", True),
        ("token --help", False),
        ("check --deploy", False),
        ("makemigrations --check", False),
        ("features", False),
        ("", False),
    ],
)
def test_a_command_that_asks_nothing_of_the_database_starts_no_server(line: str, needed: bool) -> None:
    assert manage.needs_database(["manage.py", *line.split()]) is needed


def test_tables_are_changed_by_their_owner_unless_told_otherwise() -> None:
    assert manage.as_owner(["manage.py", "migrate"]) == ["manage.py", "migrate", "--database", "owner"]
    for told in (["manage.py", "migrate", "--database=default"], ["manage.py", "check"]):
        assert manage.as_owner(told) == told
