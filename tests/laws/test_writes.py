"""Pages, programs and readers write nothing themselves: every write goes through a service."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

PORCHES = ("views", "api", "panels", "selectors", "pages")
"""Modules, or packages of that name, that show and read."""
QUERYSET_WRITES = {
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "acreate",
    "aupdate",
    "adelete",
}
QUERYSETS = {"objects", "filter", "exclude", "all", "select_for_update", "visible_to", "order_by"}
ROW_WRITES = {"save", "delete", "asave", "adelete"}


def writes(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each call that writes a row or many."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_write(node):
            yield node.lineno, ast.unparse(node.func)


def _is_write(call: ast.Call) -> bool:
    """A queryset's own writing, or ``row.save()`` and ``row.delete()``, which take no positional argument.

    A row and a form share the name ``save``; no form of the portal needs it, so nothing is let through.
    """
    assert isinstance(call.func, ast.Attribute)
    name, chain = call.func.attr, set(_names(call.func.value))
    if name in QUERYSET_WRITES and chain & QUERYSETS:
        return True
    return name in ROW_WRITES and not call.args


def _names(node: ast.expr) -> Iterator[str]:
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            yield node.attr
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return


def porches() -> list[Path]:
    found: list[Path] = []
    for package in settings.PORTAL_AREAS:
        home = settings.BASE_DIR / Path(*package.split("."))
        for name in PORCHES:
            found += [home / f"{name}.py"] if (home / f"{name}.py").exists() else []
            found += sorted((home / name).rglob("*.py"))
    return found


def test_pages_programs_and_readers_write_nothing() -> None:
    files = porches()
    assert len(files) > 40, "the walk has lost its way"
    found = [
        f"{path.relative_to(settings.BASE_DIR)}:{line} {call}"
        for path in files
        for line, call in writes(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "System.objects.create(name='x')",
        "System.objects.filter(pk=1).exclude(pk=2).update(name='x')",
        "run.steps.all().delete()",
        "system.save(update_fields=['name'])",
        "system.delete()",
        "def page():\n    from portal.registry.models import System\n    System.objects.get_or_create(pk=1)",
    ],
)
def test_the_law_sees_a_write(line: str) -> None:
    assert list(writes(line))


@pytest.mark.parametrize(
    "line", ["cache.update(a=1)", "System.objects.filter(pk=1)", "store.save(body, name)"]
)
def test_the_law_leaves_reading_alone(line: str) -> None:
    assert not list(writes(line))
