"""Somebody signs in by the organisation's own server; what that server did not sign for us is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from portal.accounts.models import User
from portal.accounts.services import add_membership, set_active
from portal.areas import Role
from portal.audit.models import Entry
from portal.settings import sign_in_servers
from tests.portal.accounts.sign_in_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    STRANGE_KEY,
    Claims,
    SignInServer,
)
from tests.portal.cast import Cast, browser

LOGIN = "/accounts/oidc/oidc/login/"


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignInServer]:
    """A server the portal is told of by its variables."""
    with SignInServer() as running:
        monkeypatch.setenv("PORTAL_OIDC_SERVER_URL", running.url)
        monkeypatch.setenv("PORTAL_OIDC_NAME", "Fennmark ID")
        monkeypatch.setenv("PORTAL_OIDC_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("PORTAL_OIDC_CLIENT_SECRET", CLIENT_SECRET)
        settings.SOCIALACCOUNT_PROVIDERS = sign_in_servers()
        yield running


def set_out(client: Client, address: str = LOGIN) -> str:
    """Begin to sign in; the address that the server sends the browser back to."""
    there = client.get(address)
    assert there.status_code == 302, there.content
    target = urlsplit(there["Location"])
    connection = HTTPConnection(target.hostname or "", target.port or 80, timeout=30)
    try:
        connection.request("GET", f"{target.path}?{target.query}")
        back = connection.getresponse().headers["Location"]
    finally:
        connection.close()
    return back.removeprefix("http://testserver")


def sign_in(client: Client | None = None, address: str = LOGIN) -> HttpResponse:
    client = client or Client()
    return client.get(set_out(client, address))  # type: ignore[return-value]  # the test client's own kind


def test_the_sign_in_page_offers_the_server_by_its_name(cast: Cast, server: SignInServer) -> None:
    page = Client().get("/accounts/login/").content.decode()
    assert "Continue with Fennmark ID" in page
    assert LOGIN in page


def test_without_an_address_there_is_no_such_way(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_OIDC_SERVER_URL", raising=False)
    monkeypatch.setenv("PORTAL_OIDC_NAME", "Fennmark ID")
    assert sign_in_servers() == {}
    assert "Continue with" not in Client().get("/accounts/login/").content.decode()
    assert Client().get(LOGIN).status_code == 404


def test_somebody_new_is_added_without_a_role_and_signed_in(cast: Cast, server: SignInServer) -> None:
    client = Client()
    assert sign_in(client).status_code == 302
    nora = User.objects.get(username="noraberg")
    assert (nora.name, nora.email, nora.roles) == ("Nora Berg", "nora@fennmark.example", frozenset())
    assert not nora.has_usable_password()
    assert client.session["_auth_user_id"] == str(nora.pk)
    assert client.get("/").status_code == 200
    assert client.get("/systems/").status_code == 403
    created = Entry.objects.get(action="person.created", object_id=str(nora.pk))
    assert created.actor is None


def test_the_same_subject_is_the_same_person_whatever_name_and_address_it_has_by_now(
    cast: Cast, server: SignInServer
) -> None:
    sign_in()
    nora = User.objects.get(username="noraberg")
    add_membership(nora, Role.ENGINEER, cast.marketing, actor=cast.ada)
    server.person.preferred_username, server.person.email = "nora.marsh", "marsh@fennmark.example"
    again = Client()
    assert sign_in(again).status_code == 302
    assert again.session["_auth_user_id"] == str(nora.pk)
    assert again.get("/systems/").status_code == 200
    assert SocialAccount.objects.count() == 1


def test_two_people_with_one_wanted_log_in_get_one_each(cast: Cast, server: SignInServer) -> None:
    sign_in()
    server.person.sub, server.person.email = "u-18", "other@fennmark.example"
    sign_in()
    assert set(SocialAccount.objects.values_list("user__username", flat=True)) == {"noraberg", "noraberg-2"}


def test_an_address_alone_opens_nobodys_account(cast: Cast, server: SignInServer) -> None:
    server.person.email = cast.erin.email.upper()
    client = Client()
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert "_auth_user_id" not in client.session
    assert "belongs to somebody here already" in client.get("/accounts/login/").content.decode()
    assert not SocialAccount.objects.exists()


def test_an_unverified_address_is_not_taken_over(cast: Cast, server: SignInServer) -> None:
    server.person.email, server.person.email_verified = cast.erin.email, False
    assert sign_in().status_code == 302
    assert User.objects.get(username="noraberg").email == ""


def test_somebody_with_a_password_connects_once_and_signs_in_by_the_server_from_then_on(
    cast: Cast, server: SignInServer
) -> None:
    server.person.email = cast.erin.email
    erin = browser(cast.erin)
    assert "Fennmark ID" in erin.get("/profile/").content.decode()
    assert erin.get("/accounts/3rdparty/").status_code == 200
    assert sign_in(erin, f"{LOGIN}?process=connect").status_code == 302
    assert SocialAccount.objects.get().user == cast.erin
    later = Client()
    sign_in(later)
    assert later.session["_auth_user_id"] == str(cast.erin.pk)


def test_where_new_people_are_not_wanted_a_stranger_stays_outside(
    cast: Cast, server: SignInServer, settings: Settings
) -> None:
    settings.PORTAL_OIDC_NEW_PEOPLE = False
    client = Client()
    assert sign_in(client).status_code == 200
    assert "_auth_user_id" not in client.session
    assert not User.objects.filter(username="noraberg").exists()


def test_whoever_is_deactivated_stays_outside(cast: Cast, server: SignInServer) -> None:
    sign_in()
    set_active(User.objects.get(username="noraberg"), active=False, actor=cast.ada)
    client = Client()
    sign_in(client)
    assert "_auth_user_id" not in client.session


def without(name: str) -> object:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def having(**changes: object) -> object:
    return lambda claims: {**claims, **changes}


@pytest.mark.parametrize(
    ("what", "spoiled"),
    [
        ("a wrong nonce", {"spoil": having(nonce="guessed")}),
        ("no nonce", {"spoil": without("nonce")}),
        ("another audience", {"spoil": having(aud="another")}),
        ("another client among the audience", {"spoil": having(aud=["portal", "x"], azp="x")}),
        ("another issuer", {"spoil": having(iss="https://elsewhere.example")}),
        ("an end in the past", {"spoil": having(exp=int(time.time()) - 3600)}),
        ("no end", {"spoil": without("exp")}),
        ("another key", {"key": STRANGE_KEY}),
        ("no signature", {"key": None, "algorithm": "none"}),
        ("the shared secret as key", {"key": CLIENT_SECRET.ljust(32), "algorithm": "HS256"}),
        ("no identity token", {"sends_token": False}),
        ("user information of somebody else", {"userinfo": {"sub": "u-99"}}),
    ],
)
def test_what_the_server_did_not_sign_for_this_sign_in_is_refused(
    cast: Cast, server: SignInServer, what: str, spoiled: Claims
) -> None:
    for name, value in spoiled.items():
        setattr(server, name, value)
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == 401, what
    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exists()


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(cast: Cast, server: SignInServer) -> None:
    client = Client()
    back = set_out(client)
    assert Client().get(back).status_code == 401
    assert client.get(back).status_code == 302
    assert client.get(back).status_code == 401


def test_a_link_cannot_add_to_what_the_portal_asks(cast: Cast, server: SignInServer) -> None:
    there = Client().get(LOGIN, {"auth_params": "nonce=mine&redirect_uri=https://evil.example/"})
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert asked["redirect_uri"] == ["http://testserver/accounts/oidc/oidc/login/callback/"]
    assert asked["nonce"] != ["mine"]
    assert asked["code_challenge_method"] == ["S256"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
