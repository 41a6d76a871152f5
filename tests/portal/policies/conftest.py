"""The yard's policy is declared."""

from collections.abc import Iterator

import pytest

from tests.portal.cast import cast, declared_with  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from declared_with(monkeypatch, "tests.portal.policies.yard")
