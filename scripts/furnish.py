"""The first start of a portal: its tables, its demo organisation, and how to sign in."""

import subprocess
import sys
from pathlib import Path

from scripts import migrations
from scripts.errors import Obstacle
from scripts.place import ROOT, Place
from scripts.servers import Servers
from scripts.supervisor import Program, Supervisor

MANAGE = (sys.executable, str(ROOT / "manage.py"))
BEGUN, DEMO, EMPTY = "begun", "demo", "empty"


def furnish(place: Place, embedded: Servers | None, supervisor: Supervisor) -> list[str]:
    """Bring the tables up to date and, at the first start, make the demo; the lines that say how to sign in.

    A demo that was interrupted is begun again with an empty database: nobody has worked with it yet.
    """
    folder = place.home / "servers" if embedded else place.home
    first = FirstStart(folder / "organisation", folder / "log-ins")
    if embedded and first.state == BEGUN:
        supervisor.say("portal", "the first start was interrupted; beginning again")
        _begin_again(place, embedded, first)
    untouched = embedded is not None and not migrations.were_ever_applied(place.home)
    if embedded is None or not migrations.are_applied(place.home):
        _migrate(place, embedded, supervisor)
    if not first.state:
        first.state = choose(place, first, supervisor, untouched=untouched)
    if first.state != DEMO:
        return _welcome(supervisor)
    if not first.lines.exists():
        first.keep_log_ins(_welcome(supervisor))
    return first.lines.read_text().splitlines()


class FirstStart:
    """What the first start made, remembered beside the data."""

    def __init__(self, state: Path, lines: Path) -> None:
        self.file, self.lines = state, lines

    @property
    def state(self) -> str:
        return self.file.read_text() if self.file.exists() else ""

    @state.setter
    def state(self, value: str) -> None:
        self.file.write_text(value)

    def keep_log_ins(self, lines: list[str]) -> None:
        self.lines.touch(mode=0o600)
        self.lines.write_text("\n".join(lines))


def _migrate(place: Place, embedded: Servers | None, supervisor: Supervisor) -> None:
    supervisor.say("portal", "bringing the tables up to date …")
    if supervisor.once(Program("migrate", migrations.COMMAND)) != 0:
        raise Obstacle("The tables could not be brought up to date; the lines above say why.")
    if embedded:
        migrations.note_applied(place.home)


def choose(place: Place, first: FirstStart, supervisor: Supervisor, *, untouched: bool) -> str:
    """Make the demo where it is wanted and the portal still empty; the state to remember."""
    if not place.demo:
        return EMPTY
    if untouched:
        first.state = BEGUN
        supervisor.say("portal", "making the simulated organisation, once …")
    if supervisor.once(Program("demo", (*MANAGE, "demo", "--if-empty"))) == 0:
        return DEMO
    if untouched:
        raise Obstacle("The simulated organisation could not be made; `PORTAL_DEMO=0 make run` does without.")
    return EMPTY


def _begin_again(place: Place, embedded: Servers, first: FirstStart) -> None:
    embedded.postgres.recreate()
    migrations.forget(place.home)
    (place.home / "audit-checkpoints.ndjson").unlink(missing_ok=True)  # of the entries just dropped
    first.file.unlink()


def _welcome(supervisor: Supervisor) -> list[str]:
    """What the portal itself says about signing in; nothing once an administrator has."""
    told = subprocess.run([*MANAGE, "welcome"], capture_output=True, text=True, check=False)
    if told.returncode != 0:
        for line in told.stderr.splitlines():
            supervisor.say("portal", line)
    return told.stdout.splitlines()
