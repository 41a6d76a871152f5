"""Machines learn whether the portal lives and is ready, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from portal.api import health


def told() -> dict[str, Any]:
    return {"seal_lag_seconds": 1.5}


def broken() -> dict[str, Any]:
    raise RuntimeError("no reason to be unready")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health._state, "migrated", False)


def test_a_living_process_says_so_without_asking_anybody(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "live"}


def test_ready_means_that_the_database_has_the_tables_of_this_code(db: None, client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"] == {"database": "ok", "migrations": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_a_missing_migration_makes_it_unready(db: None, client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="api").delete()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["migrations"]) == (503, "1 not applied")


def test_a_database_that_does_not_answer_makes_it_unready_but_not_dead(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = connections.create_connection("default")
    elsewhere.settings_dict = {**elsewhere.settings_dict, "HOST": "127.0.0.1", "PORT": "1"}
    monkeypatch.setattr(health, "connection", elsewhere)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["database"]) == (503, "does not answer")
    assert client.get("/healthz").status_code == 200


def test_packages_above_tell_facts_and_a_broken_one_does_not_matter(
    db: None, client: Client, settings: Any
) -> None:
    settings.PORTAL_READINESS = [f"{__name__}.told", f"{__name__}.broken"]
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["facts"] == {"seal_lag_seconds": 1.5, "broken": None}


def test_the_version_is_public(client: Client, settings: Any) -> None:
    assert client.get("/version").json() == {"version": settings.PORTAL_VERSION}


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/version"])
def test_health_is_only_asked(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405
