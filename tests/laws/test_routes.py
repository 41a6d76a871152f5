"""Every address, every method, every principal: who lacks the action is refused, nobody meets a crash."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern

from portal import rights
from portal.areas import Role
from tests.laws.objects import OF_UNITS, Place, address, place_of, places, start_of
from tests.laws.world import MLFLOW, World, taken_back

SAFE = {"GET"}
WITHOUT_BODY = {"HEAD", "OPTIONS"}
REGULAR = [(path, pattern) for path, pattern in rights.routes() if "^" not in path]
"""Routes whose address can be made by filling in parameters; the others belong to packages."""
PASSING = re.compile(rb"\b[A-Za-z0-9]{32,}\b")
"""Tokens of forms and names of requests: each answer has its own."""
ANSWERS_OF_NOTHING = {200, 400, 404, 405, 415, 422}
"""What is said of a thing that is not there; a list of its parts may also be empty."""


@dataclass
class Visitors:
    """A browser and a program for each role, all in one unit, one of nobody, and what addresses name."""

    browsers: dict[Role, Client]
    programs: dict[Role, Client]
    stranger: Client
    known: Mapping[str, Place]

    def at(self, path: str) -> dict[Role, Client]:
        """Who asks for an address: all roles, but one where a package answers, which knows none."""
        if path.startswith("/accounts/"):
            return {Role.EMPLOYEE: self.browsers[Role.EMPLOYEE]}
        return self.programs if path.startswith(MLFLOW) else self.browsers


@pytest.fixture(scope="module")
def visitors(world: World, keys: dict[Role, str]) -> Visitors:
    browsers = {role: Client(raise_request_exception=False) for role in world.peers}
    programs = {
        role: Client(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})
        for role, key in keys.items()
    }
    for role, browser in browsers.items():
        browser.force_login(world.peers[role], backend="allauth.account.auth_backends.AuthenticationBackend")
    return Visitors(browsers, programs, Client(raise_request_exception=False), places(world))


def ask(client: Client, method: str, path: str) -> tuple[HttpResponseBase, bytes]:
    """One request without a body, whose changes are taken back."""
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    data: dict[str, Any] = {} if method == "GET" else {"data": b"", "content_type": kind}
    cookies = copy(client.cookies)  # one of the addresses signs out
    with contextlib.nullcontext() if path.startswith(MLFLOW) else taken_back():
        response = client.generic(method, path, **data)
        streamed: Any = getattr(response, "streaming_content", None)
        body = b"".join(streamed) if streamed is not None else response.content
    client.cookies = cookies
    return response, body


def methods(pattern: URLPattern) -> Iterator[tuple[str, str]]:
    for method in rights.methods_of(pattern) or ("GET",):
        if method not in WITHOUT_BODY:
            action = rights.action_of(pattern.callback, pattern.name, method)
            assert action is not None, "the system check rights.E001 lets nobody start like this"
            yield method, action


def names(route: tuple[str, URLPattern]) -> str:
    return route[0] or "/"


@pytest.mark.parametrize("route", REGULAR, ids=names)
def test_a_route_answers_whom_it_should(visitors: Visitors, route: tuple[str, URLPattern]) -> None:
    path, pattern = route
    place = place_of(visitors.known, path)
    own = address(path, place.own if place else {})
    for method, action in methods(pattern):
        response, _ = ask(visitors.stranger, method, own)
        said = f"{method} {own} by nobody: {response.status_code}"
        if action == rights.PUBLIC:
            assert response.status_code < 500, said
        else:
            to_sign_in = response.status_code == 302 and "/accounts/login/" in response.headers["Location"]
            assert to_sign_in or response.status_code == 401, said
        for role, browser in visitors.at(own).items():
            response, _ = ask(browser, method, own)
            said = f"{method} {own} by {role}: {response.status_code}"
            assert response.status_code < 500, said
            if action not in {rights.PUBLIC, rights.SIGNED_IN} and role not in rights.matrix()[action]:
                assert response.status_code == 403, said
            elif method in SAFE and not own.startswith("/accounts/"):  # a package's pages know more reasons
                assert response.status_code != 403, said


WITH_PARAMETERS = [route for route in REGULAR if "<" in route[0]]
OF_UNITS_ROUTES = [route for route in WITH_PARAMETERS if start_of(route[0]) in OF_UNITS]


def test_it_is_known_of_every_address_whose_things_it_names() -> None:
    assert [path for path, _ in WITH_PARAMETERS if not start_of(path)] == []


@pytest.mark.parametrize("route", OF_UNITS_ROUTES, ids=names)
def test_another_units_thing_answers_like_a_missing_one(
    visitors: Visitors, route: tuple[str, URLPattern]
) -> None:
    path, pattern = route
    place = place_of(visitors.known, path)
    assert place is not None
    assert place.other is not None
    other, missing = address(path, place.other), address(path, place.missing)
    for method, action in methods(pattern):
        for role, browser in visitors.at(other).items():
            if action != rights.SIGNED_IN and role not in rights.matrix()[action]:
                continue
            theirs, nothing = ask(browser, method, other), ask(browser, method, missing)
            said = f"{method} {other} by {role}: {theirs[0].status_code}, {nothing[0].status_code}"
            assert theirs[0].status_code == nothing[0].status_code, said
            assert theirs[0].status_code in ANSWERS_OF_NOTHING, said
            assert plain(theirs[1], other, place.other) == plain(nothing[1], missing, place.missing), said


def plain(body: bytes, path: str, values: Mapping[str, Any]) -> bytes:
    """An answer without what differs from one request to the next, and without what was asked for."""
    for said in (path, *(value for value in values.values() if isinstance(value, str))):
        body = body.replace(said.encode(), b"IT")
    return PASSING.sub(b"", body)


def test_what_nobody_signed_in_reaches_is_a_short_list() -> None:
    public = {
        path
        for path, pattern in rights.routes()
        for _, action in methods(pattern)
        if action == rights.PUBLIC and not path.startswith("accounts/")
    }
    assert public == {
        "accessibility/",
        "appearance/",
        "calendar/<str:key>.ics",
        "favicon.ico",
        "healthz",
        "help/",
        "readyz",
        "version",
        "welcome/<str:key>/",
        "^api/[23]\\.0/(?:preview/)?mlflow(?:-artifacts)?/.*",
        "^api/[\\s\\S]*/$",
    }
