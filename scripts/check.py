"""`make check`: everything a machine can say about the code without running the tests."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.environment import ROOT, VENV

BIN = VENV / "bin"
# Settings as production has them, so that the deploy check judges what is deployed.
PRODUCTION = {
    "PORTAL_PRODUCTION": "1",
    "PORTAL_PUBLIC_URL": "https://portal.example",
    "PORTAL_SECRET_KEY": "check-only-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "DATABASE_URL": "postgresql://portal_app@db.example/portal",
    "DATABASE_OWNER_URL": "postgresql://portal_owner@db.example/portal",
    "REDIS_URL": "redis://redis.example:6379/0",
}


@dataclass(frozen=True)
class Step:
    """One question, and the command whose exit code answers it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def steps() -> list[Step]:
    python, manage = sys.executable, (sys.executable, "manage.py")
    templates = sorted(str(path) for path in ROOT.glob("templates/**/*.html"))
    return [
        Step("lint", (python, "-m", "ruff", "check", ".")),
        Step("format", (python, "-m", "ruff", "format", "--check", ".")),
        Step("templates", (str(BIN / "djade"), "--check", "--target-version", "5.2", *templates)),
        Step("floors", (str(BIN / "lint-imports"),)),
        Step("types", (python, "-m", "mypy", ".")),
        Step("deploy", (*manage, "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Step("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Step("docs/features.md", (*manage, "features", "--check")),
        Step("docs/permissions.md", (*manage, "permissions", "--check")),
        Step("docs/openapi.json", (*manage, "openapi", "--check")),
    ]


def main() -> int:
    failed = [step.name for step in steps() if not _passes(step)]
    print(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def _passes(step: Step) -> bool:
    """Run one step: a line when it passes, everything it said when it does not."""
    started = time.monotonic()
    done = subprocess.run(
        step.command,
        cwd=ROOT,
        env={**os.environ, **step.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    print(
        f"{'ok    ' if passed else 'FAILED'} {step.name:<20} {time.monotonic() - started:5.1f} s", flush=True
    )
    if not passed:
        print(done.stdout.rstrip(), flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main())
