"""Bodies and sessions over the API, per person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.bodies import services
from portal.bodies.models import Body, Session
from tests.portal.bodies.conftest import Cast, called, ended, opened, running, vote
from tests.portal.cast import program


def post(user: User, path: str, body: dict[str, Any] | None = None, *scopes: str) -> Any:
    return program(user, *scopes).post(f"/api/v1/{path}", body or {}, format="json")


def get(user: User, path: str) -> Any:
    return program(user).get(f"/api/v1/{path}")


def test_a_body_is_set_up_changed_and_seated(cast: Cast) -> None:
    made = post(
        cast.chen, "bodies/", {"name": "Pricing", "slug": "pricing", "unit": "marketing", "quorum": 1}
    )
    assert (made.status_code, made.json()["tie"]) == (201, "chair")
    seat = post(cast.chen, "bodies/pricing/seats/", {"person": "ann", "function": "chair"})
    assert (seat.status_code, seat.json()["person"]) == (201, "ann")
    changed = program(cast.ann).patch("/api/v1/bodies/pricing/", {"quorum": 2}, format="json")
    assert (changed.status_code, changed.json()["quorum"]) == (200, 2)
    assert Body.objects.get(slug="pricing").name == "Pricing"
    assert (
        post(cast.chen, "bodies/", {"name": "Pricing", "slug": "other", "unit": "marketing"}).status_code
        == 409
    )
    assert (
        post(cast.erin, "bodies/", {"name": "Mine", "slug": "mine", "unit": "marketing"}).status_code == 403
    )
    assert get(cast.zoe, "bodies/pricing/").status_code == 404


def test_a_whole_session_runs_over_the_api(cast: Cast) -> None:
    starts = (timezone.now() + timedelta(hours=1)).isoformat()
    made = post(cast.bob, "sessions/", {"body": "ai-committee", "starts_at": starts, "title": "Review"})
    assert made.status_code == 201
    ref = made.json()["ref"]
    item = {"topic": "system", "system": cast.churn.ref, "title": "Churn: continue?"}
    assert post(cast.maya, f"sessions/{ref}/agenda/", item).status_code == 201
    assert post(cast.bob, f"sessions/{ref}/steps/call/").json()["state"] == "called"
    assert post(cast.ann, f"sessions/{ref}/reply/", {"reply": "accepted"}).json()["reply"] == "accepted"
    for login in ("chen", "bob", "ann"):
        assert post(getattr(cast, login), f"sessions/{ref}/steps/arrive/").status_code == 200
    begun = post(cast.chen, f"sessions/{ref}/steps/start/").json()
    assert (begun["state"], begun["pack_digest"][:7]) == ("running", "sha256:")
    assert post(cast.chen, f"sessions/{ref}/items/1/open/").json()["state"] == "open"
    for login in ("chen", "bob", "ann"):
        ballot = {"choice": "continue", "reason": "It works."}
        assert post(getattr(cast, login), f"sessions/{ref}/items/1/votes/", ballot).status_code == 201
    closed = post(cast.chen, f"sessions/{ref}/items/1/close/", {"resolution": "Go on."}).json()
    assert (closed["outcome"], closed["resolution"]) == ("continue", "Go on.")
    assert post(cast.chen, f"sessions/{ref}/steps/close/").json()["state"] == "closed"
    assert get(cast.ann, f"sessions/{ref}/minutes/").json()["results"][0]["number"] == 1
    correction = {"text": "Shorter.", "reason": "Too long."}
    assert post(cast.bob, f"sessions/{ref}/minutes/", correction).json()["number"] == 2


def test_choices_are_null_to_others_until_the_item_is_closed(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="pause")
    path = f"sessions/{item.session.ref}/items/1/votes/"
    rows = {row["voter"]: row["choice"] for row in get(cast.ann, path).json()["results"]}
    assert rows == {"chen": None, "bob": None, "ann": "pause"}
    services.close_item(item, actor=cast.chen)
    rows = {row["voter"]: row["choice"] for row in get(cast.maya, path).json()["results"]}
    assert rows == {"chen": "continue", "bob": "continue", "ann": "pause"}


def test_an_item_says_whether_the_reader_may_vote(cast: Cast) -> None:
    item = opened(cast)
    path = f"sessions/{item.session.ref}/items/1/"
    assert get(cast.ann, path).json()["no_vote"] is None
    assert get(cast.erin, path).json()["no_vote"] == "You have a conflict of interest: Owner of Churn."
    assert get(cast.ann, path).json()["tie"] == "A tie is decided by the chair’s voice."


@pytest.mark.parametrize(
    ("login", "status"), [("erin", 403), ("otto", 403), ("ada", 403), ("dave", 404), ("zoe", 404)]
)
def test_whoever_has_no_vote_is_refused(cast: Cast, login: str, status: int) -> None:
    item = opened(cast)
    ballot = {"choice": "continue", "reason": "Let me."}
    answer = post(getattr(cast, login), f"sessions/{item.session.ref}/items/1/votes/", ballot)
    assert answer.status_code == status
    assert not item.ballots.exists()


def test_a_token_for_reading_does_not_vote(cast: Cast) -> None:
    item = opened(cast)
    ballot = {"choice": "continue", "reason": "Let me."}
    assert post(cast.ann, f"sessions/{item.session.ref}/items/1/votes/", ballot, "read").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"choice": "continue"},
        {"choice": "maybe", "reason": "Hm."},
        {"choice": "continue", "reason": ""},
        {"choice": "continue", "reason": "Fine.", "weight": 2},
        {"choice": "conditions", "reason": "Which?"},
        {"choice": "conditions", "reason": "Who?", "conditions": [{"text": "x", "owner": "nobody"}]},
    ],
)
def test_a_body_that_is_not_a_vote_is_400(cast: Cast, body: dict[str, Any]) -> None:
    item = opened(cast)
    assert post(cast.ann, f"sessions/{item.session.ref}/items/1/votes/", body).status_code == 400
    assert not item.ballots.exists()


def test_conditions_come_with_the_vote(cast: Cast) -> None:
    item = opened(cast)
    due = (timezone.now() + timedelta(days=9)).date().isoformat()
    body = {
        "choice": "conditions",
        "reason": "Only so.",
        "conditions": [{"text": "Audit", "owner": "erin", "due_on": due}],
    }
    assert post(cast.ann, f"sessions/{item.session.ref}/items/1/votes/", body).status_code == 201
    told = get(cast.bob, f"sessions/{item.session.ref}/items/1/").json()["conditions"]
    assert told == [{"text": "Audit", "owner": "erin", "due_on": due, "case": None}]


def test_the_pack_is_the_frozen_data(cast: Cast) -> None:
    session = running(cast)
    told = get(cast.maya, f"sessions/{session.ref}/pack/").json()
    assert told == {"digest": f"sha256:{session.pack.digest}", "data": json.loads(session.pack.data)}


def test_what_a_session_has_not_is_missing(cast: Cast) -> None:
    session = called(cast)
    assert get(cast.ann, f"sessions/{session.ref}/pack/").status_code == 404
    assert get(cast.ann, f"sessions/{session.ref}/items/9/").status_code == 404
    assert post(cast.chen, f"sessions/{session.ref}/steps/dance/").status_code == 404
    assert get(cast.ann, "sessions/SES-x/").status_code == 404


def test_a_step_out_of_order_is_a_conflict(cast: Cast) -> None:
    session = ended(cast)
    assert post(cast.chen, f"sessions/{session.ref}/steps/start/").status_code == 409
    assert post(cast.ann, f"sessions/{session.ref}/steps/close/").status_code == 403


def test_lists_hold_what_the_reader_may_see(cast: Cast) -> None:
    called(cast)
    counts = {
        login: get(getattr(cast, login), "sessions/?state=called").json()["count"]
        for login in ("ann", "erin", "maya", "otto", "zoe", "lee", "ada")
    }
    assert counts == {"ann": 1, "erin": 1, "maya": 1, "otto": 1, "zoe": 0, "lee": 0, "ada": 0}
    assert Session.objects.count() == 1
