"""Churn's version and the programs that send of it."""

from __future__ import annotations

import pytest

from tests.monitoring.conftest import Desk, make_desk
from tests.portal.cast import make_cast


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk(make_cast())
