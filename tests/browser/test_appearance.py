"""How the portal looks to a person goes with the person, not with the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk

pytestmark = pytest.mark.browser


def test_a_saved_theme_follows_the_person_and_wins_over_the_browser(desk: Desk) -> None:
    office, home = desk.of("sam"), desk.of("sam")
    home.context.add_cookies([{"name": "theme", "value": "light", "url": desk.stage.url}])
    office.goto("/help/")
    office.get_by_role("button", name="menu").click()
    office.get_by_role("button", name="Dark").click()
    expect(office.locator("html")).to_have_attribute("data-theme", "dark")
    office.get_by_role("button", name="menu").click()
    office.get_by_role("button", name="Compact").click()
    expect(office.locator("html")).to_have_attribute("data-density", "compact")

    home.goto("/profile/")
    expect(home.locator("html")).to_have_attribute("data-theme", "dark")
    expect(home.get_by_label("Theme")).to_have_value("dark")
    home.get_by_label("Theme").select_option("light")
    home.get_by_role("button", name="Save preferences").click()
    expect(home.locator("html")).to_have_attribute("data-theme", "light")
    office.reload()
    expect(office.locator("html")).to_have_attribute("data-theme", "light")


def test_the_font_arrives_and_can_be_read(desk: Desk) -> None:
    page = desk.anybody()
    page.goto("/accounts/login/")
    page.wait_for_function("document.fonts.status === 'loaded'")
    assert page.evaluate("[...document.fonts].map((font) => [font.family, font.status])") == [
        ["Inter", "loaded"]
    ]
