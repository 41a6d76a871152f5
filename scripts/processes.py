"""Child processes that end with their parent, whatever ends it."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.errors import Obstacle

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
STATUS_WITHIN = 0.01  # seconds between two looks at a process that is starting or ending

# Loaded once, before any fork: nothing is imported between fork and exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The system user a server runs as, in place of root."""

    uid: int
    gid: int

    def owns(self, path: Path) -> Path:
        """Give the path to the account."""
        os.chown(path, self.uid, self.gid)
        return path

    def reaches(self, path: Path) -> bool:
        """Whether the account may enter (a folder) or execute (a file) this path."""
        answer = subprocess.run(
            ["test", "-x", str(path)], user=self.uid, group=self.gid, extra_groups=(), check=False, cwd="/"
        )
        return answer.returncode == 0


def service_account() -> Account | None:
    """Whom the servers run as: None stands for ourselves, an account for the user `postgres` under root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = _create_account("postgres")
    return Account(entry.pw_uid, entry.pw_gid)


def _create_account(name: str) -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if useradd is None:
        raise Obstacle(f"PostgreSQL refuses to run as root, and there is no useradd to make a user {name}.")
    options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    made = subprocess.run([useradd, *options, name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Obstacle(f"The system user {name} could not be made: {made.stderr.strip()}")
    return pwd.getpwnam(name)


def spawn(
    command: Sequence[str | Path],
    *,
    output: IO[bytes] | int,
    last_signal: signal.Signals,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str = "/",
) -> subprocess.Popen[bytes]:
    """Start a child that the kernel sends `last_signal` when the calling thread ends, even by SIGKILL.

    The child has a session of its own, so Ctrl-C in the terminal reaches it only through its parent. Call it
    from the main thread: to Linux the parent is the thread. Where there is no prctl, only the tidy end works.
    """
    parent = os.getpid()

    def end_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(last_signal), 0, 0, 0)
            if os.getppid() != parent:  # it ended between fork and prctl
                os._exit(1)

    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else (),
        preexec_fn=end_with_parent,  # noqa: PLW1509 — prctl has to run between fork and exec, and takes no lock
        env=None if env is None else dict(env),
        cwd=cwd,
    )


def finish(child: subprocess.Popen[bytes], *, first: signal.Signals, seconds: float = 30) -> None:
    """Ask a child to end, wait for it, and kill it when it has not ended after `seconds`."""
    if child.poll() is None:
        child.send_signal(first)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def survivor(pid_file: Path, folder: Path) -> int | None:
    """The process of an earlier start that still works in `folder`, by the first line of its pid file.

    A pid alone proves nothing, since after a restart it may be anybody's; the working folder does.
    """
    try:
        pid = int(pid_file.read_text().split(maxsplit=1)[0])
        working_in = Path(f"/proc/{pid}/cwd").readlink()
    except (OSError, ValueError, IndexError):
        return None
    return pid if working_in == folder.resolve() else None


def end_survivor(pid_file: Path, folder: Path, *, by: signal.Signals) -> None:
    """End what an earlier start left behind on this folder, so that two servers never share one."""
    pid = survivor(pid_file, folder)
    if pid is None:
        return
    os.kill(pid, by)
    if not wait_until(lambda: survivor(pid_file, folder) is None, seconds=60):
        raise Obstacle(f"Process {pid} still works in {folder} and does not end.")


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether the condition became true within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(STATUS_WITHIN)
    return True
