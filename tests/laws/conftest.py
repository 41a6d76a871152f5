"""A made world that many tests look at, each taking back what it did."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from portal.areas import Role
from tests import databases
from tests.laws.objects import furnish
from tests.laws.world import World, make_world


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """On a database of its own, with real commits, for the tests of this package."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), databases.clone(f"test_{worker}_laws"):
        yield make_world()


@pytest.fixture(scope="package")
def keys(world: World) -> dict[Role, str]:
    """The world with something in every place an address names; the keys of the peers' tokens."""
    return furnish(world)
