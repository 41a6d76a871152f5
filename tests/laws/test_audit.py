"""Whatever changes something says so: in the transaction of the change, with who did it and to what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern

from portal import rights
from portal.accounts.models import SCOPES, User
from portal.accounts.services import issue_token
from portal.areas import Role
from portal.audit.models import Entry
from portal.web.pages import ListPage
from tests.laws.objects import address
from tests.laws.world import MLFLOW, World, taken_back
from tests.laws.writes import WRITES, Call

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
WRITES_NOTHING = {
    "POST api/v1/analyses/kinds/<slug:slug>/results/": "computes a what-if and keeps nothing",
    "POST appearance/": "keeps the look of a browser in its cookies",
    "POST api/2.0/mlflow/registered-models/get-latest-versions": "MLflow reads with POST",
    "POST gallery/list/": "an example of a component, without a table behind it",
    "POST gallery/form/": "an example of a component, without a table behind it",
}
OF_PACKAGES = re.compile(r"accounts/|\^")
"""Sign-in and second factors are allauth's; other addresses of MLflow's are refused whole."""
ENTRY = "audit_entry"
BESIDE = {
    "api_ratecounter",
    "audit_pending",
    "audit_personalvalue",
    "django_session",
    "usersessions_usersession",
}
"""Tables that count requests or say who is signed in, and the audit's own."""
TOUCH = 'UPDATE "accounts_apitoken" SET "last_used_at"'
"""That a token was used is no change anybody made."""
WRITE = re.compile(r'\b(?:INSERT INTO|(?<!FOR )(?<!DO )(?<!KEY )UPDATE|DELETE FROM)\s+"?(\w+)"?')


@dataclass
class Watch:
    """Which tables each transaction wrote, as long as it was not rolled back.

    The whole request runs in a transaction that is taken back, so those of services are its savepoints.
    """

    written: list[set[str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        result = execute(sql, params, many, context)
        text = str(sql)
        if text.startswith("SAVEPOINT "):
            self._begin(text)
        elif text.startswith("RELEASE SAVEPOINT "):
            self._end(text.removeprefix("RELEASE "))
        elif text.startswith("ROLLBACK TO SAVEPOINT "):
            self._undo(text.removeprefix("ROLLBACK TO "))
        elif (
            not text.startswith(TOUCH) and context["cursor"].rowcount and (tables := set(WRITE.findall(text)))
        ):
            self._wrote(tables)
        return result

    def _begin(self, name: str) -> None:
        if not self.open:
            self.written.append(set())
        self.open.append(name)

    def _end(self, name: str) -> None:
        del self.open[self.open.index(name) :]

    def _undo(self, name: str) -> None:
        """Only where it is the outermost: what an inner one wrote before it failed counts as written."""
        if self.open and self.open[0] == name:
            self.written[-1].clear()

    def _wrote(self, tables: set[str]) -> None:
        if self.open:
            self.written[-1] |= tables
        else:
            self.written.append(tables)


@contextmanager
def watched() -> Iterator[Watch]:
    watch = Watch()
    with connection.execute_wrapper(watch):
        yield watch


def unrecorded(watch: Watch) -> list[set[str]]:
    """What transactions wrote without an entry beside it."""
    return [tables - BESIDE for tables in watch.written if ENTRY not in tables and tables - BESIDE]


def is_list_without_actions(pattern: URLPattern) -> bool:
    """Lists take bulk actions by POST; most declare none."""
    view: type = getattr(pattern.callback, "view_class", object)
    return issubclass(view, ListPage) and not view.bulk_actions


def declared_writes() -> set[str]:
    return {
        f"{method} {path}"
        for path, pattern in rights.routes()
        if not OF_PACKAGES.match(path) and not is_list_without_actions(pattern)
        for method in rights.methods_of(pattern)
        if method in UNSAFE
    }


@dataclass
class Desk:
    """The furnished world, and for each person a browser and a program."""

    world: World
    browsers: dict[str, Client] = field(default_factory=dict)
    programs: dict[str, Client] = field(default_factory=dict)

    def client(self, login: str, path: str) -> Client:
        """The person's browser; where only programs are let in, a program of theirs."""
        clients = self.programs if f"/{path}".startswith(MLFLOW) else self.browsers
        return clients[login]


@pytest.fixture(scope="module")
def desk(world: World, keys: dict[Role, str]) -> Desk:
    made = Desk(world)
    for login, person in world.story.people.items():
        made.browsers[login] = Client(raise_request_exception=False)
        made.browsers[login].force_login(person, backend=BACKEND)
        made.programs[login] = program(person)
    return made


def program(person: User) -> Client:
    unit = person.current_memberships[0].unit
    _, key = issue_token(person, name="law", unit=unit, scopes=list(SCOPES), days=1, actor=person)
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})


def send(client: Client, route: str, call: Call, data: Mapping[str, Any] | bytes) -> Any:
    method, path = route.split(" ", 1)
    url = address(path, call.values) + call.query
    files = not isinstance(data, bytes) and any(hasattr(value, "read") for value in data.values())
    if files or not path.startswith("api/"):
        return client.post(url, data)
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    kind = "text/csv" if body.startswith(b"BilledCost") else "application/json"
    return client.generic(method, url, body, content_type=kind)


def test_every_unsafe_route_has_its_call_or_its_reason() -> None:
    assert not set(WRITES) & set(WRITES_NOTHING)
    assert declared_writes() == set(WRITES) | set(WRITES_NOTHING)


@pytest.mark.parametrize("route", WRITES)
def test_a_change_is_recorded_with_who_and_what_and_a_refusal_changes_nothing(desk: Desk, route: str) -> None:
    with taken_back():
        call = WRITES[route](desk.world)
        client = desk.client(call.by, route.split(" ", 1)[1])
        refuse(client, route, call)
        before = Entry.objects.latest("pk").pk
        with watched() as watch:
            answer = send(client, route, call, call.data)
        assert 200 <= answer.status_code < 400, answer.content
        entries = Entry.objects.filter(pk__gt=before, actor__username=call.by, denied=False)
        assert entries.exclude(object_type="").exists(), "nobody can say who did what"
        assert unrecorded(watch) == []


def refuse(client: Client, route: str, call: Call) -> None:
    """Send something else, and take back what it did where it is taken all the same."""
    nonsense = b"{" if isinstance(call.data, bytes) else {"no-such-field": "x"}
    with taken_back(), watched() as watch:
        answer = send(client, route, call, nonsense)
    if answer.status_code >= 400:
        assert [tables - BESIDE - {ENTRY} for tables in watch.written if tables - BESIDE - {ENTRY}] == []
    assert unrecorded(watch) == []


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["SAVEPOINT s1", 'INSERT INTO "cases_vote" x', "RELEASE SAVEPOINT s1"], [{"cases_vote"}]),
        (["SAVEPOINT s1", 'INSERT INTO "cases_vote" x', "ROLLBACK TO SAVEPOINT s1"], []),
        (['UPDATE "cases_case" SET x'], [{"cases_case"}]),
        (["SELECT 1 FROM x FOR UPDATE OF y", 'UPDATE "django_session" SET x'], []),
        (["SAVEPOINT s1", 'DELETE FROM "cases_vote"', "INSERT INTO audit_entry (body)"], []),
        (
            ["SAVEPOINT s1", "INSERT INTO audit_entry", "RELEASE SAVEPOINT s1", 'DELETE FROM "cases_vote"'],
            [{"cases_vote"}],
        ),
    ],
)
def test_the_watch_sees_what_no_entry_stands_beside(statements: list[str], found: list[set[str]]) -> None:
    watch, context = Watch(), {"cursor": SimpleNamespace(rowcount=1)}
    for statement in statements:
        watch(lambda *_: None, statement, None, False, context)
    assert unrecorded(watch) == found
