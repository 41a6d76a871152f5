"""An example helps whoever starts it without knowing what it wants."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripts.conftest import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def start(example: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The example as a person starts it who has set nothing."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return subprocess.run(
        [sys.executable, str(example), *words], env=bare, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_help_says_how_an_example_is_started(example: Path) -> None:
    done = start(example, "--help")
    assert done.returncode == 0
    assert "PORTAL_URL" in done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_that_lacks_its_folder_or_its_address_says_so(example: Path, tmp_path: Path) -> None:
    assert start(example).returncode == 2
    absent = start(example, str(tmp_path / "absent"))
    assert (absent.returncode, "there is no folder" in absent.stderr) == (2, True)
    nowhere = start(example, str(tmp_path))
    assert (nowhere.returncode, nowhere.stderr[:31]) == (2, "Set PORTAL_URL and PORTAL_TOKEN")
