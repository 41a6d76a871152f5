"""What each person meets on the pages of bodies and sessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Role
from portal.bodies import services
from portal.bodies.models import Body, Function, Item, Seat, Session, State
from portal.bodies.panels import next_session
from tests.portal.bodies.conftest import Cast, called, ended, opened, planned, running, vote
from tests.portal.cast import browser, person


def page(user: User, url: str) -> str:
    answer = browser(user).get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def press(user: User, name: str, /, *args: Any, **data: Any) -> int:
    return browser(user).post(reverse(f"bodies:{name}", args=args), data).status_code


# --- Who sees what --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "status"),
    [
        ("ann", 200),
        ("erin", 200),
        ("maya", 200),
        ("otto", 200),
        ("dara", 200),
        ("zoe", 404),
        ("lee", 404),
        ("ada", 404),
    ],
)
def test_a_session_is_read_by_its_seats_and_those_whose_role_reads_the_unit(
    cast: Cast, login: str, status: int
) -> None:
    session = called(cast)
    for url in (
        session.get_absolute_url(),
        session.items.all()[0].get_absolute_url(),
        cast.committee.get_absolute_url(),
    ):
        assert browser(getattr(cast, login)).get(url).status_code == status


def test_lists_hold_what_the_reader_may_see(cast: Cast) -> None:
    called(cast)
    assert "Review" in page(cast.ann, reverse("bodies:sessions"))
    assert "none is planned" in page(cast.zoe, reverse("bodies:sessions"))
    found = browser(cast.zoe).get("/find/", {"q": "AI committee"}).content.decode()
    assert cast.committee.get_absolute_url() not in found


# --- The journey of a session ---------------------------------------------------------------------------


def test_a_session_runs_on_its_pages_from_the_plan_to_the_minutes(cast: Cast) -> None:
    starts = timezone.localtime(timezone.now() + timedelta(hours=1))
    told = {
        "title": "Review",
        "mode": "meeting",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
        "ends_at": f"{starts + timedelta(hours=2):%Y-%m-%dT%H:%M}",
    }
    assert press(cast.bob, "plan", "ai-committee", **told) == 302
    session = Session.objects.get()
    ref = session.ref
    item = {"topic": "system", "title": "", "system": cast.churn.pk, "why": "It grew.", "minutes": 10}
    assert press(cast.maya, "add-item", ref, **item) == 302
    assert press(cast.bob, "call", ref) == 302
    assert press(cast.ann, "answer", ref, reply="accepted") == 302
    for login in ("chen", "bob"):
        press(getattr(cast, login), "arrive", ref)
    press(cast.bob, "arrive", ref, person="ann")
    assert press(cast.chen, "start", ref) == 302
    assert press(cast.chen, "open-item", ref, 1) == 302
    assert "hidden until the chair closes the item" in page(cast.ann, reverse("bodies:item", args=[ref, 1]))
    for login in ("chen", "bob", "ann"):
        assert press(getattr(cast, login), "item", ref, 1, choice="pause", reason="Mend it.") == 302
    assert press(cast.bob, "note", ref, 1, text="<b>Erin</b> answered.") == 302
    assert press(cast.chen, "close-item", ref, 1, resolution="It waits.") == 302
    assert press(cast.chen, "close", ref) == 302
    minutes = page(cast.ann, reverse("bodies:minutes", args=[ref]))
    assert "<strong>Pause.</strong> It waits." in minutes
    assert "&lt;b&gt;Erin&lt;/b&gt; answered." in minutes
    corrected = {"text": "# Review\n\nIt waits.", "reason": "Shorter."}
    assert press(cast.bob, "edit-minutes", ref, **corrected) == 302
    assert "Shorter." in page(cast.ann, reverse("bodies:minutes", args=[ref]))
    assert "Superseded" in page(cast.ann, reverse("bodies:minutes", args=[ref]) + "?version=1")


def test_hours_are_typed_and_shown_where_the_organisation_is(cast: Cast) -> None:
    told = {
        "title": "Noon",
        "mode": "meeting",
        "starts_at": "2027-01-12T12:00",
        "ends_at": "2027-01-12T13:00",
    }
    press(cast.chen, "plan", "ai-committee", **told)
    session = Session.objects.get()
    assert f"{session.starts_at:%H:%M}" == "11:00"
    assert "12 Jan 2027, 12:00 CET" in page(cast.chen, session.get_absolute_url())


def test_what_was_chosen_shows_only_once_the_item_is_closed(cast: Cast) -> None:
    item = opened(cast)
    vote(cast, item, chen="pause", bob="pause", ann="pause")
    before = page(cast.maya, item.get_absolute_url())
    assert "chen thinks so." not in before
    assert "3 of 3 votes in" in before
    services.close_item(item, actor=cast.chen)
    after = page(cast.maya, item.get_absolute_url())
    assert "chen thinks so." in after
    assert "1. Churn: continue? Pause" in after


def test_the_page_says_the_rule_of_a_tie_before_anybody_votes(cast: Cast) -> None:
    shown = page(cast.ann, opened(cast).get_absolute_url())
    assert "A tie is decided by the chair’s voice." in shown
    assert "Three more voices make the quorum." in shown


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ("erin", "You have a conflict of interest: Owner of Churn."),
        ("maya", "You are not marked as present."),
        ("dara", "You have no seat on AI committee."),
    ],
)
def test_the_page_says_why_there_is_no_form(cast: Cast, login: str, sentence: str) -> None:
    shown = page(getattr(cast, login), opened(cast).get_absolute_url())
    assert sentence in shown
    assert 'name="choice"' not in shown


def test_a_vote_by_whoever_has_none_is_forbidden(cast: Cast) -> None:
    item = opened(cast)
    ref, told = item.session.ref, {"choice": "stop", "reason": "Let me."}
    statuses = {
        login: press(getattr(cast, login), "item", ref, 1, **told) for login in ("erin", "otto", "zoe")
    }
    assert statuses == {"erin": 403, "otto": 403, "zoe": 404}
    assert not item.ballots.exists()


def test_a_vote_without_a_reason_comes_back_with_what_was_typed(cast: Cast) -> None:
    item = opened(cast)
    answer = browser(cast.ann).post(item.get_absolute_url(), {"choice": "stop", "reason": ""})
    assert answer.status_code == 422
    assert 'value="stop"' in answer.content.decode()


def test_a_condition_is_named_beside_the_vote(cast: Cast) -> None:
    item = opened(cast)
    due = (timezone.now() + timedelta(days=9)).date().isoformat()
    told = {"condition": "Audit first", "condition_owner": cast.erin.pk, "condition_due": due}
    assert press(cast.ann, "condition", item.session.ref, 1, **told) == 302
    assert "Audit first" in page(cast.bob, item.get_absolute_url())


def test_a_conflict_is_declared_on_a_page(cast: Cast) -> None:
    item = opened(cast)
    assert press(cast.ann, "conflict", item.session.ref, 1, reason="My sister sells it.") == 302
    assert "My sister sells it." in page(cast.bob, item.get_absolute_url())


def test_the_agenda_is_settled_without_dragging(cast: Cast) -> None:
    session = called(cast)
    assert press(cast.bob, "place-item", session.ref, 2, way="up") == 302
    assert session.items.get(number=1).title == "News"
    assert press(cast.bob, "drop-item", session.ref, 1) == 302
    assert press(cast.bob, "accept", session.ref, all="1") == 302
    assert press(cast.ann, "place-item", session.ref, 1, way="down") == 302, "refused with a message"
    assert session.items.count() == 1


@pytest.mark.parametrize(
    "page_of", ["session", "agenda", "pack", "minutes", "move", "cancel", "edit-minutes"]
)
def test_pages_of_a_session_open_in_every_state_they_have(cast: Cast, page_of: str) -> None:
    session = ended(cast)
    answer = browser(cast.chen).get(reverse(f"bodies:{page_of}", args=[session.ref]))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "made", [planned, called, running, ended], ids=["draft", "called", "running", "ended"]
)
def test_a_session_opens_in_each_of_its_states(cast: Cast, made: Callable[[Cast], Session]) -> None:
    session = made(cast)
    for user in (cast.chen, cast.maya, cast.otto):
        assert session.title in page(user, session.get_absolute_url())


# --- The pack -------------------------------------------------------------------------------------------


def test_the_pack_is_read_as_page_as_json_and_on_paper(cast: Cast) -> None:
    session = running(cast)
    assert "One decision: Churn: continue?" in page(cast.ann, reverse("bodies:pack", args=[session.ref]))
    as_json = browser(cast.ann).get(reverse("bodies:pack-json", args=[session.ref]))
    assert as_json.content.decode() == session.pack.data
    assert json.loads(as_json.content)["session"]["ref"] == session.ref
    paper = browser(cast.ann).get(reverse("bodies:pack-pdf", args=[session.ref]))
    assert paper["Content-Type"] == "application/pdf"
    assert browser(cast.zoe).get(reverse("bodies:pack-pdf", args=[session.ref])).status_code == 404


def test_there_is_no_pack_before_it_is_frozen(cast: Cast) -> None:
    session = called(cast)
    assert browser(cast.ann).get(reverse("bodies:pack", args=[session.ref])).status_code == 404


# --- Bodies ---------------------------------------------------------------------------------------------


def test_a_body_is_set_up_with_its_seats_on_pages(cast: Cast) -> None:
    told = {
        "name": "Pricing panel",
        "slug": "pricing",
        "kind": "panel",
        "unit": cast.marketing.pk,
        "role": "",
        "quorum": 1,
        "majority": "simple",
        "tie": "chair",
        "rhythm": "month",
        "month": 1,
        "week": 1,
        "weekday": 2,
        "hour": "09:30",
        "duration_minutes": 45,
        "mode": "meeting",
    }
    assert press(cast.chen, "new-body", **told) == 302
    body = Body.objects.get(slug="pricing")
    assert body.rhythm_words == "every month, first Wednesday at 09:30"
    seat = {"person": cast.ann.pk, "function": "chair", "votes": "on"}
    assert press(cast.chen, "add-seat", "pricing", **seat) == 302
    ann = body.seats.get()
    assert (ann.function, ann.votes) == (Function.CHAIR, True)
    assert press(cast.ann, "deputy", "pricing", ann.pk, deputy=cast.bob.pk) == 302
    assert press(cast.ann, "rules", "pricing", **{**told, "quorum": 2}) == 302
    assert "2 <span" in page(cast.ann, body.get_absolute_url())
    today = timezone.localtime(timezone.now()).date()
    assert press(cast.chen, "end-seat", "pricing", ann.pk, last_day=today + timedelta(days=1)) == 302
    assert Seat.objects.get(pk=ann.pk).ended_on == today + timedelta(days=1)


def test_nobody_sets_up_a_body_above_their_unit(cast: Cast) -> None:
    local = person("local", Role.COMMITTEE, cast.marketing)
    told = {"name": "Mine", "slug": "mine", "kind": "board", "unit": cast.root.pk, "quorum": 1}
    assert press(local, "new-body", **told) == 422
    assert press(cast.lee, "new-body", **told) == 403
    assert not Body.objects.filter(slug="mine").exists()


def test_whoever_does_not_lead_a_body_does_not_seat_people(cast: Cast) -> None:
    told = {"person": cast.dave.pk, "function": "member", "votes": "on"}
    assert press(cast.erin, "add-seat", "ai-committee", **told) == 403
    assert not cast.committee.seats.filter(person=cast.dave).exists()


# --- Homes and cost -------------------------------------------------------------------------------------


def test_the_home_of_a_member_leads_to_the_next_session(cast: Cast) -> None:
    session = called(cast)
    told = next_session(cast.ann, None)
    assert told is not None
    assert (told["session"], told["unanswered"]) == (session, True)
    assert session.get_absolute_url() in browser(cast.ann).get("/", follow=True).content.decode()
    assert next_session(cast.zoe, None) is None


def test_the_home_shows_where_a_vote_is_missing(cast: Cast) -> None:
    item = opened(cast)
    told = next_session(cast.ann, None)
    assert told is not None
    assert told["to_vote"] == [item]
    vote(cast, item, ann="stop")
    told = next_session(cast.ann, None)
    assert told is not None
    assert told["to_vote"] == []


def test_pages_cost_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    item: Item = opened(cast)
    vote(cast, item, chen="continue", bob="continue")
    client = browser(cast.ann)
    for url in (
        item.get_absolute_url(),
        item.session.get_absolute_url(),
        reverse("bodies:sessions"),
        cast.committee.get_absolute_url(),
    ):
        client.get(url)
        with django_assert_max_num_queries(25):
            assert client.get(url).status_code == 200


def test_a_cancelled_session_says_why(cast: Cast) -> None:
    session = called(cast)
    assert press(cast.bob, "cancel", session.ref, reason="No room.") == 302
    session.refresh_from_db()
    assert session.state == State.CANCELLED
    assert "Cancelled: No room." in page(cast.ann, session.get_absolute_url())
