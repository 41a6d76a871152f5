"""The people of the tests of cases, and a storage of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.portal.cases.conftest import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, settings: LazySettings) -> Path:
    """The folder that holds the bytes."""
    settings.PORTAL_STORAGE = f"file://{tmp_path}"
    return tmp_path
