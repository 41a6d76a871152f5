"""`make run` as a person meets it: from nothing to an address, through a kill, to an orderly end."""

import re
import signal
import socket
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from scripts.errors import Obstacle
from scripts.furnish import BEGUN, DEMO, EMPTY, FirstStart, choose
from scripts.place import Place
from scripts.processes import wait_until
from scripts.supervisor import Program, Supervisor
from tests.scripts.conftest import Python
from tests.scripts.test_servers import processes_in


def ready(run: "subprocess.Popen[str]") -> list[str]:
    """What it printed up to the line with the address, and the line after."""
    assert run.stdout
    lines = []
    for line in run.stdout:
        lines.append(line.rstrip())
        if line.startswith("Ready: "):
            return [*lines, run.stdout.readline().rstrip()]
    raise AssertionError("\n".join(lines))


def listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.mark.real_worker
def test_a_portal_starts_from_nothing_survives_a_kill_and_ends_in_order(folder: Path, python: Python) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environment = {"PORTAL_HOME": str(folder), "PORTAL_PORT": port, "PORTAL_DEMO": "0"}

    run = python("-m", "scripts.run", **environment)
    *_, address, link = ready(run)
    assert address == f"Ready: http://127.0.0.1:{port}"
    assert re.fullmatch(rf"Set the password of administrator once, here: http://127.0.0.1:{port}/\S+", link)
    with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        assert answer.status == 200
    run.kill()
    assert wait_until(lambda: not processes_in(folder) and not listens(port), seconds=30)

    run = python("-m", "scripts.run", **environment)
    *before, again, _ = ready(run)
    assert again == address
    assert not any("tables" in line for line in before), "what is up to date is left alone"
    run.send_signal(signal.SIGTERM)
    assert run.stdout
    assert run.stdout.read().splitlines()[-1].endswith("stopped; nothing is lost")
    assert run.wait() == 0
    assert not processes_in(folder)
    assert not listens(port)


class Scripted(Supervisor):
    """A supervisor whose programs end as the test says."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code
        self.ran: list[str] = []

    def once(self, program: Program) -> int:
        self.ran.append(program.name)
        return self.code


def place(folder: Path, *, demo: bool) -> Place:
    return Place(folder, "127.0.0.1", 8000, "http://127.0.0.1:8000", demo)


def test_the_demo_is_made_once_and_only_where_it_is_wanted(folder: Path) -> None:
    first = FirstStart(folder / "state", folder / "lines")
    wanted, unwanted = Scripted(0), Scripted(0)
    assert choose(place(folder, demo=False), first, unwanted, untouched=True) == EMPTY
    assert choose(place(folder, demo=True), first, wanted, untouched=True) == DEMO
    assert (wanted.ran, unwanted.ran) == (["demo"], [])


def test_a_portal_that_is_set_up_is_not_told_that_a_simulation_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = FirstStart(folder / "state", folder / "lines")
    assert choose(place(folder, demo=True), first, Scripted(1), untouched=False) == EMPTY
    assert "making" not in capsys.readouterr().out


def test_a_demo_that_failed_half_way_is_remembered_and_begun_again_only_in_an_untouched_portal(
    folder: Path,
) -> None:
    first = FirstStart(folder / "state", folder / "lines")
    assert choose(place(folder, demo=True), first, Scripted(1), untouched=False) == EMPTY
    assert first.state == "", "a portal that people have worked with is never thrown away"
    with pytest.raises(Obstacle, match="PORTAL_DEMO=0 make run"):
        choose(place(folder, demo=True), first, Scripted(1), untouched=True)
    assert first.state == BEGUN
