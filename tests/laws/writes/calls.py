"""What a call is made of, and the rows that several calls are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from portal.accounts.models import User
from portal.evidence.models import Evidence
from portal.findings.models import Finding
from portal.registry.models import RegisteredModel, System
from tests.laws.world import World

WHY = "The law of the audit asks for it."


@dataclass(frozen=True)
class Call:
    """Who sends what; ``values`` fill the address, ``query`` follows it. Bytes are sent as they are."""

    by: str
    data: Mapping[str, Any] | bytes = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""


Writes = dict[str, Callable[[World], Call]]
"""By method and route; each may prepare what its call needs, in a transaction that is taken back."""


def person(world: World, login: str) -> User:
    found: User = world.story.people[login]
    return found


def system(world: World) -> System:
    found: System = world.story.systems["credit-limit"]
    return found


def ref(world: World) -> dict[str, str]:
    return {"ref": system(world).ref}


def model(name: str = "churn") -> RegisteredModel:
    return RegisteredModel.objects.get(name=name)


def finding(world: World) -> Finding:
    """One that somebody entered by hand; it is open and Erin's to answer."""
    return Finding.objects.get(system=system(world), kind="manual")


def evidence(world: World) -> Evidence:
    return Evidence.objects.get(system=system(world), title__startswith="Note on")


def today() -> date:
    return timezone.now().date()


def in_days(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def moment(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


def first_of_next_month() -> str:
    return (today().replace(day=1) + timedelta(days=32)).replace(day=1).isoformat()
