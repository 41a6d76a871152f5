"""One error body, whatever goes wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core import signals
from prometheus_client import REGISTRY
from rest_framework.test import APIClient, APIRequestFactory, force_authenticate

from portal.api import errors
from portal.audit.models import Entry
from portal.registry.models import Stage
from tests.portal.api.conftest import Cast, make_cast
from tests.portal.api.probe import Undeclared

SYSTEMS = "/api/v1/systems/"


def unexpected() -> float:
    return REGISTRY.get_sample_value("portal_unexpected_400_total") or 0.0


def test_the_body_of_a_wrong_input_is_this_to_the_byte(cast: Cast) -> None:
    response = cast.client(cast.erin).post(SYSTEMS, {"purpose": 5, "tags": ["a", []], "nme": "x"}, "json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.content == (
        b'{"type":"/api/problems/invalid/","title":"The input is not valid","status":400,'
        b'"detail":"/nme: is not a field here; the fields are count, facts, name, purpose, risk_tier, share, '
        b'since, tags","errors":[{"pointer":"/nme","detail":"is not a field here; the fields are count, '
        b'facts, name, purpose, risk_tier, share, since, tags"}],"help":null}'
    )


def test_every_wrong_value_is_named_by_its_pointer(cast: Cast) -> None:
    body = {"tags": ["a", []], "risk_tier": "awful", "count": "many"}
    problem = cast.client(cast.erin).post(SYSTEMS, body, "json").json()
    assert [e["pointer"] for e in problem["errors"]] == ["/name", "/risk_tier", "/count", "/tags/1"]
    assert problem["detail"].endswith("(3 more)")


def test_a_closed_gate_answers_with_its_gates_and_the_page_that_helps(cast: Cast) -> None:
    response = cast.client(cast.erin).post(f"{SYSTEMS}{cast.churn.pk}/archive/", {"reason": "old"}, "json")
    assert response.status_code == 403
    assert response.json() == {
        "type": "/api/problems/gate-closed/",
        "title": "A gate is closed",
        "status": 403,
        "detail": "A version still serves.",
        "errors": [],
        "help": "/help/",
        "gates": [{"gate": "nothing-serves", "state": "failed", "reason": "v3", "fix_url": "/fix/"}],
    }


def test_missing_and_invisible_answer_alike(cast: Cast) -> None:
    client = cast.client(cast.erin)
    invisible = client.get(f"{SYSTEMS}{cast.credit.pk}/")
    missing = client.get(f"{SYSTEMS}{cast.credit.pk + 1000}/")
    nonsense = [client.get(f"{SYSTEMS}{ref}/") for ref in ("abc", "9" * 30, "%00", "-1", "1.5", "😀")]
    nowhere = client.get("/api/v1/nothing/like/this/")
    assert {r.status_code for r in (invisible, missing, nowhere, *nonsense)} == {404}
    assert {r.content for r in (invisible, missing, nowhere, *nonsense)} == {invisible.content}
    assert {r["Content-Type"] for r in (invisible, missing, nowhere)} == {errors.CONTENT_TYPE}


def test_a_stranger_gets_401_with_a_challenge_and_a_wrong_token_too(cast: Cast) -> None:
    for client in (cast.client(), cast.client(Authorization="Bearer aip_wrong")):
        response = client.get(SYSTEMS)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="portal"'
        assert response.json()["title"] == "Sign in first"


def test_a_role_without_the_action_gets_403_and_the_roles_that_have_it(cast: Cast) -> None:
    response = cast.client(cast.lee).get(SYSTEMS)
    assert response.status_code == 403
    assert "engineer" in response.json()["detail"]


def test_an_address_without_a_declared_action_answers_nobody(cast: Cast) -> None:
    request = APIRequestFactory().get("/api/v1/undeclared/")
    force_authenticate(request, cast.erin)
    assert Undeclared.as_view()(request).status_code == 403
    assert cast.client(cast.erin).get("/api/v1/undeclared/").status_code >= 400


@pytest.mark.parametrize(
    ("request_", "status", "kind"),
    [
        ({"REQUEST_METHOD": "DELETE"}, 405, "method-not-allowed"),
        ({"HTTP_ACCEPT": "text/xml"}, 406, "not-acceptable"),
        (
            {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/csv", "CONTENT_LENGTH": "3"},
            415,
            "unsupported-media-type",
        ),
    ],
)
def test_the_framework_speaks_in_the_same_body(
    cast: Cast, request_: dict[str, Any], status: int, kind: str
) -> None:
    response = cast.client(cast.erin).get(SYSTEMS, **request_)
    assert response.status_code == status
    assert response.json()["type"] == f"/api/problems/{kind}/"
    assert response.json()["status"] == status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_a_method_that_nobody_declared_is_not_taken(cast: Cast, method: str) -> None:
    address = "/api/v1/models/"
    assert cast.client(cast.erin).generic(method, address).status_code == 405
    assert cast.client().generic(method, address).status_code == 401


def test_busy_says_when_to_come_back(cast: Cast) -> None:
    response = cast.client().get("/api/v1/raises/busy/")
    assert (response.status_code, response["Retry-After"]) == (503, "7")


@pytest.mark.real_commits
def test_a_statement_that_takes_too_long_is_busy_not_broken(db: None) -> None:
    response = APIClient(raise_request_exception=False).get("/api/v1/raises/statement/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("what", ["defect", "portal-defect"])
def test_a_defect_tells_the_client_nothing_and_the_developer_everything(
    cast: Cast, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []
    signals.got_request_exception.connect(lambda **told: heard.append(told), weak=False, dispatch_uid="test")
    try:
        with caplog.at_level(logging.ERROR, "portal.api"):
            response = cast.client().get(f"/api/v1/raises/{what}/", headers={"X-Request-ID": "request-4711"})
    finally:
        signals.got_request_exception.disconnect(dispatch_uid="test")
    assert response.status_code == 500
    assert response.json()["type"] == "/api/problems/defect/"
    assert b"secret internals" not in response.content
    assert "request-4711" in caplog.text
    assert caplog.records[0].exc_info is not None
    assert len(heard) == 1


def test_what_only_the_database_refuses_is_a_400_that_is_counted_and_logged(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    before = unexpected()
    with caplog.at_level(logging.WARNING, "portal.api"):
        response = cast.client().get("/api/v1/raises/anything/", headers={"X-Request-ID": "request-4712"})
    assert response.status_code == 400
    assert unexpected() == before + 1
    assert "unexpected 400 at GET /api/v1/raises/anything/ (request request-4712)" in caplog.text


@pytest.mark.real_commits
def test_the_database_refuses_and_the_connection_goes_on(db: None) -> None:
    client = APIClient(raise_request_exception=False)
    assert client.get("/api/v1/raises/data-error/").status_code == 400
    assert client.get("/api/v1/raises/unique/").status_code == 409
    assert client.get("/api/v1/raises/busy/").status_code == 503


@pytest.mark.real_commits
def test_a_refusal_is_recorded_though_its_change_is_undone(db: None) -> None:
    cast = make_cast()
    client = cast.client(cast.erin)
    entries = Entry.objects.count()
    for headers in ({}, {"Idempotency-Key": "k1"}):
        response = client.post(
            f"{SYSTEMS}{cast.churn.pk}/archive/", {"reason": "old"}, "json", headers=headers
        )
        assert response.status_code == 403
    cast.churn.refresh_from_db()
    assert cast.churn.stage == Stage.PROPOSED
    assert Entry.objects.count() == entries + 2


def test_an_area_can_speak_the_error_body_of_another_protocol(cast: Cast) -> None:
    response = cast.client(cast.erin).get("/api/protocol/")
    assert response.json() == {"error_code": "BUSY", "message": "Later."}
    assert response["Retry-After"] == "5"
    assert cast.client().get("/api/protocol/").json()["error_code"] == "NOT-AUTHENTICATED"


def test_every_kind_of_problem_explains_itself(cast: Cast) -> None:
    client = cast.client(cast.erin)
    told = client.get("/api/problems/gate-closed/").json()
    assert told["status"] == 403
    assert told["description"].startswith("A gate says no.")
    assert client.get("/api/problems/still-running/").json()["status"] == 409
    assert client.get("/api/problems/no-such-kind/").status_code == 404


def test_values_that_json_lacks_are_written_so_that_nothing_is_lost(cast: Cast) -> None:
    told = cast.client().get("/api/v1/raises/values/")
    assert b'"huge":1180591620717411303424' in told.content.replace(b" ", b"")
    assert told.json()["amount"] == "12.50"
    assert told.json()["at"].endswith(("Z", "+00:00"))
