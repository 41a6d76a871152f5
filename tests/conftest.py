"""What every test stands on: a migrated database, and the choice between rolled-back and real commits."""

import os
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests import databases


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A migrated database for this process, in which every test rolls back what it did."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), databases.clone(f"test_{worker}"), django_db_blocker.block():
        yield


@pytest.fixture
def committed_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of the test's own, with real commits, seen by its threads and child processes too."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), databases.clone(f"test_{worker}_commits"):
        yield


@pytest.fixture
def _django_db_helper(request: pytest.FixtureRequest) -> None:
    """What `django_db`, `db`, `transactional_db` and `live_server` come down to in pytest-django.

    A test marked `real_commits` gets a database of its own in place of a transaction that is rolled back, and
    so does every other that pytest-django would flush after: append-only tables refuse that, rightly.
    """
    database = request.node.get_closest_marker("django_db")
    wants_commits = (
        request.node.get_closest_marker("real_commits") is not None
        or (database is not None and database.kwargs.get("transaction", False))
        or not {"transactional_db", "live_server"}.isdisjoint(request.fixturenames)
    )
    request.getfixturevalue("committed_db" if wants_commits else "_django_db_helper")
