"""People, systems and jobs the tests of the ledger know."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections

from portal import rights
from portal.accounts.models import Membership, Unit, User
from portal.areas import Role, areas
from portal.jobs import kinds
from portal.registry.models import System
from tests.portal.cast import cast  # noqa: F401 - a fixture
from tests.portal.jobs.yard import work
from tests.portal.log_lines import lines  # noqa: F401 - a fixture

CACHES = (areas, rights.matrix, kinds.kinds)


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The area of the yard is declared."""
    monkeypatch.setattr(settings, "PORTAL_AREAS", [*settings.PORTAL_AREAS, "tests.portal.jobs.yard"])
    for cache in CACHES:
        cache.cache_clear()
    yield
    for cache in CACHES:
        cache.cache_clear()


@pytest.fixture
def marks(committed_db: None) -> "Marks":
    """The table in which the jobs of the yard leave their marks. Only for tests with real commits."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(work.TABLE)
    return Marks()


class Marks:
    def of(self, run_id: int) -> list[tuple[int, int]]:
        """(attempt, process) of every commit of a run."""
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT attempt, pid FROM yard_mark WHERE run = %s", [run_id])
            return [(attempt, pid) for attempt, pid in cursor.fetchall()]

    def counts(self) -> dict[int, int]:
        """How often each run committed."""
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT run, count(*) FROM yard_mark GROUP BY run")
            return dict(cursor.fetchall())


@pytest.fixture
def unit() -> Unit:
    return Unit.objects.create(name="Fennmark", slug="fennmark", path="/fennmark/")


def person(username: str, role: Role, unit: Unit) -> User:
    user = User.objects.create(username=username, name=username.capitalize(), email=f"{username}@example.org")
    Membership.objects.create(user=user, role=role, unit=unit)
    return user


@pytest.fixture
def erin(unit: Unit) -> User:
    return person("erin", Role.ENGINEER, unit)


@pytest.fixture
def ada(unit: Unit) -> User:
    return person("ada", Role.ADMINISTRATOR, unit)


@pytest.fixture
def churn(unit: Unit) -> System:
    return System.objects.create(name="Churn", unit=unit)
