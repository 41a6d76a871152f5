"""A version goes to production: the gate refuses, the committee decides, the gate opens, the audit tells."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.looking import objections, shoot

pytestmark = pytest.mark.browser


def test_a_version_reaches_production_by_two_votes(desk: Desk) -> None:
    version = desk.stage.candidate("churn")
    erin, ann, bob = (desk.of(login) for login in ("erin", "ann", "bob"))
    address = version.get_absolute_url()

    erin.goto(address)
    expect(erin.get_by_role("heading", level=1)).to_have_text(
        f"{version} cannot go to production: 2 of 5 gates closed"
    )
    expect(erin.get_by_role("button", name="Promote to production")).to_be_disabled()
    gate = erin.locator(".gate")
    expect(gate).to_contain_text("No reference is frozen, so drift could not be seen.")
    shoot(erin, "release-1-refused")
    gate.get_by_role("link", name="How to freeze one").click()
    expect(erin.get_by_role("main")).to_contain_text("reference")
    desk.stage.freeze(version)

    erin.goto(address)
    gate.get_by_role("link", name="Request release").click()
    erin.get_by_label("What the committee should know").fill("It finds more of those who leave.")
    erin.get_by_role("button", name="Request release").click()
    expect(erin.get_by_role("heading", level=1)).to_have_text(f"Release {version} to production")
    expect(erin.get_by_role("button", name="Cast vote")).to_have_count(0)
    ref = erin.url.rstrip("/").rpartition("/")[2]
    shoot(erin, "release-2-asked")

    vote(ann, f"{version}", "I compared the two on last year's customers.")
    expect(ann.locator(".approval")).to_contain_text("1 of 3 votes in")
    shoot(ann, "release-3-first-vote")
    erin.goto(address)
    expect(gate).to_contain_text("1 of 2 votes in")
    expect(erin.get_by_role("button", name="Promote to production")).to_be_disabled()

    vote(bob, f"{version}", "Sound, and the limits are kept.")
    expect(bob.get_by_role("heading", level=1)).to_contain_text("approved")
    shoot(bob, "release-4-quorum")
    assert objections(bob) == []

    erin.goto(address)
    expect(erin.get_by_role("heading", level=1)).to_have_text(f"{version} may go to production")
    shoot(erin, "release-5-open")
    erin.get_by_role("button", name="Promote to production").click()
    expect(erin.get_by_role("heading", level=1)).to_have_text(f"{version} serves in production")
    shoot(erin, "release-6-serves")

    the_audit_tells(desk.of("otto"), ref, f"{version}")


def the_audit_tells(auditor: Page, ref: str, version: str) -> None:
    """The case with its votes, and the promotion with who pressed the button."""
    auditor.goto("/audit/")
    told, find = auditor.locator("#register"), auditor.get_by_label("Find an object or a request")
    find.fill(ref)
    find.press("Enter")
    for line in ("Case opened", "Case voted", "Case decided"):
        expect(told).to_contain_text(line)
    shoot(auditor, "release-7-audit")
    find.fill(version)
    find.press("Enter")
    expect(told).to_contain_text("Version promoted")
    told.get_by_role("link", name="Version promoted").first.click()
    auditor.wait_for_url(re.compile(r"/audit/\d+/$"))
    expect(auditor.get_by_role("main")).to_contain_text("E. Okafor")
    shoot(auditor, "release-8-entry")
    assert objections(auditor) == []


def vote(member: Page, version: str, reason: str) -> None:
    """From home: open what waits, and decide."""
    member.goto("/")
    waiting = member.locator(".rows > li", has_text=f"Release {version} to production")
    waiting.get_by_role("link", name="Decide").click()
    member.get_by_role("radio", name="Approve").first.check()
    member.get_by_label("Reason").fill(reason)
    member.get_by_role("button", name="Cast vote").click()
    expect(member.locator(".toast")).to_contain_text("Vote cast.")
