"""A portal that answers on a real address, and MLflow's own client with the token of whoever asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from mlflow import MlflowClient
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from portal.accounts.models import SCOPES, User
from portal.accounts.services import issue_token
from tests import databases
from tests.portal.cast import Cast, make_cast


@dataclass
class Registry:
    """The portal as a data scientist meets it: an address to point MLflow at."""

    url: str
    people: Cast
    monkeypatch: pytest.MonkeyPatch

    def token(self, person: User, *scopes: str) -> str:
        unit = person.current_memberships[0].unit
        wanted = list(scopes or SCOPES)
        _, key = issue_token(person, name="mlflow", unit=unit, scopes=wanted, days=1, actor=person)
        return key

    def client(self, person: User, *scopes: str) -> MlflowClient:
        """MLflow's client as this person. It reads the token at each call: one person at a time."""
        self.monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", self.token(person, *scopes))
        return MlflowClient(tracking_uri=self.url, registry_uri=self.url)


@pytest.fixture(scope="package")
def town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[str, Cast]]:
    """One portal for all these tests; each works on models of its own name."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), databases.clone(f"test_{worker}_mlflow"):
        server = LiveServer("127.0.0.1")
        yield server.url, make_cast()
        server.stop()


@pytest.fixture
def registry(town: tuple[str, Cast], monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME", raising=False)
    return Registry(*town, monkeypatch)
