"""The portal answers as a real MLflow server answers, call by call, but where it deliberately does not."""

from __future__ import annotations

import os
import time
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from portal.accounts.models import SCOPES
from portal.accounts.services import issue_token
from tests import databases
from tests.lifecycle.development.dialogues import NEXT, Call
from tests.lifecycle.development.differences import DIFFERENCES
from tests.lifecycle.development.mlflow_server import mlflow_server
from tests.lifecycle.development.stories import SHELF, STORIES
from tests.portal.cast import make_cast

INSTANTS = frozenset({"creation_timestamp", "last_updated_timestamp"})
UNORDERED = frozenset({"tags", "aliases", "latest_versions"})
BETWEEN_CALLS = 0.002
"""Seconds between two calls: instants come in milliseconds, and tell in which call they were made."""


@dataclass(frozen=True)
class Answer:
    """What a server answered, without what is its own: the words of an error, page tokens, the clock."""

    status: int
    body: Any

    @property
    def outcome(self) -> str:
        """The status and, of a refusal, its code."""
        return f"{self.status} {self.body.get('error_code', '')}".strip()

    def __str__(self) -> str:
        return f"{self.status} {self.body}"


@dataclass(frozen=True)
class Side:
    """One of the two servers."""

    client: httpx.Client

    def play(self, story: Sequence[Call]) -> list[Answer]:
        """What it answers to each call, the next after the one before is answered."""
        answers: list[Answer] = []
        calls_at: list[int] = []
        token = ""
        for call in story:
            calls_at.append(int(time.time() * 1000))
            response = self._ask(call, token)
            body = _body(response)
            token = body.get("next_page_token", "")
            unordered = UNORDERED | ({"model_versions"} if "latest" in call.path else set())
            answers.append(Answer(response.status_code, _plain(body, calls_at, unordered)))
            time.sleep(BETWEEN_CALLS)
        return answers

    def _ask(self, call: Call, token: str) -> httpx.Response:
        given = {key: token if value == NEXT else value for key, value in call.given.items()}
        address = f"/api/2.0/mlflow/{call.path}"
        if call.content is not None:
            headers = {"Content-Type": call.kind}
            return self.client.request(call.method, address, content=call.content, headers=headers)
        if call.method == "GET":
            return self.client.get(address, params=given)
        return self.client.request(call.method, address, json=given)


def _body(response: httpx.Response) -> dict[str, Any]:
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        return {"error_code": "HTML"}
    body: dict[str, Any] = response.json()
    if "error_code" in body:
        assert body["message"]
        return {"error_code": body["error_code"]}
    return body


def _plain(value: Any, calls_at: Sequence[int], unordered: frozenset[str], key: str = "") -> Any:
    if key == "next_page_token":
        return "another page"
    if key in INSTANTS:
        return f"made in call {bisect(calls_at, value)}"
    if isinstance(value, dict):
        return {name: _plain(each, calls_at, unordered, name) for name, each in value.items()}
    if isinstance(value, list):
        items = [_plain(each, calls_at, unordered) for each in value]
        return sorted(items, key=_by_key) if key in unordered else items
    return value


def _by_key(item: Any) -> str:
    return str(sorted(item.items())) if isinstance(item, dict) else str(item)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """MLflow's server."""
    folder = tmp_path_factory.mktemp("mlflow")
    with mlflow_server(folder) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield Side(client)


@pytest.fixture(scope="module")
def ours(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Side]:
    """The portal, as Erin's programs see it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), databases.clone(f"test_{worker}_peer"):
        erin = make_cast().erin
        unit = erin.current_memberships[0].unit
        _, key = issue_token(erin, name="peer", unit=unit, scopes=list(SCOPES), days=1, actor=erin)
        server = LiveServer("127.0.0.1")
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            yield Side(client)
        server.stop()


@pytest.fixture(scope="module")
def shelf(theirs: Side, ours: Side) -> None:
    """The models that several stories look for."""
    for side in (theirs, ours):
        assert [str(answer) for answer in side.play(SHELF) if answer.outcome != "200"] == []


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("story", STORIES)
def test_the_portal_answers_as_mlflow_does(theirs: Side, ours: Side, story: str) -> None:
    calls = STORIES[story]
    told = [
        f"{call}\n    MLflow: {expected}\n    portal: {got}"
        for call, expected, got in zip(calls, theirs.play(calls), ours.play(calls), strict=True)
        if not as_it_should(call, expected, got)
    ]
    assert not told, "\n".join(told)


def as_it_should(call: Call, theirs: Answer, ours: Answer) -> bool:
    """Whether both answers are the same, or differ just as the table says."""
    if not call.deliberate:
        return theirs == ours
    said = DIFFERENCES[call.deliberate]
    return theirs != ours and (theirs.outcome, ours.outcome) == (said.theirs, said.ours)


def test_every_difference_of_the_table_is_met_by_a_story() -> None:
    assert {call.deliberate for calls in STORIES.values() for call in calls} - {""} == set(DIFFERENCES)
