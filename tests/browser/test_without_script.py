"""Without JavaScript a person signs in, filters a list and votes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from lifecycle.development.services import request_release
from tests.browser.conftest import Desk
from tests.browser.looking import shoot

pytestmark = pytest.mark.browser


def test_findings_are_filtered_without_script(desk: Desk) -> None:
    page = desk.anybody(script=False)
    desk.sign_in(page, "erin")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Findings").click()
    rows = page.locator("#register tbody tr")
    before = rows.count()
    page.get_by_label("Filter findings").fill("product_line")
    page.get_by_role("button", name="Apply").click()
    expect(rows).to_have_count(1)
    assert before > 1
    assert "q=product_line" in page.url
    shoot(page, "without-script-1-findings")


def test_a_vote_is_cast_without_script(desk: Desk) -> None:
    version = desk.stage.candidate("credit-limit")
    case = request_release(version, actor=desk.stage.person("erin"), reason="Fitted without the fault.")
    page = desk.anybody(script=False)
    desk.sign_in(page, "ann")
    page.get_by_role("link", name=f"Decide {case.ref}").click()
    page.get_by_role("button", name="Cast vote").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.get_by_role("radio", name="Reject").check()
    page.get_by_label("Reason").fill("Nobody has measured its fairness.")
    page.get_by_role("button", name="Cast vote").click()
    expect(page.get_by_role("main")).to_contain_text("Nobody has measured its fairness.")
    shoot(page, "without-script-2-vote")
    assert case.votes.get().choice == "reject"
