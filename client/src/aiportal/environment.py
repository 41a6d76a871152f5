"""What is known of the place a model was made in: commit, Python, packages."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from typing import Any

GIT_SECONDS = 5
MOST_PACKAGES = 200
COMMIT_VARIABLES = ("GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION")
"""Where build servers say the commit."""


def facts() -> dict[str, Any]:
    """Python, packages and commit, as a version's facts name them."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "packages": packages(),
        **commit(),
    }


def commit() -> dict[str, Any]:
    """``git_commit``, and ``git_dirty`` where the working tree is at hand; empty outside a repository."""
    found = _git("rev-parse", "HEAD")
    if found:
        return {"git_commit": found, "git_dirty": bool(_git("status", "--porcelain"))}
    said = next((os.environ[name] for name in COMMIT_VARIABLES if os.environ.get(name)), "")
    return {"git_commit": said} if said else {}


def packages() -> dict[str, str]:
    """The distributions this process has imported from, with their versions; at most 200."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    found: dict[str, str] = {}
    for package, distributions in metadata.packages_distributions().items():
        if package in loaded:
            found.update((name, metadata.version(name)) for name in distributions)
    return dict(sorted(found.items(), key=lambda item: item[0].lower())[:MOST_PACKAGES])


def _git(*arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the git on the path, arguments of our own
            [program, *arguments], capture_output=True, text=True, timeout=GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
