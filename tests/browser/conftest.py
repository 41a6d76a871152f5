"""The portal that all journeys share, and the browsers of its people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from scripts import chromium
from tests import databases
from tests.browser.looking import DESKTOP, overheard
from tests.browser.stage import PASSWORD, Stage, played

PATIENCE = 60_000
"""Milliseconds that a page may take on a busy machine."""


@pytest.fixture(scope="package")
def stage(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """The simulated organisation on a database of its own, behind a real server."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_browser"
    logs = tmp_path_factory.mktemp("logs")
    with (
        django_db_blocker.unblock(),
        databases.clone(name),
        played(settings.PORTAL_HOME, logs) as stage,
    ):
        yield stage


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop of its own beside the tests
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Desk:
    """Hands out browsers to people, and remembers what the browsers complained of."""

    stage: Stage
    chrome: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    heard: list[list[str]] = field(default_factory=list)

    def anybody(self, *, width: int = DESKTOP, script: bool = True, **more: Any) -> Page:
        """A browser in which nobody is signed in."""
        context = self.chrome.new_context(
            base_url=self.stage.url,
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            **more,
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        self.heard.append(overheard(context))
        return context.new_page()

    def of(self, login: str, **more: Any) -> Page:
        """A browser in which this person is signed in already."""
        client = Client()
        backend = "allauth.account.auth_backends.AuthenticationBackend"
        client.force_login(self.stage.person(login), backend=backend)
        page, name = self.anybody(**more), settings.SESSION_COOKIE_NAME
        cookie = client.cookies[name].value
        page.context.add_cookies([{"name": name, "value": cookie, "url": self.stage.url}])
        return page

    def sign_in(self, page: Page, login: str) -> None:
        """What a person does first."""
        page.goto("/")
        page.get_by_label("User name or work e-mail").fill(login)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("navigation", name="Main").wait_for()


@pytest.fixture
def desk(stage: Stage, chrome: Browser) -> Iterator[Desk]:
    """Browsers for a test; at its end none of them may have warned of anything."""
    desk = Desk(stage, chrome)
    yield desk
    for context in desk.contexts:
        context.close()
    assert [line for heard in desk.heard for line in heard] == []
