"""A member of the committee works without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from lifecycle.development.services import request_release
from tests.browser.conftest import Desk
from tests.browser.looking import objections, shoot

pytestmark = pytest.mark.browser

FOCUS = """
() => {
  const at = document.activeElement;
  const rings = [getComputedStyle(at), getComputedStyle(at, "::after")];
  const ringed = rings.some((ring) => parseFloat(ring.outlineWidth) >= 2 && ring.outlineStyle !== "none");
  return {
    text: (at.labels?.[0] || at).textContent.trim().replace(/\\s+/g, " "),
    seen: at.type === "date" || ringed,
  };
}
"""
"""What has the focus and whether one sees it; within a date the browser itself shows where it stands."""


def test_a_case_is_decided_by_keyboard_alone(desk: Desk) -> None:
    version = desk.stage.candidate("contact-routing")
    desk.stage.freeze(version)
    case = request_release(version, actor=desk.stage.person("erin"), reason="The carrier is known to it.")

    page = desk.of("chen")
    page.goto("/")
    tab_to(page, "Skip to content", within=1)
    page.keyboard.press("Enter")
    tab_to(page, f"Decide {case.ref}")
    shoot(page, "keyboard-1-home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Release {version} to production")

    tab_to(page, "Approve")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Approve").first).to_be_checked()
    tab_to(page, "Reason, printed with the decision")
    page.keyboard.type("It was fitted on what customers ask now.")
    shoot(page, "keyboard-2-vote")
    tab_to(page, "Cast vote")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Vote cast.")
    expect(page.get_by_role("main")).to_contain_text("It was fitted on what customers ask now.")
    assert case.votes.get().voter == desk.stage.person("chen")
    assert objections(page) == []


def tab_to(page: Page, text: str, *, within: int = 120) -> None:
    """Press Tab until the focus stands on something of this name; each stop on the way shows its focus."""
    passed = []
    for _ in range(within):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["seen"], f"one does not see that the focus is on {focus['text']!r}"
        if focus["text"].startswith(text):
            return
        passed.append(focus["text"])
    raise AssertionError(f"{text!r} is not among {passed}")
