"""In a real browser: axe objects to nothing, nothing scrolls sideways, everything works by keyboard."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from scripts import chromium
from tests.portal.cast import make_cast

pytestmark = [pytest.mark.browser, pytest.mark.real_commits]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
SIGNED_IN = ["/gallery/", "/gallery/list/", "/gallery/form/", "/find/?q=help", "/help/", "/accessibility/"]
PLAIN = ["/accounts/login/", "/accounts/password/reset/", "/nowhere/"]

WATCH = """
window.blocked = [];
document.addEventListener("securitypolicyviolation", (e) => window.blocked.push(e.effectiveDirective));
"""
SMALL_TEXT = """
() => [...document.querySelectorAll("svg.chart text")].filter((text) => {
  const svg = text.ownerSVGElement, box = svg.getBoundingClientRect();
  const scale = box.width ? box.width / svg.viewBox.baseVal.width : 1;
  return parseFloat(getComputedStyle(text).fontSize) * scale < 10.99;
}).length
"""


@dataclass
class Visit:
    """A browser, an address, and the cookie of an administrator."""

    browser: Browser
    url: str
    cookie: dict[str, str]

    def page(
        self, *, width: int = 1440, theme: Any = "light", signed_in: bool = True, script: bool = True
    ) -> Page:
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=script,
            permissions=["clipboard-read", "clipboard-write"],
        )
        if signed_in:
            context.add_cookies([self.cookie])  # type: ignore[list-item] # a plain dict says the same
        context.add_init_script(WATCH)
        return context.new_page()


@pytest.fixture
def visit(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop of its own
    client = Client()
    client.force_login(make_cast().ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        yield Visit(browser, live_server.url, cookie)
        browser.close()


def objections(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_objects_to_nothing_at_any_width(visit: Visit, theme: str) -> None:
    for path in (*SIGNED_IN, *PLAIN):
        page = visit.page(theme=theme, signed_in=path in SIGNED_IN)
        page.goto(path)
        for width in (1440, 768, 390) if path == "/gallery/" else (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert objections(page) == [], (path, width)
        assert page.evaluate("window.blocked") == [], path
        page.context.close()


def test_nothing_scrolls_sideways_and_no_chart_text_is_small(visit: Visit) -> None:
    for path in (*SIGNED_IN, *PLAIN):
        page = visit.page(signed_in=path in SIGNED_IN)
        page.goto(path)
        for width in (1440, 960, 768, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
            assert page.evaluate(SMALL_TEXT) == 0, (path, width)
        page.context.close()


def test_the_palette_finds_a_page_by_keyboard_alone(visit: Visit) -> None:
    page = visit.page()
    page.goto("/gallery/")
    page.keyboard.press("Control+k")
    page.keyboard.type("hel")
    page.locator("#found:not(:has(a + a, li + li))", has_text="Help").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/help/")
    page.keyboard.press("/")
    assert page.locator("#palette").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()
    assert objections(page) == []


def test_typing_in_the_find_field_goes_on_in_the_palette(visit: Visit) -> None:
    page = visit.page()
    page.goto("/help/")
    page.get_by_role("banner").get_by_role("searchbox").focus()
    assert not page.locator("#palette").is_visible(), "focus alone changes nothing"
    page.keyboard.type("gallery")
    page.locator("#found a", has_text="Gallery").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/gallery/")


def test_a_list_is_sorted_in_place_and_its_address_follows(visit: Visit) -> None:
    page = visit.page()
    page.goto("/gallery/list/")
    page.get_by_role("link", name="Highest PSI").click()
    page.wait_for_url("**/gallery/list/?sort=psi")
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("Highest PSI")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url(re.compile("page=2"))
    page.locator("#live", has_text="26 to 38").wait_for(state="attached")
    page.go_back()
    page.wait_for_url("**/gallery/list/?sort=psi")
    page.locator(".register-foot", has_text="1 to 25 of 38 models").wait_for()


def test_rows_are_walked_and_selected_by_keyboard(visit: Visit) -> None:
    page = visit.page()
    page.goto("/gallery/list/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".pick-row").nth(1).is_checked()
    assert page.locator(".bulk").is_visible()
    assert page.locator("[data-selected]").inner_text() == "1 / 25"
    page.get_by_role("checkbox", name="Select all rows on this page").check()
    assert page.locator("[data-selected]").inner_text() == "25 / 25"
    assert objections(page) == []
    page.get_by_role("button", name="Assign deputy").click()
    page.get_by_text("25 would change").wait_for()
    page.get_by_role("button", name="Assign deputy").click()
    page.locator(".toast", has_text="25 would change").wait_for()


def test_single_letter_keys_can_be_switched_off(visit: Visit) -> None:
    page = visit.page()
    page.goto("/gallery/list/")
    page.get_by_role("button", name="menu").click()
    page.get_by_role("button", name="Off", exact=True).click()
    page.wait_for_load_state()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_a_theme_is_chosen_in_the_menu_and_stays(visit: Visit) -> None:
    page = visit.page()
    page.goto("/help/")
    page.get_by_role("button", name="menu").click()
    assert objections(page) == []
    page.get_by_role("button", name="Dark").click()
    page.wait_for_url("**/help/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/gallery/form/")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_a_wrong_form_takes_the_eye_to_its_errors_and_keeps_what_was_typed(visit: Visit) -> None:
    page = visit.page()
    page.goto("/gallery/form/")
    page.get_by_label("Purpose").fill("To see what happens")
    page.get_by_role("button", name="Save").click()
    page.locator(".error-summary").wait_for()
    assert page.evaluate("document.activeElement.classList.contains('error-summary')")
    assert page.get_by_label("Purpose").input_value() == "To see what happens"
    assert objections(page) == []
    page.get_by_role("link", name="Name").click()
    assert page.evaluate("document.activeElement.id") == "id_name"


def test_leaving_a_changed_form_asks_and_saving_does_not(visit: Visit) -> None:
    page = visit.page()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto("/gallery/form/")
    page.get_by_label("Name").fill("churn")
    page.get_by_role("link", name="Cancel").click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    page.get_by_label("Purpose").fill("To see")
    page.get_by_label("Risk tier").select_option("high")
    page.get_by_label("Approve", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.locator(".toast", has_text="would be saved").wait_for()
    assert asked == ["beforeunload"]


def test_code_is_copied_and_said(visit: Visit) -> None:
    page = visit.page()
    page.goto("/gallery/")
    page.get_by_role("button", name="Copy").click()
    page.locator("#live", has_text="Copy ✓").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()").startswith("import aiportal as portal")


def test_the_navigation_of_a_phone_opens_and_closes(visit: Visit) -> None:
    page = visit.page(width=390)
    page.goto("/help/")
    assert not page.get_by_role("navigation", name="Main").is_visible()
    page.get_by_role("button", name="Menu", exact=True).click()
    assert page.get_by_role("navigation", name="Main").is_visible()
    assert objections(page) == []
    page.keyboard.press("Escape")
    assert not page.get_by_role("navigation", name="Main").is_visible()


def test_without_script_lists_forms_and_menus_work(visit: Visit) -> None:
    page = visit.page(script=False)
    page.goto("/gallery/list/")
    page.get_by_role("link", name="Cost a month").click()
    assert page.url.endswith("?sort=cost")
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Owner").uncheck()
    page.get_by_role("button", name="Show these columns").click()
    assert page.get_by_role("columnheader", name="Owner").count() == 0
    assert "sort=cost" in page.url
    page.goto("/gallery/form/")
    page.get_by_role("button", name="Save").click()
    assert page.locator(".error-summary").is_visible()
    page.goto("/gallery/")
    assert page.locator("svg.chart").count() > 20


def test_a_first_view_stays_light(visit: Visit) -> None:
    """At most 40 KB compressed without the font, of which the script of htmx is the largest part."""
    import gzip  # noqa: PLC0415 - only here

    page = visit.page()
    sizes: dict[str, int] = {}
    page.on("response", lambda r: sizes.update({r.url: len(gzip.compress(r.body()))}) if r.ok else None)
    page.goto("/gallery/list/")
    page.wait_for_load_state("networkidle")
    assert sum(size for url, size in sizes.items() if not url.endswith(".woff2")) <= 40_000, sizes
