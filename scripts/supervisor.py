"""Keeps programs running in the foreground: one log, restarts with back-off, and an orderly end."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from scripts.errors import Obstacle
from scripts.processes import spawn

STABLE_AFTER = 60.0  # seconds a program has to run for its next failure to count as the first
LONGEST_PAUSE = 30.0  # seconds between two starts of a program that keeps failing
TICK = 0.2  # seconds
COLOURS = (36, 35, 33, 34, 32)  # of the names, on a terminal


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, `make stop`, or a terminal that was closed."""


@dataclass(frozen=True)
class Program:
    """What to run, and how it wants to be ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    without_parent: signal.Signals = signal.SIGTERM
    """What the kernel sends when the supervisor is killed: the fastest end the program knows."""
    grace_seconds: float = 20
    """How long it may take to end after SIGTERM before it is killed."""


class Supervised:
    """A program under supervision: the running child, and when to start the next one."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.child: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.started = 0.0
        self.next_start = 0.0

    def failed(self, now: float) -> float:
        """Note that it ended by itself; the pause before it starts again, in seconds."""
        self.failures = 1 if now - self.started > STABLE_AFTER else self.failures + 1
        pause = min(2.0 ** (self.failures - 1), LONGEST_PAUSE)
        self.child, self.next_start = None, now + pause
        return pause


class Supervisor:
    """Runs programs as children of this process and prints what they say, a name before each line."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.width = max(len(name) for name in ("portal", "migrate", "worker"))

    def once(self, program: Program) -> int:
        """Run a program to its end; its exit code."""
        child = self._start(program)
        try:
            while child.poll() is None:
                self._relay(TICK)
            self._relay(0)
        finally:
            self._end([(program, child)])
        return child.returncode

    def keep(
        self,
        programs: Sequence[Program],
        *,
        each_tick: Callable[[], None],
        first_is_up: Callable[[], bool] = lambda: True,
    ) -> None:
        """Run all of them for ever; ends by an exception, and then ends them in reverse order.

        The first one has the processors to itself until it is up.
        """
        supervised = [Supervised(program) for program in programs]
        try:
            while True:
                for one in supervised if first_is_up() else supervised[:1]:
                    self._look_after(one)
                self._relay(TICK)
                each_tick()
        finally:
            self._end([(one.program, one.child) for one in reversed(supervised) if one.child])

    def say(self, name: str, line: str) -> None:
        if sys.stdout.isatty():
            colour = COLOURS[sum(name.encode()) % len(COLOURS)]
            name = f"\033[{colour}m{name:<{self.width}}\033[0m"
        self.print(f"{name:<{self.width}} │ {line}")

    def print(self, text: str) -> None:
        """Print, or go on in silence when nobody reads any more: a closed terminal stops no job half-way."""
        try:
            print(text, flush=True)
        except OSError:
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 — it stays open as long as we run

    def _look_after(self, one: Supervised) -> None:
        now = time.monotonic()
        if one.child is None and now >= one.next_start:
            one.child, one.started = self._start(one.program), now
        elif one.child is not None and one.child.poll() is not None:
            code = one.child.returncode
            pause = one.failed(now)
            self.say(one.program.name, f"ended with exit code {code}; starts again in {pause:.0f} s")

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        child = spawn(
            program.command,
            output=subprocess.PIPE,
            last_signal=program.without_parent,
            env={**os.environ, **program.environment},
            cwd=Path.cwd(),
        )
        if child.stdout is None:
            raise Obstacle(f"{program.name} has no output to read.")
        os.set_blocking(child.stdout.fileno(), False)
        self.selector.register(child.stdout, selectors.EVENT_READ, _Lines(program.name))
        return child

    def _relay(self, seconds: float) -> None:
        """Print what arrived, waiting at most this long for more."""
        if not self.selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self.selector.select(seconds):
            chunk = os.read(key.fd, 65_536)
            for line in key.data.add(chunk):
                self.say(key.data.name, line)
            if not chunk:
                self.selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]  # a pipe, never a bare descriptor

    def _end(self, running: Sequence[tuple[Program, subprocess.Popen[bytes]]]) -> None:
        """Ask each to end, in this order, and kill what takes longer than its grace."""
        for program, child in running:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + program.grace_seconds
            while child.poll() is None and time.monotonic() < deadline:
                self._relay(TICK)
            if child.poll() is None:
                self.say(program.name, f"does not end within {program.grace_seconds:.0f} s; killed")
                os.killpg(child.pid, signal.SIGKILL)  # it leads a session: its own children go too
                child.wait()
            self._relay(0)


class _Lines:
    """Bytes in, whole lines out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rest = b""

    def add(self, chunk: bytes) -> list[str]:
        *whole, self.rest = (self.rest + chunk).split(b"\n")
        if not chunk and self.rest:
            whole, self.rest = [*whole, self.rest], b""
        return [line.decode(errors="replace").rstrip() for line in whole]


def stop_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `Stopped`, once: an orderly end is not disturbed."""
    endings = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked to outlive the terminal
        endings.append(signal.SIGHUP)

    def stop(number: int, _: FrameType | None) -> None:
        for ending in endings:
            signal.signal(ending, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    for ending in endings:
        signal.signal(ending, stop)
