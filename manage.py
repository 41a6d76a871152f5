#!/usr/bin/env python3
"""Any command of the portal.

Without DATABASE_URL it uses the embedded servers of a running portal, or starts them for its own duration.
Exit codes: 0 done, 1 failed, 2 wrong use, 3 a gate is closed, 4 some rows refused.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from scripts import migrations, servers
from scripts.errors import Obstacle
from scripts.place import home

ROOT = Path(__file__).resolve().parent
NEEDS_NO_DATABASE = {
    *("help", "version", "check", "diffsettings", "findstatic", "collectstatic", "compilemessages"),
    *("makemessages", "makemigrations", "startapp", "features", "permissions", "openapi", "spectacular"),
}
ASKS_ONLY = {"-h", "--help", "--version"}
MAKES_ITS_OWN_TABLES = {"migrate", "restore"}


def main(arguments: list[str]) -> None:
    if find_spec("django") is None:
        _use_environment(arguments)
    from django.core.management import execute_from_command_line  # noqa: PLC0415 — only where it is installed

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("PORTAL_JOB_PROCESS", "1")
    try:
        with _database(arguments):
            execute_from_command_line(as_owner(arguments))
    except Obstacle as obstacle:
        sys.exit(str(obstacle))


def needs_database(arguments: list[str]) -> bool:
    named = arguments[1:2] or ["help"]
    return not (NEEDS_NO_DATABASE & set(named) or ASKS_ONLY & set(arguments))


def as_owner(arguments: list[str]) -> list[str]:
    """Tables belong to portal_owner, so `migrate` runs as that role unless it is told otherwise."""
    told = any(argument.startswith("--database") for argument in arguments)
    return [*arguments, "--database", "owner"] if arguments[1:2] == ["migrate"] and not told else arguments


@contextmanager
def _database(arguments: list[str]) -> Iterator[None]:
    """The embedded servers for as long as the command runs, with tables once there are any."""
    if "DATABASE_URL" in os.environ or not needs_database(arguments):
        yield
        return
    with servers.home(home()) as environment:
        os.environ.update({**environment, **os.environ})
        if arguments[1] not in MAKES_ITS_OWN_TABLES and not migrations.were_ever_applied(home()):
            subprocess.run(migrations.COMMAND, check=True)  # noqa: S603 — our own words
            migrations.note_applied(home())
        yield


def _use_environment(arguments: list[str]) -> None:
    """Started by a Python without the packages: use the one of `.venv`."""
    python = ROOT / ".venv" / "bin" / "python"
    if not python.exists() or Path(sys.executable) == python:
        sys.exit("The packages are not installed; `make setup` installs them.")
    os.execv(python, [str(python), *arguments])  # noqa: S606 — no shell is wanted


if __name__ == "__main__":
    main(sys.argv)
