"""The embedded PostgreSQL and Valkey of one folder: found when they run, else started by the caller.

    with servers.home(Path(".portal")) as env: …    # kept, shared by everybody who names the same folder
    with servers.throwaway() as env: …              # for tests: no waiting for the disk, gone afterwards

Both give the settings DATABASE_URL (role portal_app), DATABASE_OWNER_URL (role portal_owner), REDIS_URL
and PORTAL_EMBEDDED.
The servers are children of the process that started them and end with it, even when it is killed.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from scripts import postgres, valkey
from scripts.errors import Obstacle
from scripts.postgres import Postgres
from scripts.processes import STATUS_WITHIN, Account, finish, service_account
from scripts.valkey import Valkey, answers

LONGEST_SOCKET_PATH = 107  # bytes, <sys/un.h>
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432.lock"
SYSTEM_FOLDER = Path("/var/lib/ai-governance-portal")
NOTICE = "servers.json"

Environment = dict[str, str]


@contextmanager
def throwaway() -> Iterator[Environment]:
    """New, empty servers in a temporary folder that is removed afterwards."""
    account = service_account()
    with ExitStack() as at_end:
        room = _temporary_folder(account)
        at_end.callback(shutil.rmtree, room, ignore_errors=True)
        both = Servers(room, room, account, durable=False)
        at_end.callback(both.stop)
        both.start()
        yield both.environment()


@contextmanager
def home(folder: Path) -> Iterator[Environment]:
    """The servers of this folder: those that run already, else our own until the end of the block.

    Whoever started them waits at the end for the others who still use them.
    """
    with ExitStack() as at_end:
        room, users, owner = _enter(folder, fcntl.LOCK_SH, at_end)
        found = _find_or_start(room, owner)
        if isinstance(found, Servers):
            at_end.callback(found.stop)
            at_end.callback(_lock_in_turn, users, fcntl.LOCK_EX)
            yield found.environment()
        else:
            yield found


@contextmanager
def own(folder: Path) -> Iterator["Servers"]:
    """Servers of this folder that are certainly our own, for the supervisor.

    It waits at the start until nobody else uses the folder, and at the end for nobody.
    """
    with ExitStack() as at_end:
        room, users, owner = _enter(folder, fcntl.LOCK_EX, at_end)
        if not _locked(owner, fcntl.LOCK_EX | fcntl.LOCK_NB):
            raise Obstacle(f"Another process is about to start the servers of {folder}.")
        both = _start(room)
        at_end.callback(both.stop)
        fcntl.flock(users, fcntl.LOCK_SH)
        yield both


def find(folder: Path) -> Environment | None:
    """The variables of the servers that run in this folder now; None when none answer."""
    return _announced(folder / "servers")


class Servers:
    """The two servers of one folder, as children of this process."""

    def __init__(self, room: Path, sockets: Path, account: Account | None, *, durable: bool) -> None:
        self.postgres = Postgres(
            postgres.within_reach(postgres.find_binaries(), account, room),
            data=room / "postgres",
            sockets=sockets,
            log=room / "postgres.log",
            account=account,
            durable=durable,
        )
        self.valkey = Valkey(
            valkey.within_reach(valkey.find_binary(), account, room),
            data=room / "valkey",
            sockets=sockets,
            log=room / "valkey.log",
            account=account,
        )
        self.prepared = room / "prepared"
        self.notice = room / NOTICE
        self.sockets = sockets
        self.children: dict[Postgres | Valkey, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.notice.unlink(missing_ok=True)
        self.children[self.postgres] = self.postgres.start()
        if not self.prepared.exists():
            self.postgres.prepare()
            self.prepared.touch()
        self.children[self.valkey] = self.valkey.start()
        self.notice.write_text(json.dumps(self.environment()))

    def revive(self) -> list[str]:
        """Start again what has ended by itself, and name it."""
        ended = [server for server, child in self.children.items() if child.poll() is not None]
        for server in ended:
            self.children[server] = server.start()
        return [server.name for server in ended]

    def stop(self) -> None:
        self.notice.unlink(missing_ok=True)
        while self.children:
            server, child = self.children.popitem()  # the last one started first
            finish(child, first=server.last_signal)
        if not self.sockets.is_relative_to(self.notice.parent):
            shutil.rmtree(self.sockets, ignore_errors=True)

    def environment(self) -> Environment:
        return {
            "DATABASE_URL": self.postgres.url("portal_app"),
            "DATABASE_OWNER_URL": self.postgres.url("portal_owner"),
            "REDIS_URL": f"unix://{self.valkey.socket}",
            "PORTAL_EMBEDDED": "1",
        }


def _enter(folder: Path, how: int, at_end: ExitStack) -> tuple[Path, IO[bytes], IO[bytes]]:
    """The folder of the servers, the lock of everybody who uses them (taken) and that of their owner."""
    room = _room(folder)
    users = at_end.enter_context(_lock_file(room / "users.lock"))
    owner = at_end.enter_context(_lock_file(room / "owner.lock"))
    _lock_in_turn(users, how)
    return room, users, owner


def _find_or_start(room: Path, owner: IO[bytes]) -> Servers | Environment:
    """Our own servers when the lock of their owner is free, else those of whoever holds it."""
    deadline = time.monotonic() + postgres.STARTS_WITHIN
    while not _locked(owner, fcntl.LOCK_EX | fcntl.LOCK_NB):
        found = _announced(room)
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise Obstacle(f"Another process is starting the servers of {room} and does not get done.")
        time.sleep(STATUS_WITHIN)
    return _start(room)


def _start(room: Path) -> Servers:
    account = _account_of(room / "postgres")
    both = Servers(room, _socket_folder(room, account), account, durable=True)
    try:
        both.start()
    except BaseException:
        both.stop()
        raise
    return both


def _announced(room: Path) -> Environment | None:
    """What a running pair said about itself; None while it does not answer."""
    try:
        told: Environment = json.loads((room / NOTICE).read_text())
    except (OSError, ValueError):
        return None
    return told if answers(Path(told["REDIS_URL"].removeprefix("unix://"))) else None


def _account_of(data: Path) -> Account | None:
    """Whom servers run as: under root the owner of data that exist, so that `sudo` once does no harm."""
    account = service_account()
    if account is not None and data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    return account


def _room(folder: Path) -> Path:
    """The folder of the servers below PORTAL_HOME, made where it does not exist.

    Under root it has to be within reach of the user the servers run as; where a folder above is closed to
    others, such as /root, it is a link to a folder of our own in /var/lib.
    """
    room = folder / "servers"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        account = service_account()
        if account is not None:
            folder.chmod(folder.stat().st_mode | 0o711)
            if not room.is_symlink() and not room.exists() and not account.reaches(folder):
                _link_to_system_folder(room)
        if room.is_symlink() and not room.exists():
            raise Obstacle(f"The data of {folder} stood in {room.readlink()}, which is gone.")
        room.mkdir(mode=0o711, exist_ok=True)
    except OSError as reason:
        raise Obstacle(f"The folder {folder} cannot be written ({reason.strerror}).") from reason
    return room.resolve()


def _link_to_system_folder(room: Path) -> None:
    SYSTEM_FOLDER.mkdir(mode=0o711, parents=True, exist_ok=True)
    target = Path(tempfile.mkdtemp(prefix="", dir=SYSTEM_FOLDER))
    target.chmod(0o711)
    room.symlink_to(target)
    _say(f"The user postgres may not enter {room.parent}; the data of the servers stand in {target}.")


def _socket_folder(room: Path, account: Account | None) -> Path:
    """A private folder for the sockets: in the room, or elsewhere when it cannot hold any."""
    folder = room / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _fits(folder) or not _takes_sockets(folder):
        return _temporary_folder(account)
    if account is not None:
        account.owns(folder)
    return folder


def _takes_sockets(folder: Path) -> bool:
    """Whether the file system knows sockets: those that a virtual machine shares with its host do not."""
    trial = folder / "trial"
    trial.unlink(missing_ok=True)
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(str(trial))
    except OSError:
        return False
    trial.unlink()
    return True


def _temporary_folder(account: Account | None) -> Path:
    """A new private folder, short enough for sockets and within reach of the account."""
    for parent in dict.fromkeys((Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp"))):  # noqa: S108
        if not parent.is_dir() or not os.access(parent, os.W_OK) or not _fits(parent / "portal-xxxxxxxx"):
            continue
        if account is None:
            return Path(tempfile.mkdtemp(prefix="portal-", dir=parent))
        if account.reaches(parent):
            return account.owns(Path(tempfile.mkdtemp(prefix="portal-", dir=parent)))
    raise Obstacle("There is no folder for temporary files that the servers may use; TMPDIR names one.")


def _fits(sockets: Path) -> bool:
    return len(os.fsencode(sockets)) + len(LONGEST_SOCKET_NAME) <= LONGEST_SOCKET_PATH


@contextmanager
def _lock_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        path.touch(mode=0o600)
        file = path.open("rb")
    except OSError as reason:
        raise Obstacle(f"The folder {path.parent} cannot be written ({reason.strerror}).") from reason
    with file:
        yield file


def _locked(file: IO[bytes], how: int) -> bool:
    """Whether we have the lock: always, unless LOCK_NB is asked for and somebody else has it."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def _lock_in_turn(file: IO[bytes], how: int) -> None:
    """Take the lock, and say so when it means waiting."""
    if not _locked(file, how | fcntl.LOCK_NB):
        _say("Another command uses the servers of this folder; waiting for it to end.")
        _locked(file, how)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
