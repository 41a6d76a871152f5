"""Cases over the API, per person."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from portal.accounts.models import User
from portal.accounts.services import issue_token
from portal.cases.models import Case
from portal.cases.services import cast_vote, open_case
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import REVIEW, SECRET


def program(user: User, *scopes: str) -> APIClient:
    unit = user.memberships.get().unit
    _token, key = issue_token(
        user, name="test", unit=unit, scopes=scopes or ("read", "govern"), days=1, actor=user
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


@pytest.fixture
def case(cast: Cast) -> Case:
    return open_case(REVIEW, cast.churn, actor=cast.dave, reason="Ready to be built.")


def post(user: User, case: Case, body: dict[str, Any], what: str = "votes") -> Any:
    return program(user).post(f"/api/v1/cases/{case.ref}/{what}/", body, format="json")


def test_a_case_says_what_is_decided_and_whether_the_reader_may_vote(cast: Cast, case: Case) -> None:
    told = program(cast.chen).get(f"/api/v1/cases/{case.ref}/").json()
    assert told["snapshot"] == {"Purpose": "Whom to call before they leave", "Risk tier": "limited"}
    assert told["digest"] == f"sha256:{case.digest}"
    assert (told["stale"], told["no_vote"], told["rounds"][0]["quorum"]) == (False, None, 2)
    assert told["choices"] == ["approve", "conditions", "reject", "abstain"]
    erin = program(cast.erin).get(f"/api/v1/cases/{case.ref}/").json()
    assert erin["no_vote"] == "You have a conflict of interest: Owner of Churn."


def test_votes_decide_over_the_api(cast: Cast, case: Case) -> None:
    first = post(cast.chen, case, {"approve": True, "reason": "Useful."})
    assert (first.status_code, first.json()["choice"]) == (201, "approve")
    condition = {"text": "Audit first", "owner": "erin"}
    body = {"choice": "conditions", "reason": "Only so.", "conditions": [condition]}
    assert post(cast.ann, case, body).status_code == 201
    told = program(cast.bob).get(f"/api/v1/cases/{case.ref}/").json()
    assert (told["state"], told["outcome"]) == ("decided", "conditions")
    assert told["conditions"] == [
        {"text": "Audit first", "owner": "erin", "due_on": None, "state": "binding"}
    ]


@pytest.mark.parametrize(
    ("login", "status"),
    [("dave", 403), ("erin", 403), ("otto", 403), ("ada", 403), ("dara", 403), ("lee", 404), ("zoe", 404)],
)
def test_whoever_has_no_vote_is_refused(cast: Cast, case: Case, login: str, status: int) -> None:
    answer = post(getattr(cast, login), case, {"approve": True, "reason": "Let me."})
    assert answer.status_code == status
    assert not case.votes.exists()


def test_a_token_for_reading_does_not_vote(cast: Cast, case: Case) -> None:
    body = {"approve": True, "reason": "Useful."}
    answer = program(cast.chen, "read").post(f"/api/v1/cases/{case.ref}/votes/", body, format="json")
    assert answer.status_code == 403
    assert not case.votes.exists()


def test_a_second_vote_conflicts(cast: Cast, case: Case) -> None:
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    assert post(cast.chen, case, {"approve": False, "reason": "No."}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "Neither."},
        {"choice": "approve", "approve": True, "reason": "Both."},
        {"choice": "maybe", "reason": "Unknown."},
        {"approve": True, "reason": ""},
        {"approve": True, "reason": "Extra.", "weight": 3},
        {"choice": "conditions", "reason": "Which?"},
        {"choice": "conditions", "reason": "Who?", "conditions": [{"text": "x", "owner": "nobody"}]},
    ],
)
def test_a_body_that_is_not_a_vote_is_400(cast: Cast, case: Case, body: dict[str, Any]) -> None:
    answer = post(cast.chen, case, body)
    assert answer.status_code == 400
    assert not case.votes.exists()


def test_a_conflict_is_declared_over_the_api(cast: Cast, case: Case) -> None:
    answer = post(cast.chen, case, {"reason": "My brother sells it."}, "conflicts")
    assert (answer.status_code, answer.json()["person"]) == (201, "chen")
    listed = program(cast.ann).get(f"/api/v1/cases/{case.ref}/conflicts/").json()["results"]
    assert [row["person"] for row in listed] == ["erin", "chen"]


def test_secret_votes_are_null_until_the_decision(cast: Cast) -> None:
    case = open_case(SECRET, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, approve=False, reason="Hidden for now.")
    row = program(cast.ann).get(f"/api/v1/cases/{case.ref}/votes/").json()["results"][0]
    assert (row["voter"], row["choice"], row["reason"]) == ("chen", None, None)
    cast_vote(case, actor=cast.ann, approve=False, reason="No.")
    row = program(cast.bob).get(f"/api/v1/cases/{case.ref}/votes/").json()["results"][0]
    assert (row["choice"], row["reason"]) == ("reject", "Hidden for now.")


def test_lists_hold_what_the_reader_may_see(cast: Cast, case: Case) -> None:
    counts = {
        login: program(getattr(cast, login)).get("/api/v1/cases/?state=open").json()["count"]
        for login in ("erin", "chen", "maya", "otto", "zoe", "lee", "ada")
    }
    assert counts == {"erin": 1, "chen": 1, "maya": 1, "otto": 1, "zoe": 0, "lee": 0, "ada": 0}


def test_the_cases_of_a_system_are_listed_below_it(cast: Cast, case: Case) -> None:
    url = f"/api/v1/systems/{cast.churn.ref}/cases/"
    assert program(cast.erin).get(url).json()["results"][0]["ref"] == case.ref
    assert program(cast.zoe).get(url).status_code == 404
