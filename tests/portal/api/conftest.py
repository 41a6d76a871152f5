"""People with tokens, two units, and a client for each person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.accounts.models import Membership, Unit, User
from portal.accounts.services import issue_token
from portal.areas import Role
from portal.registry.models import RegisteredModel, System


@dataclass
class Cast:
    """Erin works in the unit that has ``churn``; Zoe, of another unit, sees none of it."""

    erin: User
    zoe: User
    lee: User
    churn: System
    credit: System

    def client(self, user: User | None = None, **headers: str) -> APIClient:
        """A program with a fresh token of this person, or without one."""
        return self.clients(user, 1, **headers)[0]

    def clients(self, user: User | None, count: int, **headers: str) -> list[APIClient]:
        """So many programs with the same token."""
        if user is not None:
            unit = Membership.objects.get(user=user).unit
            scopes = ["read", "register"]
            _, key = issue_token(user, name="test", unit=unit, scopes=scopes, days=1, actor=user)
            headers = {"Authorization": f"Bearer {key}", **headers}
        return [APIClient(raise_request_exception=False, headers=headers) for _ in range(count)]


def make_cast() -> Cast:
    root = Unit.objects.create(name="Fennmark", slug="fennmark", path="/1/")
    retail = Unit.objects.create(name="Retail", slug="retail", path="/1/2/", parent=root)
    lending = Unit.objects.create(name="Lending", slug="lending", path="/1/3/", parent=root)
    erin = _person("erin", Role.ENGINEER, retail)
    zoe = _person("zoe", Role.ENGINEER, lending)
    lee = _person("lee", Role.EMPLOYEE, retail)
    churn = System.objects.create(name="churn", unit=retail, owner=erin)
    credit = System.objects.create(name="credit", unit=lending, owner=zoe)
    RegisteredModel.objects.create(name="churn-model", system=churn)
    return Cast(erin, zoe, lee, churn, credit)


def _person(username: str, role: Role, unit: Unit) -> User:
    user = User.objects.create(username=username, name=f"{username.capitalize()} Test")
    Membership.objects.create(user=user, role=role, unit=unit)
    return user


@pytest.fixture(autouse=True)
def _probe_addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.portal.api.probe"


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    request.getfixturevalue("db")
    return make_cast()
