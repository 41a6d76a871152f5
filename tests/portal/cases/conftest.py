"""People, systems and case kinds the tests of cases know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from portal.accounts.models import User
from portal.areas import Role
from portal.registry.services import update_system
from tests.portal import cast as portal_cast
from tests.portal.cast import person


@dataclass
class Cast(portal_cast.Cast):
    """Bob is a third member of the committee; Dara sits on the ethics board."""

    bob: User
    dara: User


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The area of the yard is declared."""
    yield from portal_cast.declared_with(monkeypatch, "tests.portal.cases.yard")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def make_cast() -> Cast:
    known = portal_cast.make_cast()
    bob = person("bob", Role.COMMITTEE, known.root)
    dara = person("dara", Role.ETHICS, known.root)
    update_system(known.churn, actor=known.erin, purpose="Whom to call before they leave")
    known.churn.refresh_from_db()
    return Cast(**vars(known), bob=bob, dara=dara)
