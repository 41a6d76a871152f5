"""The people and systems that tests of policies, metrics, findings and checks know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from portal import rights
from portal.accounts.models import Unit, User
from portal.accounts.services import (
    add_membership,
    create_unit,
    create_user,
    issue_token,
    set_up_organisation,
)
from portal.areas import Role, Window, areas
from portal.jobs import kinds
from portal.registry.models import ModelVersion, System
from portal.registry.services import create_system, register_model, register_version

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Cast:
    """Erin owns churn, Dave works beside her; Zoe is of another unit; Chen and Ann are the committee."""

    root: Unit
    marketing: Unit
    erin: User
    dave: User
    maya: User
    chen: User
    ann: User
    otto: User
    ada: User
    lee: User
    zoe: User
    churn: System
    routing: System
    churn_v1: ModelVersion


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def make_cast() -> Cast:
    set_up_organisation("Fennmark", actor=None, time_zone="Europe/Berlin")
    root = Unit.objects.get(parent=None)
    marketing = create_unit("Marketing", slug="marketing", parent=root, actor=None)
    claims = create_unit("Claims", slug="claims", parent=root, actor=None)
    seats = {
        "erin": (Role.ENGINEER, marketing),
        "dave": (Role.ENGINEER, marketing),
        "maya": (Role.EXECUTIVE, root),
        "chen": (Role.COMMITTEE, root),
        "ann": (Role.COMMITTEE, root),
        "otto": (Role.AUDITOR, root),
        "ada": (Role.ADMINISTRATOR, root),
        "lee": (Role.EMPLOYEE, marketing),
        "zoe": (Role.ENGINEER, claims),
    }
    people = {login: person(login, *seat) for login, seat in seats.items()}
    churn = create_system("Churn", unit=marketing, actor=people["erin"], at=LONG_AGO)
    routing = create_system("Routing", unit=claims, actor=people["zoe"], at=LONG_AGO)
    model = register_model("churn", system=churn, actor=people["erin"], at=LONG_AGO)
    version = register_version(model, actor=people["erin"], at=LONG_AGO)
    return Cast(root=root, marketing=marketing, churn=churn, routing=routing, churn_v1=version, **people)


def person(login: str, role: Role, unit: Unit) -> User:
    user = create_user(login, name=f"{login.capitalize()} Fenn", email=f"{login}@example.org", actor=None)
    add_membership(user, role, unit, actor=None, at=LONG_AGO)
    return user


def day(number: int, month: int = 10) -> Window:
    """A UTC day of 2026."""
    return Window.day_of(datetime(2026, month, number, tzinfo=UTC))


def declared_with(monkeypatch: pytest.MonkeyPatch, yard: str) -> Iterator[None]:
    """Let an area of the tests be declared beside the portal's own."""
    monkeypatch.setattr(settings, "PORTAL_AREAS", [*settings.PORTAL_AREAS, yard])
    caches = (areas, rights.matrix, kinds.kinds)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def browser(user: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def program(user: User, *scopes: str) -> APIClient:
    """A program of this person, with a token for the scopes; for reading and deciding without any."""
    unit = user.current_memberships[0].unit
    _token, key = issue_token(
        user, name="test", unit=unit, scopes=scopes or ("read", "govern"), days=1, actor=user
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client
