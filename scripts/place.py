"""Where a portal runs: its folder, its address, and the one process that may run it there."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import Obstacle

ROOT = Path(__file__).resolve().parent.parent
TRUE = {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class Place:
    """What the environment says about this portal, with the defaults of portal/settings.py."""

    home: Path
    host: str
    port: int
    public_url: str
    demo: bool

    @classmethod
    def from_environment(cls) -> "Place":
        said = os.environ
        host = said.get("PORTAL_HOST", "127.0.0.1")
        try:
            port = int(said.get("PORTAL_PORT", "8000"))
        except ValueError:
            raise Obstacle(f"PORTAL_PORT is not a number: {said['PORTAL_PORT']!r}.") from None
        return cls(
            home=home(),
            host=host,
            port=port,
            public_url=said.get("PORTAL_PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
            demo=said.get("PORTAL_DEMO", "0" if "DATABASE_URL" in said else "1").strip().lower() in TRUE,
        )


def home() -> Path:
    """The folder of everything the portal keeps on this machine."""
    return Path(os.environ.get("PORTAL_HOME") or ROOT / ".portal").absolute()


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Be the one process that runs the portal of this folder, and leave our number for `make stop`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "run.lock").open("a+")
    except OSError as reason:
        raise Obstacle(f"The folder {folder} cannot be written ({reason.strerror}).") from reason
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Obstacle(
                f"A portal already runs in {folder} (process {runner(folder)}); `make stop` ends it."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def runner(folder: Path) -> int | None:
    """The process that runs the portal of this folder now."""
    try:
        with (folder / "run.lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
    except (OSError, ValueError):
        pass
    return None
