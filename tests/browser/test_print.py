"""Paper shows the content and nothing one would click."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.looking import SHOTS, shoot

pytestmark = pytest.mark.browser

A4_WIDTH = 794
"""Pixels of a sheet's width at 96 dpi."""


@pytest.mark.parametrize(
    ("login", "path", "name", "says"),
    [
        ("maya", "/scorecard/", "scorecard", "Cost per contact"),
        ("erin", "/models/credit-limit/v/2/", "version", "Release gate"),
    ],
)
def test_a_printed_page_has_no_navigation_and_is_light(
    desk: Desk, login: str, path: str, name: str, says: str
) -> None:
    page = desk.of(login, color_scheme="dark")
    page.goto(path)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WIDTH, "height": 1123})
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(says)
    for part in (
        page.get_by_role("navigation", name="Main"),
        page.get_by_role("banner"),
        page.locator("button"),
    ):
        assert not [one for one in part.all() if one.is_visible()]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert brightness(ground) > 240
    assert brightness(ink) < 60
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH
    shoot(page, f"print-{name}")
    page.pdf(path=SHOTS / f"print-{name}.pdf", format="A4")


def brightness(colour: str) -> float:
    """The mean of red, green and blue; white where nothing is painted."""
    parts = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")]
    return 255.0 if len(parts) == 4 and parts[3] == 0 else sum(parts[:3]) / 3
