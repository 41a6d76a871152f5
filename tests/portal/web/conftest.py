"""People and requests that stand in no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.test import RequestFactory

from portal.areas import Role


@dataclass
class Someone:
    """A signed-in person with roles."""

    roles: frozenset[Role] = frozenset()
    short_name: str = "K.\u00a0Lin"
    is_authenticated: bool = True
    is_active: bool = True
    token: None = None


@dataclass
class Htmx:
    """What django-htmx says of a request that wants a fragment."""

    boosted: bool = False
    history_restore_request: bool = False


@dataclass
class Requests:
    """Makes requests by a person; ``fragment`` as htmx sends them."""

    person: Any = field(default_factory=Someone)

    def get(self, path: str = "/", *, fragment: bool = False, **query: Any) -> HttpRequest:
        return self._of(RequestFactory().get(path, query), fragment=fragment)

    def post(self, path: str = "/", *, fragment: bool = False, **data: Any) -> HttpRequest:
        return self._of(RequestFactory().post(path, data), fragment=fragment)

    def _of(self, request: HttpRequest, *, fragment: bool) -> HttpRequest:
        request.user = self.person
        request.htmx = Htmx() if fragment else None  # type: ignore[attr-defined]
        request._messages = CookieStorage(request)  # type: ignore[attr-defined]
        return request


@pytest.fixture(autouse=True)
def bare_shell(settings: Any) -> None:
    """No provider that asks a database, and no route of the areas above."""
    settings.ROOT_URLCONF = "tests.portal.web.urls"
    settings.PORTAL_SHELL = ["tests.portal.web.conftest.provide"]
    settings.PORTAL_KEPT_VIEWS = ""


def provide(request: HttpRequest) -> dict[str, Any]:
    return {
        "organisation": SimpleNamespace(name="Fennmark Group", simulated=True),
        "inbox_count": 4,
        "inbox_url": "/help/",
        "menu": (("API tokens", "/tokens/"),),
    }


@pytest.fixture
def by() -> Callable[..., Requests]:
    """Requests by somebody with these roles."""
    return lambda *roles: Requests(Someone(frozenset(roles)))
