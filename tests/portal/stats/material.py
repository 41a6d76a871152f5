"""The published material that statistics are checked against. A missing file fails the test that reads it."""

import csv
import importlib.util
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

_BESIDE = Path(__file__).resolve().parents[4] / "shared"


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or _BESIDE / default)


@lru_cache
def drift_samples(side: int) -> dict[str, list[Any]]:
    """The reference (0) or current (1) columns of the drift fixture, from its own generator."""
    path = _folder("PORTAL_TEST_FIXTURES", "fixtures") / "gen_fixture.py"
    spec = importlib.util.spec_from_file_location("gen_fixture", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    columns: dict[str, list[Any]] = module.make(side)
    return columns


@lru_cache
def drift_expected() -> dict[str, dict[str, Any]]:
    path = _folder("PORTAL_TEST_FIXTURES", "fixtures") / "drift_expected.json"
    expected: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return expected


def spc(name: str) -> list[dict[str, float]]:
    """The rows of one of the NIST control chart examples."""
    path = _folder("PORTAL_TEST_DATA", "data") / "spc" / name
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
