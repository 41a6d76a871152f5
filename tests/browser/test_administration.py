"""An administrator's day: people, tokens, the audit, and a run on a real worker."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.looking import objections, shoot

pytestmark = pytest.mark.browser


def test_somebody_is_invited_sets_a_password_and_gets_a_role(desk: Desk) -> None:
    ada = desk.of("ada")
    ada.goto("/admin/people/")
    ada.get_by_role("link", name="Invite a person").click()
    ada.get_by_label("Name", exact=True).fill("Nora Lund")
    ada.get_by_label("Log-in").fill("nora")
    ada.get_by_label("Role").select_option("engineer")
    ada.get_by_label("Unit").select_option(label="Insurance")
    ada.get_by_role("button", name="Invite person").click()
    link = ada.locator("#snippet-link").inner_text().strip()
    shoot(ada, "administrator-1-invited")
    assert link.startswith(desk.stage.url)

    nora = desk.anybody()
    nora.goto(link)
    for field in nora.get_by_label(re.compile("assword")).all():
        field.fill("a long walk at low tide")
    nora.get_by_role("button", name="Set password").click()
    nora.get_by_label("User name or work e-mail").fill("nora")
    nora.get_by_label("Password", exact=True).fill("a long walk at low tide")
    nora.get_by_role("button", name="Sign in", exact=True).click()
    expect(nora.get_by_role("navigation", name="Main")).to_be_visible()
    shoot(nora, "administrator-2-first-visit")

    ada.goto("/admin/people/nora/")
    ada.get_by_label("Role").select_option("steward")
    ada.get_by_label("Unit").select_option(label="Insurance")
    ada.get_by_role("button", name="Add role").click()
    roles = ada.locator(".panel", has=ada.get_by_role("heading", name="Roles"))
    expect(roles).to_contain_text("Steward")
    shoot(ada, "administrator-3-person")
    assert objections(ada) == []

    ada.goto("/audit/")
    expect(ada.locator("#register tbody tr").first).to_contain_text("A. Berg")
    shoot(ada, "administrator-4-audit")


def test_a_token_is_shown_once_and_opens_the_api(desk: Desk) -> None:
    erin = desk.of("erin")
    erin.goto("/profile/tokens/")
    erin.get_by_label("Name", exact=True).fill("Notebook")
    erin.get_by_role("checkbox", name="Read what its owner may read").check()
    erin.get_by_role("button", name="Make token").click()
    expect(erin.get_by_role("main")).to_contain_text("It is not shown again.")
    shown = erin.locator("#snippet-key").inner_text()
    key = shown.partition("PORTAL_TOKEN=")[2].strip()
    shoot(erin, "token-1-shown")
    assert objections(erin) == []

    answer = httpx.get(f"{desk.stage.url}/api/v1/models/", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert "churn" in answer.text
    erin.goto("/profile/tokens/")
    expect(erin.get_by_role("main")).to_contain_text("Notebook")
    assert key not in erin.content()
    shoot(erin, "token-2-listed")

    erin.locator(".rows > li", has_text="Notebook").get_by_role("button", name="Revoke").click()
    expect(erin.locator(".toast")).to_contain_text("Notebook is revoked.")
    refused = httpx.get(f"{desk.stage.url}/api/v1/models/", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 401


@pytest.mark.real_worker
def test_a_job_is_run_by_hand_and_the_page_follows_it_to_its_end(desk: Desk) -> None:
    ada = desk.of("ada")
    ada.goto("/runs/")
    ada.get_by_role("link", name="Run a job").click()
    ada.get_by_label("Job").select_option(label="Seal the audit")
    ada.get_by_role("button", name="Run job").click()
    main = ada.get_by_role("main")
    expect(main.get_by_role("progressbar")).to_be_visible()
    expect(main).to_contain_text("No worker has taken it yet.")
    shoot(ada, "run-1-queued")
    address = ada.url
    with desk.stage.worker():
        expect(main.get_by_role("progressbar")).to_have_count(0, timeout=120_000)
        expect(main.get_by_role("table")).to_contain_text("Done")
    assert ada.url == address, "nobody loaded the page again"
    shoot(ada, "run-2-done")
    assert objections(ada) == []
