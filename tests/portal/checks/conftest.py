"""The yard's check is declared, and says nothing until a test tells it what to say."""

from collections.abc import Iterator

import pytest

from tests.portal.cast import cast, declared_with  # noqa: F401 - a fixture
from tests.portal.checks.yard.area import TOLD


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    TOLD.answer, TOLD.asked = (), 0
    yield from declared_with(monkeypatch, "tests.portal.checks.yard")
