"""`make doctor`: what this machine has and lacks, one line each; exit code 1 when `make run` cannot work."""

import importlib.util
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts import chromium, environment, place, servers

NEEDED_MEGABYTES = 2500  # packages, server binaries, a demo organisation
OLDEST_GLIBC = (2, 28)


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what is wrong with it: nothing, something, or something `make run` needs."""

    subject: str
    complaint: str = ""
    serious: bool = True


def main() -> int:
    findings = [finding for examine in EXAMINATIONS for finding in examine()]
    for finding in findings:
        mark = "ok     " if not finding.complaint else "missing" if finding.serious else "note   "
        print(f"{mark} {finding.subject}{': ' if finding.complaint else ''}{finding.complaint}")
    return int(any(finding.complaint and finding.serious for finding in findings))


def _python() -> Iterator[Finding]:
    yield Finding(f"Python {platform.python_version()}")
    missing = importlib.util.find_spec("ensurepip") is None and not environment.PYTHON.exists()
    yield Finding("venv", "`apt-get install python3-venv` brings it" if missing else "")


def _system() -> Iterator[Finding]:
    library, version = platform.libc_ver()
    old = library == "glibc" and tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC
    if old or library != "glibc":
        yield Finding(f"C library {library} {version}", "the embedded servers need glibc 2.28 or newer")
    free = shutil.disk_usage(place.ROOT).free // 1_000_000
    yield Finding(
        f"{free} MB free",
        f"about {NEEDED_MEGABYTES} MB are needed" if free < NEEDED_MEGABYTES else "",
        serious=False,
    )
    if os.geteuid() == 0:
        without = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None
        yield Finding(
            "useradd", "PostgreSQL refuses to run as root and needs a user of its own" if without else ""
        )


def _packages() -> Iterator[Finding]:
    for lock, target in (("runtime", "run"), ("dev", "test")):
        absent = not environment.is_ready(lock)
        yield Finding(
            f"packages of {lock}.lock", f"`make {target}` installs them" if absent else "", serious=False
        )


def _folder() -> Iterator[Finding]:
    home = place.home()
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    writable = os.access(nearest, os.W_OK)
    yield Finding(f"folder {home}", "" if writable else f"{nearest} is read-only; PORTAL_HOME names another")


def _address() -> Iterator[Finding]:
    here = place.Place.from_environment()
    running = place.runner(here.home)
    if running is not None:
        yield Finding(f"a portal runs here (process {running})")
        yield Finding("PostgreSQL and Valkey", "" if servers.find(here.home) else "they do not answer")
        return
    with socket.socket() as probe:
        taken = probe.connect_ex((here.host, here.port)) == 0
    yield Finding(f"port {here.port}", "in use; PORTAL_PORT names another" if taken else "")


def _tests() -> Iterator[Finding]:
    browser = chromium.find()
    install = "`make test` as root installs it, `apt-get install chromium` too"
    yield Finding("Chromium, for the browser tests", "" if browser else install, serious=False)
    data = Path(os.environ.get("PORTAL_TEST_DATA") or place.ROOT.parent / "shared" / "data")
    yield Finding(
        f"test data {data}", "" if data.is_dir() else "PORTAL_TEST_DATA names another", serious=False
    )


EXAMINATIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    *(_python, _system, _packages, _folder, _address, _tests),
)

if __name__ == "__main__":
    sys.exit(main())
