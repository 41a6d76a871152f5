"""Foreign keys point down, also those written as a string, which the linter of imports cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

FLOORS = (
    {"portal"},
    {"lifecycle"},
    {"monitoring", "costs"},
    {"governance"},
)
KERNEL = (
    {"web", "api"},
    {"audit"},
    {"accounts"},
    {"registry"},
    {"jobs"},
    {"findings", "metrics", "policies", "surveys", "analyses", "evidence", "lineage"},
    {"cases"},
    {"bodies"},
    {"checks"},
    {"dashboards"},
)


def height(package: str) -> tuple[int, int]:
    """How high a package stands: its floor, and within the portal its place in the kernel's order."""
    top, _, rest = package.partition(".")
    floor = next(place for place, names in enumerate(FLOORS) if top in names)
    if top != "portal":
        return floor, 0
    return floor, next(place for place, names in enumerate(KERNEL) if rest.split(".")[0] in names)


def may_point(source: str, target: str) -> bool:
    """To its own package or to a lower one; never to a sibling."""
    return source == target or height(target) < height(source)


def foreign_keys() -> Iterator[tuple[str, str, str]]:
    """Each relation between tables of the portal: its name, the package it leaves and the one it enters."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields(include_hidden=True):
            if not isinstance(field, (models.ForeignKey, models.ManyToManyField)):
                continue
            target: Any = field.related_model
            packages = [apps.get_app_config(m._meta.app_label).name for m in (model, target)]
            if all(package in settings.PORTAL_AREAS for package in packages):
                yield f"{model._meta.label}.{field.name}", packages[0], packages[1]


def is_actor(source: str, target: str) -> bool:
    """An audit entry names who acted: the one foreign key that may point up."""
    return (source, target) == ("portal.audit", "portal.accounts")


def test_every_foreign_key_points_down() -> None:
    found = list(foreign_keys())
    assert len(found) > 50, "the walk has lost its way"
    up = [name for name, *ends in found if not may_point(*ends) and not is_actor(*ends)]
    assert up == []


def test_every_package_with_tables_has_a_place() -> None:
    for package in settings.PORTAL_AREAS:
        height(package)


@pytest.mark.parametrize(
    ("source", "target", "allowed"),
    [
        ("monitoring", "portal.registry", True),
        ("portal.registry", "monitoring", False),
        ("portal.accounts", "portal.registry", False),
        ("portal.findings", "portal.metrics", False),
        ("costs", "monitoring", False),
        ("lifecycle.data", "lifecycle.development", False),
        ("portal.cases", "portal.cases", True),
    ],
)
def test_the_law_tells_up_from_down(source: str, target: str, *, allowed: bool) -> None:
    assert may_point(source, target) is allowed
