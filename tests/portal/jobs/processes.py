"""A real worker and a real broker, to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

from scripts import valkey
from scripts.processes import service_account
from scripts.valkey import Valkey

ROOT = Path(__file__).parents[3]


def eventually(condition: Callable[[], object], seconds: float = 15) -> float:
    """Wait until the condition holds; how many seconds it took. Fails when it does not come to hold."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it did not come to hold in time"
        time.sleep(0.02)
    return time.monotonic() - started


class Broker:
    """A Valkey of the test's own."""

    def __init__(self, folder: Path) -> None:
        account = service_account()
        if account is not None:
            account.owns(folder)
            folder.chmod(0o711)
        binary = valkey.within_reach(valkey.find_binary(), account, folder)
        self.valkey = Valkey(binary, folder / "data", folder, folder / "valkey.log", account)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.valkey.socket}"

    def start(self) -> None:
        if self.process is None:
            self.process = self.valkey.start()

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def unacknowledged(self) -> int:
        """How many messages workers have taken and not yet begun."""
        with redis.from_url(self.url) as client:
            return int(client.hlen("unacked"))

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Celery:
    """A process of Celery's, started as the supervisor starts it, knowing the jobs of the yard."""

    arguments: tuple[str, ...]

    def __init__(self, broker: Broker, log: Path) -> None:
        self.broker = broker
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "portal.celery:app", *self.arguments]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.portal.jobs.yard.settings",
            "REDIS_URL": self.broker.url,
            "PORTAL_JOB_PROCESS": "1",
            "PORTAL_POLLER_SILENCE": "10",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> int:
        """Ask it to end in good order; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        """Kill all of it at once, with its children and theirs."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Worker(Celery):
    """A worker with two processes in its pool, and its poller."""

    arguments = (
        *("worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )

    def descendants(self) -> list[int]:
        """Pool, poller and the poller's children."""
        assert self.process is not None
        found, parents = list[int](), [self.process.pid]
        while parents:
            parent = parents.pop()
            for thread in Path("/proc").glob(f"{parent}/task/*/children"):
                with suppress(OSError):  # it ended meanwhile
                    children = [int(child) for child in thread.read_text().split()]
                    found += children
                    parents += children
        return found

    def revive(self) -> None:
        """Start it again where it ended, as its supervisor does: a pool that dies on the way to a broker
        takes Celery's worker with it.
        """
        if self.process is not None and self.process.poll() is not None:
            self.start()

    def portrait(self) -> str:
        """One line for each of its processes: id, state and what it waits for, command."""
        if self.process is None or self.process.poll() is not None:
            return "the worker is not running"
        lines = []
        for process in (self.process.pid, *self.descendants()):
            with suppress(OSError):  # it ended meanwhile
                folder = Path(f"/proc/{process}")
                state = folder.joinpath("stat").read_text().rpartition(")")[2].split()[0]
                waits = folder.joinpath("wchan").read_text()
                command = folder.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
                lines.append(f"{process} {state} {waits} {command}")
        return "\n".join(lines)

    def poller(self) -> int:
        """The process that looks into the ledger."""
        return self._with_argument(b"poll")[0]

    def pool(self) -> list[int]:
        """The processes of Celery's pool."""
        return self._with_argument(b"worker")

    def _with_argument(self, argument: bytes) -> list[int]:
        return [
            process
            for process in self.descendants()
            if argument in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        ]


class Beat(Celery):
    arguments = ("beat", "--loglevel", "WARNING", "--max-interval", "1")
