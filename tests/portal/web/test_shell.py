"""The shell shows each person their own portal: what they may see, in the order everybody knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

from portal.areas import NavItem, Role, declared
from portal.rights import may
from portal.web import context
from portal.web.context import GROUPS, build, every_item_leads_somewhere, shell
from portal.web.views import Appearance
from tests.portal.web.conftest import Requests, Someone

By = Callable[..., Requests]


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every declared page has an address."""
    monkeypatch.setattr(context, "reverse", lambda page: f"/{page.replace(':', '/')}/")


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("role", Role)
def test_a_person_sees_exactly_the_pages_they_may_open(by: By, role: Role) -> None:
    request = by(role).get()
    shown = {link.title for group in build(request)["groups"] for link in group.links}
    assert shown == {item.title for item in declared("nav") if may(request.user, item.does)}


def test_an_employee_does_not_see_the_gallery_and_an_administrator_does(by: By) -> None:
    def titles(request: HttpRequest) -> list[str]:
        return [link.title for group in build(request)["groups"] for link in group.links]

    assert "Gallery" not in titles(by(Role.EMPLOYEE).get())
    assert "Gallery" in titles(by(Role.ADMINISTRATOR).get())


@pytest.mark.usefixtures("everywhere")
def test_groups_stand_in_their_order_and_none_is_empty(by: By) -> None:
    groups = build(by(*Role).get())["groups"]
    order = [GROUPS.index(group.title) for group in groups]
    assert order == sorted(order)
    assert all(group.links for group in groups)


def test_every_declared_item_names_a_known_group() -> None:
    assert {item.group for item in declared("nav")} <= set(GROUPS)


def test_an_item_that_leads_nowhere_is_left_away_and_reported(
    by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = NavItem("Nowhere", "web:nowhere", "Admin", "public")
    lost = NavItem("Lost", "web:help", "Attic", "public")
    monkeypatch.setattr(context, "declared", lambda _kind: (dead, lost))
    assert build(by(Role.ADMINISTRATOR).get())["groups"] == ()
    assert [error.id for error in every_item_leads_somewhere()] == ["web.E001", "web.E002"]


def test_the_page_one_is_on_is_marked_also_deeper_down(by: By) -> None:
    groups = build(by(Role.ADMINISTRATOR).get("/gallery/list/"))["groups"]
    assert [link.title for group in groups for link in group.links if link.current] == ["Gallery"]


def test_the_inbox_carries_its_count(by: By) -> None:
    groups = build(by(Role.EMPLOYEE).get())["groups"]
    assert [link.count for group in groups for link in group.links if link.url == "/help/"] == [4]


def test_a_fragment_without_shell_asks_nobody(settings: object) -> None:
    settings.PORTAL_SHELL = ["tests.portal.web.nowhere.provide"]  # type: ignore[attr-defined]
    found = shell(RequestFactory().get("/"))
    assert set(found) == {"shell"}
    with pytest.raises(ImportError):
        found["shell"]["person"]


def test_a_browser_keeps_a_choice_for_whoever_has_none_saved(by: By) -> None:
    request = by().get()
    request.COOKIES = {"theme": "dark", "density": "compact", "keys": "off"}
    found = build(request)
    assert (found["theme"], found["density"], found["keys"]) == ("dark", "compact", False)
    request.COOKIES = {"theme": "purple"}
    assert build(request)["theme"] == "system"


def test_appearance_is_kept_for_a_year_and_leads_back(by: By) -> None:
    answer = Appearance.as_view()(by().post("/appearance/", theme="dark", next="/help/"))
    assert answer.cookies["theme"].value == "dark"
    assert answer.cookies["theme"]["max-age"] == 365 * 24 * 3600
    assert answer["Location"] == "/help/"
    assert "density" not in answer.cookies


def test_appearance_takes_no_unknown_value_and_leads_nowhere_else(by: By) -> None:
    answer = Appearance.as_view()(by().post("/appearance/", theme="<b>", next="https://example.org/"))
    assert "theme" not in answer.cookies
    assert answer["Location"] == "/"


def test_the_page_names_the_organisation_says_simulated_and_skips_to_the_content(by: By) -> None:
    page = render_to_string("base.html", {"heading": "Title"}, by(Role.ADMINISTRATOR).get())
    assert 'href="#main"' in page
    assert "Fennmark Group" in page
    assert ">simulated<" in page
    assert "API tokens" in page
    assert page.index('class="skip"') < page.index("<nav")


def test_a_visitor_is_offered_to_sign_in() -> None:
    visitor = Requests(AnonymousUser())
    page = render_to_string("base.html", {"heading": "Title"}, visitor.get())
    assert "Sign in" in page
    assert 'id="palette"' not in page


def test_the_theme_is_in_the_page_so_that_nothing_flashes(by: By) -> None:
    request = by().get()
    request.COOKIES = {"theme": "dark"}
    assert 'data-theme="dark"' in render_to_string("base.html", {"heading": "Title"}, request)


def test_a_person_without_a_short_name_is_still_named() -> None:
    request = Requests(Someone(short_name="")).get()
    assert build(request)["person"]
