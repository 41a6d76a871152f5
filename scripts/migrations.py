"""Whether the embedded database has the tables of this code, told in milliseconds and without Django."""

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (
    sys.executable,
    str(ROOT / "manage.py"),
    "migrate",
    "--no-input",
    "--skip-checks",
    "--verbosity",
    "0",
)


def are_applied(home: Path) -> bool:
    """Whether the embedded database of this folder was migrated with exactly these files."""
    try:
        return _mark(home).read_text() == _digest()
    except OSError:
        return False


def were_ever_applied(home: Path) -> bool:
    return _mark(home).exists()


def note_applied(home: Path) -> None:
    _mark(home).write_text(_digest())


def forget(home: Path) -> None:
    _mark(home).unlink(missing_ok=True)


def _mark(home: Path) -> Path:
    return home / "servers" / "migrated"  # beside the data, so that it goes when they go


def _digest() -> str:
    """Of our own migrations, and of the lock that pins everybody else's."""
    digest = hashlib.sha256((ROOT / "requirements" / "runtime.lock").read_bytes())
    ours = [path for depth in ("*", "*/*") for path in ROOT.glob(f"{depth}/migrations/*.py")]
    for path in sorted(ours):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
