"""What holds for every template, style sheet and script of the portal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

BASE = Path(settings.BASE_DIR)
TEMPLATES = sorted((BASE / "templates").rglob("*.html"))
COMPONENTS = sorted((BASE / "templates" / "components").glob("*.html"))
STYLES = (BASE / "static" / "css" / "app.css").read_text()
SCRIPT = BASE / "static" / "js" / "app.js"


def name_of(path: Path) -> str:
    return str(path.relative_to(BASE / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_template_carries_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=[\"']|javascript:", text) == []
    assert re.findall(r"\bhx-on\b|\bhx-vals=.js:", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_template_compiles(path: Path) -> None:
    get_template(name_of(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_what_htmx_asks_for_says_where_it_goes_and_works_without(path: Path) -> None:
    """No inheritance: each element carries its own target and swap, and, but for fragments, an address."""
    for element in re.findall(r"<[a-z]+[^<>]*\bhx-(?:get|post)=(?:[^<>]|<(?!/?[a-z]))*>", path.read_text()):
        assert "hx-target=" in element, element
        assert "hx-swap=" in element, element
        if element.startswith("<a "):
            assert "href=" in element, element


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_a_component_begins_by_naming_its_variables(path: Path) -> None:
    assert path.read_text().startswith("{# ")


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_class_of_a_template_has_a_rule(path: Path) -> None:
    """A class without a rule is a wish: it shows that a component is missing or misspelt."""
    known = set(re.findall(r"\.([a-z][\w-]*)", STYLES))
    used: set[str] = set()
    text = re.sub(r"{% (?:end)?(?:if|elif|else|for)\b.*?%}", " ", re.sub(r"{#.*?#}", "", path.read_text()))
    for value in re.findall(r'\bclass="([^"]*)"', re.sub(r"{%.*?%}|{{.*?}}", "\0", text)):
        used |= {name for name in value.split() if "\0" not in name}
    assert used - known - HOOKS == set()


HOOKS = {
    "pick-all",
    "values",
    "gate",
    "approval",
    "job",
    "page",
    "content",
    "page-head",
    "line",
    "body",
    "head",
}
"""Classes that scripts or other rules take hold of through their surroundings."""


def test_the_script_stays_small() -> None:
    assert SCRIPT.stat().st_size <= 6 * 1024


def test_the_script_runs_no_text_as_code() -> None:
    assert (
        re.findall(r"\beval\(|new Function|innerHTML|localStorage|document\.write", SCRIPT.read_text()) == []
    )
