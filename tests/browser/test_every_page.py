"""Every page, light and dark, wide and narrow: axe objects to nothing and nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from costs.models import Bill
from lifecycle.development.services import request_release
from portal.audit.models import Entry
from portal.checks.models import Evaluation
from portal.evidence.services import place_hold, store
from portal.findings.models import Finding
from portal.jobs.models import Run
from portal.rights import SIGNED_IN, may, routes
from portal.web.pages import Page
from tests.browser.conftest import Desk
from tests.browser.looking import COLOURS, DESKTOP, PHONE, RULES, objections, shoot, sideways
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser

HOMES = {
    "maya": "executive",
    "chen": "committee",
    "dara": "ethics",
    "erin": "engineer",
    "sam": "steward",
    "oli": "operations",
    "fay": "finance",
    "lee": "employee",
    "rex": "representative",
    "otto": "auditor",
    "ada": "administrator",
}
VISITORS = ("erin", "maya", "chen", "otto", "fay", "ada", "sam", "oli", "dara")
"""Who is asked to open a page, in this order: the first who may."""
THEMES = {"light": RULES, "dark": COLOURS}
"""What axe judges in each theme: all of it once, what colours decide twice."""
KEPT = {("desktop", "light"), ("phone", "dark")}
"""Of which pictures are kept."""
EXAMINED_APART = ("gallery/",)
"""The components, which tests/portal/web examines in every state."""


def plain_pages(stage: Stage) -> Iterator[tuple[str, str]]:
    """Every page whose address names no object, and somebody who may open it."""
    for path, route in routes():
        view: Any = getattr(route.callback, "view_class", None)
        if "<" in path or not path or path.startswith(EXAMINED_APART):
            continue
        if isinstance(view, type) and issubclass(view, Page):
            yield _visitor(stage, view), f"/{path}"


def _visitor(stage: Stage, view: type[Page]) -> str:
    does = view.does if isinstance(view.does, str) else view.does.get("get", view.does.get("*", SIGNED_IN))
    return next(login for login in VISITORS if may(stage.person(login), does))


def look(desk: Desk, login: str, paths: Mapping[str, str]) -> dict[str, list[str]]:
    """Open pages, given by the name of their picture, and list what is wrong with each."""
    wrong: dict[str, list[str]] = {}
    for width, size in ((DESKTOP, "desktop"), (PHONE, "phone")):
        tab = desk.of(login, width=width)
        for name, path in paths.items():
            answer = tab.goto(path)
            assert answer is not None
            assert answer.status == 200, (path, answer.status)
            for theme, rules in THEMES.items():
                found = _examine(tab, theme, rules)
                if (size, theme) in KEPT:
                    shoot(tab, f"{name}-{size}-{theme}")
                if found:
                    wrong[f"{path} {size} {theme}"] = found
        tab.context.close()
    return wrong


def _examine(tab: Tab, theme: Any, rules: Sequence[str]) -> list[str]:
    tab.emulate_media(color_scheme=theme)
    too_wide = sideways(tab)
    return [*objections(tab, rules), *([f"scrolls sideways by {too_wide} px"] if too_wide else [])]


@pytest.mark.parametrize("login", HOMES)
def test_the_home_of_every_role(desk: Desk, login: str) -> None:
    assert look(desk, login, {f"home-{HOMES[login]}": f"/home/{HOMES[login]}/"}) == {}


def test_every_page_that_names_no_object(desk: Desk) -> None:
    by_visitor: dict[str, dict[str, str]] = {}
    for login, path in plain_pages(desk.stage):
        by_visitor.setdefault(login, {})["page-" + path.strip("/").replace("/", "-")] = path
    wrong: dict[str, list[str]] = {}
    for login, paths in by_visitor.items():
        wrong |= look(desk, login, paths)
    assert wrong == {}


def objects(stage: Stage) -> dict[str, dict[str, str]]:
    """One page of each kind of object, by who opens it."""
    serving, candidate = stage.story.versions["contact-routing v1"], stage.story.versions["credit-limit v2"]
    system = candidate.system
    version, unfair = serving.get_absolute_url(), candidate.get_absolute_url()
    finding = Finding.objects.filter(system=serving.system).latest("pk")
    case = request_release(stage.candidate("churn"), actor=stage.person("erin"), reason="To be looked at.")
    report = store(
        b"group,ratio\nyoung,0.71\n",
        title="Fairness report",
        claim="Every group was measured before the release.",
        filename="fairness.csv",
        system=system,
        actor=stage.person("erin"),
    )
    hold = place_hold("Complaint 12", reason="Counsel asks.", items=[system], actor=stage.person("dara"))
    return {
        "erin": {
            "evidence-item": report.get_absolute_url(),
            "system": system.get_absolute_url(),
            "version": version,
            "version-blocked": unfair,
            "performance": f"{version}performance/",
            "drift": f"{version}drift/",
            "drift-of-a-feature": f"{version}drift/?feature=topic",
            "fairness": f"{unfair}fairness/",
            "version-findings": f"{version}findings/",
            "approvals": f"/models/{candidate.model.name}/versions/{candidate.number}/approvals/",
            "request-release": f"{unfair}release/",
            "finding": finding.get_absolute_url(),
            "check": "/checks/drift/",
            "evaluation": Evaluation.objects.latest("pk").get_absolute_url(),
        },
        "ann": {"case": case.get_absolute_url(), "conflict": f"{case.get_absolute_url()}conflict/"},
        "maya": {
            "kpi": "/scorecard/cost-per-contact/",
            "check-ins": "/scorecard/cost-per-contact/check-ins/",
        },
        "chen": {"policy": "/policies/drift/", "policy-proposal": "/policies/drift/propose/"},
        "otto": {"audit-entry": Entry.objects.latest("pk").get_absolute_url()},
        "dara": {"hold": hold.get_absolute_url()},
        "fay": {"bill": f"/costs/bills/{Bill.objects.latest('pk').pk}/"},
        "ada": {"person": "/admin/people/erin/", "run": Run.objects.earliest("pk").get_absolute_url()},
    }


def test_one_page_of_each_kind_of_object(desk: Desk) -> None:
    wrong: dict[str, list[str]] = {}
    for login, paths in objects(desk.stage).items():
        wrong |= look(desk, login, paths)
    assert wrong == {}
