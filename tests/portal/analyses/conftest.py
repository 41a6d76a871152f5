"""The yard's kind is declared, and Erin has one analysis of it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from portal.analyses.models import Analysis
from portal.analyses.services import save_analysis
from tests.portal.analyses.yard.area import PIES, Kitchen, Oven
from tests.portal.cast import Cast, cast, declared_with  # noqa: F401 - a fixture

KITCHEN = Kitchen(days=10, ovens=(Oven("Big", Decimal(12)), Oven("Small", Decimal(8))))


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from declared_with(monkeypatch, "tests.portal.analyses.yard")


@pytest.fixture
def pies(cast: Cast) -> Analysis:  # noqa: F811 - the fixture above
    return save_analysis(PIES, KITCHEN, title="Pies in May", system=cast.churn, actor=cast.erin)
