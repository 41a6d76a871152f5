"""The Python environment `.venv`, made from a lock file whose every package carries its hash."""

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import Obstacle

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
CONTAINS = {"runtime": ("runtime",), "dev": ("dev", "runtime")}  # what installing a lock installs


def prepare(lock: str) -> Path:
    """The Python of an environment that holds this lock, made or completed where it does not."""
    if not is_ready(lock):
        with _one_at_a_time():
            if not is_ready(lock):
                _make(lock)
    return PYTHON


def is_ready(lock: str) -> bool:
    """Whether `.venv` works and was installed from this lock as it is now."""
    stamp = _stamp()
    return PYTHON.exists() and stamp.get("place") == str(VENV) and stamp.get(lock) == _digest(lock)


def _make(lock: str) -> None:
    try:
        moved = _stamp().get("place", str(VENV)) != str(VENV)  # its scripts name the place they were made in
        if moved or not PYTHON.exists() or _version() < (3, 11):
            _say(f"Making the Python environment {VENV.name} …")
            create()
        _say(f"Installing the packages of requirements/{lock}.lock …")
        _install(lock)
        note_installed(lock)
    except OSError as reason:
        place = reason.filename or ROOT
        raise Obstacle(f"The environment cannot be made: {place} ({reason.strerror}).") from reason


def note_installed(lock: str) -> None:
    """Stamp the environment with its place and with the digest of every lock it now holds."""
    held = {name: _digest(name) for name in CONTAINS[lock]}
    STAMP.write_text(json.dumps({**_stamp(), "place": str(VENV), **held}))


def create() -> None:
    """Make an empty environment with pip, in place of a broken or an outdated one."""
    if importlib.util.find_spec("ensurepip") is None:
        raise Obstacle(
            "This Python cannot make environments: its ensurepip is missing. "
            "On Debian and Ubuntu, `apt-get install python3-venv` brings it."
        )
    venv.create(VENV, clear=True, with_pip=True, symlinks=True)


def _install(lock: str) -> None:
    """Install with uv, which is several times faster; with pip where uv has no build or no way out.

    uv trusts its own certificates first, then those of the system, where a proxy may have added its own.
    """
    python_m, hashed = [str(PYTHON), "-m"], ["--require-hashes", "-r"]
    pip = [*python_m, "pip", "install", "--quiet", "--disable-pip-version-check", *hashed]
    uv = [*python_m, "uv", "pip", "install", "--quiet", "--python", str(PYTHON), *hashed]
    if _run([*python_m, "pip", "--version"]) is not None:  # interrupted while it was made, or made by uv
        _run([*python_m, "ensurepip"])
    locked = str(REQUIREMENTS / f"{lock}.lock")
    attempts = [[*pip, locked]]
    if _run([*pip, str(REQUIREMENTS / "installer.lock")]) is None:
        attempts = [[*uv, locked], [*uv, locked, "--system-certs"], *attempts]
    complaint: str | None = None
    for attempt in attempts:
        complaint = _run(attempt)
        if complaint is None:
            return
    raise Obstacle(f"The packages cannot be installed: {complaint}")


def _run(command: list[str]) -> str | None:
    """None when it worked, else the last thing the command said."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    errors = [line for line in said if line.lower().startswith("error")]
    return (errors or said or [f"exit code {done.returncode}"])[-1]


def _version() -> tuple[int, ...]:
    """The version of the environment's Python, from the file every environment carries."""
    for line in (VENV / "pyvenv.cfg").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.strip() in ("version", "version_info"):
            return tuple(int(part) for part in value.strip().split(".")[:2])
    return (0,)


def _stamp() -> dict[str, str]:
    try:
        content: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return content


def _digest(lock: str) -> str:
    return hashlib.sha256((REQUIREMENTS / f"{lock}.lock").read_bytes()).hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two terminals that start at once do not install into one folder at once."""
    folder = os.open(REQUIREMENTS, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
