"""Runs over the API: asked for, watched, tried again, and only those one may see."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.accounts.models import User
from portal.accounts.services import issue_token
from portal.areas import Window
from portal.jobs.models import Run, RunState
from portal.jobs.services import claim, execute, finish, progress, request
from tests.portal.cast import Cast
from tests.portal.jobs.yard.work import DAILY, NOTE, TROUBLE

pytestmark = pytest.mark.django_db
RUNS = "/api/v1/runs/"
DAY = Window.day_of(datetime(2026, 11, 3, tzinfo=UTC))


def program(user: User, *scopes: str) -> APIClient:
    unit = user.memberships.get().unit
    _, key = issue_token(
        user, name="test", unit=unit, scopes=list(scopes or ("read", "govern")), days=1, actor=user
    )
    return APIClient(headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def erin(cast: Cast) -> APIClient:
    return program(cast.erin)


def post(client: APIClient, url: str, status: int, **body: Any) -> dict[str, Any]:
    response = client.post(url, body, format="json")
    assert response.status_code == status, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_a_run_is_asked_for_and_found_at_its_location(cast: Cast, erin: APIClient) -> None:
    body = {"job": "daily", "subject": cast.churn.ref, "window": "2026-11-03/2026-11-04", "variant": "bias"}
    response = erin.post(RUNS, body, format="json")
    run = Run.objects.get(job=DAILY.slug)
    assert (response.status_code, response.headers["Location"]) == (202, f"{RUNS}{run.pk}/")
    assert erin.get(response.headers["Location"]).json() == response.json()
    assert response.json() == {
        "id": run.pk,
        "job": "daily",
        "variant": "bias",
        "subject": cast.churn.ref,
        "system": cast.churn.ref,
        "window": {"start": "2026-11-03T00:00:00Z", "end": "2026-11-04T00:00:00Z"},
        "revision": 1,
        "state": "queued",
        "attempt": 0,
        "progress": {"step": 0, "steps": 0, "percent": None, "message": ""},
        "counts": {},
        "result": None,
        "error": "",
        "requested_by": "erin",
        "created_at": response.json()["created_at"],
        "started_at": None,
        "ended_at": None,
        "page": f"/runs/{run.pk}/",
    }


def test_asking_again_while_it_waits_is_the_same_run(cast: Cast, erin: APIClient) -> None:
    body = {"job": "note", "subject": "churn/1"}
    assert post(erin, RUNS, 202, **body)["id"] == post(erin, RUNS, 202, **body)["id"]


def test_a_run_tells_how_far_it_is_and_what_came_of_it(cast: Cast, erin: APIClient) -> None:
    run = request(NOTE, cast.churn)
    taken = claim("host:1")
    assert taken is not None
    progress(taken, 1, 4, "Reading")
    told = erin.get(f"{RUNS}{run.pk}/").json()
    assert (told["state"], told["progress"]["percent"], told["progress"]["message"]) == (
        "running",
        25,
        "Reading",
    )
    finish(taken, lambda: {"psi": 0.1})
    told = erin.get(f"{RUNS}{run.pk}/").json()
    assert (told["state"], told["result"], told["progress"]["percent"]) == ("done", {"psi": 0.1}, 100)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"job": "unknown"}, "/job"),
        ({"job": None}, "/job"),
        ({"job": "daily\x00"}, "/job"),
        ({"window": "yesterday"}, "/window"),
        ({"window": "2026-11-04/2026-11-04"}, "/window"),
        ({"window": {"start": 1}}, "/window"),
        ({"window": "0000-00-00/9999-99-99"}, "/window"),
        ({"variant": "cost"}, "/variant"),
        ({"subject": "churn"}, "/subject"),
        ({"subject": ""}, "/subject"),
        ({"revision": 7}, "/revision"),
    ],
)
def test_wrong_input_is_named_by_its_field(
    cast: Cast, erin: APIClient, wrong: dict[str, Any], pointer: str
) -> None:
    body = {"job": "daily", "subject": cast.churn.ref, "window": "2026-11-03/2026-11-04", "variant": "bias"}
    problem = post(erin, RUNS, 400, **{**body, **wrong})
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert not Run.objects.exists()


def test_a_failed_run_is_replayed_or_dismissed(cast: Cast, erin: APIClient) -> None:
    run = request(TROUBLE, cast.churn, arguments={"how": "refuse"})
    taken = claim("host:1")
    assert taken is not None
    execute(taken)
    assert erin.get(f"{RUNS}{run.pk}/").json()["error"] == "Column age is missing."
    response = erin.post(f"{RUNS}{run.pk}/replay/", format="json")
    assert (response.status_code, response.headers["Location"]) == (202, f"{RUNS}{run.pk}/")
    assert post(erin, f"{RUNS}{run.pk}/dismiss/", 409, reason="It waits again")
    again = claim("host:1")
    assert again is not None
    execute(again)
    assert post(erin, f"{RUNS}{run.pk}/dismiss/", 400)
    assert post(erin, f"{RUNS}{run.pk}/dismiss/", 200, reason="The file was withdrawn")["state"] == "failed"


def test_a_replay_of_a_done_run_leads_to_the_next_revision(cast: Cast, erin: APIClient) -> None:
    run = request(NOTE, cast.churn, DAY)
    taken = claim("host:1")
    assert taken is not None
    finish(taken, None)
    response = erin.post(f"{RUNS}{run.pk}/replay/", format="json")
    assert response.json()["revision"] == 2
    assert response.headers["Location"] == f"{RUNS}{response.json()['id']}/"


def test_lists_are_narrowed_sorted_and_only_of_what_one_may_see(cast: Cast, erin: APIClient) -> None:
    own, foreign, internal = request(NOTE, cast.churn), request(NOTE, cast.routing), request(NOTE)
    trouble = request(TROUBLE, cast.churn, arguments={"how": "talk"})
    assert {row["id"] for row in erin.get(RUNS).json()["results"]} == {own.pk, trouble.pk}
    assert [row["id"] for row in erin.get(RUNS, {"job": "note"}).json()["results"]] == [own.pk]
    assert erin.get(RUNS, {"state": "done"}).json()["results"] == []
    assert erin.get(RUNS, {"state": "lost"}).status_code == 400
    assert [row["id"] for row in erin.get(RUNS, {"sort": "-job"}).json()["results"]] == [trouble.pk, own.pk]
    for run in (foreign, internal):
        assert erin.get(f"{RUNS}{run.pk}/").status_code == 404
        assert erin.post(f"{RUNS}{run.pk}/replay/").status_code == 404
    assert {row["id"] for row in program(cast.ada).get(RUNS).json()["results"]} >= {internal.pk}


def test_a_list_costs_the_same_for_many_runs(
    cast: Cast, erin: APIClient, django_assert_max_num_queries: object
) -> None:
    for n in range(30):
        request(NOTE, cast.churn_v1 if n % 2 else cast.churn, arguments={"n": n})
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert len(erin.get(RUNS).json()["results"]) == 30


def test_what_needs_no_system_is_for_administrators(cast: Cast, erin: APIClient) -> None:
    post(erin, RUNS, 403, job="note")
    run = post(program(cast.ada), RUNS, 202, job="note")
    assert (run["subject"], run["system"], run["window"]) == ("", None, None)


def test_a_token_that_may_only_read_asks_for_nothing(cast: Cast) -> None:
    reader = program(cast.erin, "read")
    run = request(NOTE, cast.churn)
    assert reader.get(f"{RUNS}{run.pk}/").status_code == 200
    assert reader.post(RUNS, {"job": "note", "subject": "churn/1"}, format="json").status_code in {403, 404}
    assert Run.objects.filter(state=RunState.QUEUED).count() == 1
