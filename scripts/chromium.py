"""The browser of the browser tests: found on this machine, or installed from the system's packages."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGE = ("chromium", "fonts-dejavu-core")  # without a font, text has no width


def find() -> Path | None:
    """An executable Chromium: PORTAL_CHROMIUM, one of the system's, or one that Playwright downloaded."""
    chosen = os.environ.get("PORTAL_CHROMIUM")
    if chosen:
        return Path(chosen) if os.access(chosen, os.X_OK) else None
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next(iter(sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def install() -> Path | None:
    """Install it where we may: as root, through apt-get. None where that is not possible."""
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print("Installing Chromium for the browser tests …", flush=True)
    for command in (
        [apt, "-qq", "update"],
        [apt, "-qq", "install", "-y", "--no-install-recommends", *PACKAGE],
    ):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return find()
