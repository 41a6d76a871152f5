"""In a real browser both readers of the document draw it, and nothing breaks the content security policy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from scripts import chromium
from tests.portal.api.conftest import make_cast

pytestmark = [pytest.mark.browser, pytest.mark.real_commits]

VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""

REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
"""Redoc asks for a picture from elsewhere, and the policy sees to it that it goes without."""


def violations(page: Page) -> list[str]:
    told: list[str] = page.evaluate("window.violations")
    return told


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page of somebody who is signed in, that notes what the policy blocked."""
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop of its own
    session = Client()
    session.force_login(make_cast().erin, backend="allauth.account.auth_backends.AuthenticationBackend")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        context = browser.new_context(base_url=live_server.url)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": session.cookies[name].value, "url": live_server.url}])
        context.add_init_script(VIOLATIONS)
        yield context.new_page()
        browser.close()


@pytest.mark.parametrize("address", ["/api/docs/", "/api/redoc/"])
def test_the_document_is_drawn_under_the_strict_policy(page: Page, address: str) -> None:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(address)
    page.get_by_text("/api/v1/systems/").first.wait_for(state="attached", timeout=30_000)
    assert [told for told in violations(page) if REDOC_LOGO not in told] == []
    assert broken == []


def test_swagger_tries_a_request_with_the_session(page: Page) -> None:
    page.goto("/api/docs/#/models/models_list")
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    page.get_by_text("churn-model").first.wait_for(timeout=30_000)
    assert violations(page) == []
