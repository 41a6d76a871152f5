"""`make test` and `make soak`: what the tests need, then pytest in our place, so that it speaks last."""

import os
import sys
from pathlib import Path

from scripts import chromium
from scripts.environment import ROOT

NO_BROWSER = "Browser tests: there is no Chromium; `apt-get install chromium` as root brings it."
NO_DATA = "Tests on real data: the folder {} does not exist; PORTAL_TEST_DATA names another."


def main(command: str, arguments: list[str]) -> None:
    not_run, selection = [], []
    if chromium.find() is None and chromium.install() is None:
        not_run.append(NO_BROWSER)
        selection = ["-m", "not browser"]
    data = Path(os.environ.get("PORTAL_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not data.is_dir():
        not_run.append(NO_DATA.format(data))
    environment = {**os.environ, "PORTAL_TESTS_NOT_RUN": "\n".join(not_run)}
    if command == "soak":
        environment["PORTAL_SOAK"] = "1"
    pytest = [sys.executable, "-m", "pytest", *selection, *arguments]
    os.execve(sys.executable, pytest, environment)  # noqa: S606 — no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
