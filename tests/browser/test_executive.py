"""An executive meets a KPI off its target and reaches the cause in four clicks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.looking import objections, shoot

pytestmark = pytest.mark.browser


def test_from_a_kpi_off_track_to_its_cause_in_four_clicks(desk: Desk) -> None:
    page = desk.anybody()
    desk.sign_in(page, "maya")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("2 off track")
    tile = page.locator(".kpi", has_text="Cost per contact")
    expect(tile).to_contain_text("Off track")
    above_the_fold = page.locator(".kpi").last.bounding_box()
    assert above_the_fold is not None
    assert above_the_fold["y"] + above_the_fold["height"] <= 900, "all tiles are seen without scrolling"
    shoot(page, "executive-1-home")

    tile.get_by_role("link").click()
    expect(heading).to_contain_text("above its target")
    shoot(page, "executive-2-kpi")

    page.get_by_role("main").get_by_role("link", name="Contact routing").click()
    expect(heading).to_have_text("Contact routing")
    shoot(page, "executive-3-system")

    models = page.get_by_role("region", name="Models")
    models.get_by_role("link", name="contact-routing").click()
    expect(heading).to_contain_text("contact-routing v1")
    shoot(page, "executive-4-version")

    page.get_by_role("link", name="Drift", exact=True).click()
    expect(heading).to_have_text("2 of 6 inputs of contact-routing v1 have drifted")
    for moved in ("product_line", "topic"):
        expect(page.get_by_role("main")).to_contain_text(moved)
    shoot(page, "executive-5-drift")
    assert objections(page) == []
