"""The supervisor: one log, restarts, and an end that leaves nothing behind."""

import select
import signal
from pathlib import Path
from typing import IO

from scripts.processes import wait_until
from tests.scripts.conftest import Python

SUPERVISE = """
import os, signal, sys
from scripts.supervisor import Program, Stopped, Supervisor, stop_on_signals
stop_on_signals()
named = zip(sys.argv[1::2], sys.argv[2::2])
programs = [Program(name, ("sh", "-c", line), grace_seconds=1) for name, line in named]
try:
    Supervisor().keep(programs, each_tick=lambda: None)
except Stopped as reason:
    print("over", reason, flush=True)
"""
WAIT_FOR_FILE = 'first_is_up=lambda: os.path.exists(os.environ["UP"])'
SLEEP = "echo $$; exec sleep 60"
SAY_BYE = "trap 'echo bye; exit' TERM; echo $$; while :; do sleep 0.05; done"
DEAF = "trap '' TERM; echo $$; while :; do sleep 0.05; done"


def said(output: IO[str] | None, name: str) -> str:
    """The next line of this program."""
    assert output
    for line in output:
        if line.startswith(name):
            return line.partition("│")[2].strip()
    raise AssertionError(f"{name} said nothing more")


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_signal_ends_the_programs_in_reverse_order(python: Python) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        supervisor = python("-c", SUPERVISE, "first", SAY_BYE, "second", SAY_BYE)
        pids = [int(said(supervisor.stdout, name)) for name in ("first", "second")]

        supervisor.send_signal(ending)

        assert said(supervisor.stdout, "second") == "bye"
        assert said(supervisor.stdout, "first") == "bye"
        assert supervisor.stdout
        assert supervisor.stdout.read() == f"over {ending.name}\n"
        assert supervisor.wait() == 0
        assert not any(map(lives, pids))


def test_killing_the_supervisor_ends_every_program(python: Python) -> None:
    supervisor = python("-c", SUPERVISE, "first", SLEEP, "second", SLEEP)
    pids = [int(said(supervisor.stdout, name)) for name in ("first", "second")]
    supervisor.kill()
    supervisor.wait()
    assert wait_until(lambda: not any(map(lives, pids)), seconds=5)


def test_a_program_that_ends_by_itself_starts_again_later_each_time(python: Python) -> None:
    supervisor = python("-c", SUPERVISE, "fails", "exit 3", "works", SLEEP)
    assert said(supervisor.stdout, "fails") == "ended with exit code 3; starts again in 1 s"
    assert said(supervisor.stdout, "fails") == "ended with exit code 3; starts again in 2 s"
    assert supervisor.poll() is None


def test_the_others_wait_until_the_first_is_up(python: Python, folder: Path) -> None:
    waiting = SUPERVISE.replace("each_tick=lambda: None", f"{WAIT_FOR_FILE}, each_tick=lambda: None")
    supervisor = python("-c", waiting, "first", SLEEP, "second", SLEEP, UP=str(folder / "up"))
    said(supervisor.stdout, "first")
    assert supervisor.stdout
    assert not select.select([supervisor.stdout], [], [], 0.5)[0]
    (folder / "up").touch()
    assert lives(int(said(supervisor.stdout, "second")))


def test_a_program_that_does_not_end_is_killed_with_its_children(python: Python) -> None:
    supervisor = python("-c", SUPERVISE, "deaf", f"sleep 60 & echo $!; {DEAF}")
    child, itself = int(said(supervisor.stdout, "deaf")), int(said(supervisor.stdout, "deaf"))
    supervisor.terminate()
    assert said(supervisor.stdout, "deaf") == "does not end within 1 s; killed"
    assert supervisor.wait(10) == 0
    assert wait_until(lambda: not lives(itself) and not lives(child), seconds=5)


def test_a_reader_who_goes_away_stops_nothing(python: Python) -> None:
    supervisor = python("-c", SUPERVISE, "talks", "while :; do echo $$; sleep 0.05; done")
    pid = int(said(supervisor.stdout, "talks"))
    assert supervisor.stdout
    supervisor.stdout.close()
    assert not wait_until(lambda: supervisor.poll() is not None, seconds=0.5)
    assert lives(pid)
    supervisor.terminate()
    assert supervisor.wait(10) == 0
