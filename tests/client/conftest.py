"""A portal that answers on a real address, a token of Erin's, and a home of the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

import aiportal
from aiportal.cli import main
from portal.accounts.models import SCOPES, User
from portal.accounts.services import issue_token
from tests import databases
from tests.portal.cast import Cast, make_cast

SCHEMA = {"task": "binary", "features": [{"name": "tenure", "type": "number", "nullable": False}]}


@dataclass
class Office:
    """Where Erin works: her portal, and her own folder on this machine."""

    url: str
    people: Cast
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def token(self, person: User, *scopes: str) -> str:
        unit = person.current_memberships[0].unit
        _, key = issue_token(
            person, name="test", unit=unit, scopes=list(scopes or SCOPES), days=1, actor=person
        )
        return key

    def sign_in(self, person: User, *scopes: str) -> None:
        self.monkeypatch.setenv("PORTAL_URL", self.url)
        self.monkeypatch.setenv("PORTAL_TOKEN", self.token(person, *scopes))

    def version(self) -> aiportal.Version:
        """A version whose one input is the tenure."""
        return aiportal.model("churn").register(schema=SCHEMA, quiet=True)


@dataclass
class Town:
    """The portal of all these tests; each works on versions and names of its own."""

    url: str
    people: Cast


@pytest.fixture(scope="package")
def town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), databases.clone(f"test_{worker}_client"):
        server = LiveServer("127.0.0.1")
        yield Town(server.url, make_cast())
        server.stop()


@pytest.fixture
def office(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = Office(town.url, town.people, tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("aiportal.connection.FIRST_PAUSE", 0.01)
    made.sign_in(made.people.erin)
    yield made
    aiportal.close()


@pytest.fixture
def aiportal_command(office: Office) -> Callable[..., int]:
    """Run the command in this process, as its entry point does."""

    def run(*words: object) -> int:
        try:
            return main([str(word) for word in words])
        except SystemExit as end:
            return int(end.code or 0)

    return run
