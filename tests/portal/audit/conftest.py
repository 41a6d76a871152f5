"""Two units, a system in each, and the people that tests of the audit know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import transaction
from pytest_django import Settings

from portal.accounts.models import Membership, Unit, User
from portal.areas import Role
from portal.audit.models import Entry
from portal.audit.services import record
from portal.registry.models import System
from tests.portal.log_lines import lines  # noqa: F401 - a fixture

patient = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
"""For properties: a busy machine is no counterexample."""


@dataclass(frozen=True)
class People:
    """Erin is an engineer of Marketing, which owns churn; Zoe of Claims, which owns routing."""

    root: Unit
    marketing: Unit
    claims: Unit
    erin: User
    zoe: User
    otto: User
    ada: User
    lee: User
    churn: System
    routing: System


def person(username: str, role: Role, unit: Unit) -> User:
    name, email = f"{username.capitalize()} Fenn", f"{username}@example.org"
    user = User.objects.create(username=username, name=name, email=email)
    Membership.objects.create(user=user, role=role, unit=unit)
    return user


def make_people() -> People:
    root = Unit.objects.create(name="Fennmark", slug="fennmark", path="/fennmark/")
    marketing, claims = (
        Unit.objects.create(name=name, slug=name.lower(), parent=root, path=f"/fennmark/{name.lower()}/")
        for name in ("Marketing", "Claims")
    )
    erin, zoe = person("erin", Role.ENGINEER, marketing), person("zoe", Role.ENGINEER, claims)
    return People(
        root=root,
        marketing=marketing,
        claims=claims,
        erin=erin,
        zoe=zoe,
        otto=person("otto", Role.AUDITOR, root),
        ada=person("ada", Role.ADMINISTRATOR, root),
        lee=person("lee", Role.EMPLOYEE, marketing),
        churn=System.objects.create(name="Churn", unit=marketing, owner=erin),
        routing=System.objects.create(name="Routing", unit=claims, owner=zoe),
    )


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    """Key and anchor of this test alone."""
    settings.PORTAL_AUDIT_KEY_FILE = tmp_path / "audit.key"
    settings.PORTAL_AUDIT_ANCHOR = str(tmp_path / "checkpoints.ndjson")
    return tmp_path


@pytest.fixture
def write(people: People) -> Callable[..., Entry]:
    """Commit one entry: Erin changes churn, unless told otherwise."""

    def committed(action: str = "system.changed", obj: Any = people.churn, **told: Any) -> Entry:
        with transaction.atomic():
            return record(action, obj, **{"actor": people.erin, **told})

    return committed
