"""Calendars that programs subscribe to, and addresses that can be taken back."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from portal.accounts.models import User
from portal.accounts.services import set_active
from portal.bodies import services
from portal.bodies.models import Feed, Seat
from portal.cases.services import open_case
from tests.portal.bodies.conftest import Cast, called, planned
from tests.portal.cases.yard.area import REVIEW
from tests.portal.cast import browser


def days(key: str) -> list[str]:
    answer = Client().get(reverse("bodies:feed", args=[key]))
    assert answer["Content-Type"].startswith("text/calendar")
    return [str(event["SUMMARY"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")]


def key_of(person: User, body: object = None) -> str:
    return services.issue_feed(person, body=body, actor=person)[1]  # type: ignore[arg-type] # a body or None


def test_a_feed_holds_called_sessions_and_what_its_person_must_do(cast: Cast) -> None:
    called(cast)
    planned(cast, title="Not called yet")
    case = open_case(REVIEW, cast.churn, actor=cast.dave, title="Build churn")
    assert days(key_of(cast.ann)) == ["Review, AI committee", f"{case.ref}: Build churn"]
    assert days(key_of(cast.ann, cast.committee)) == ["Review, AI committee"]
    assert days(key_of(cast.dave)) == []


def test_a_cancelled_session_is_marked_so(cast: Cast) -> None:
    session = called(cast)
    key = key_of(cast.ann)
    services.cancel_session(session, actor=cast.chen, reason="No room.")
    body = Client().get(reverse("bodies:feed", args=[key])).content
    assert b"STATUS:CANCELLED" in body


def test_whoever_leaves_the_body_reads_no_more_of_its_new_days(cast: Cast) -> None:
    key = key_of(cast.erin, cast.committee)
    seat = Seat.objects.get(person=cast.erin)
    services.end_seat(seat, actor=cast.chen, last_day=(timezone.now() - timedelta(days=1)).date())
    called(cast)
    assert days(key) == ["Review, AI committee"], "who sat there may read what was decided"
    set_active(cast.erin, active=False, actor=cast.ada)
    assert Client().get(reverse("bodies:feed", args=[key])).status_code == 404


def test_an_address_is_shown_once_and_revoked_at_will(cast: Cast) -> None:
    page = browser(cast.ann)
    answer = page.post(reverse("bodies:calendar"), {"body": ""})
    feed = Feed.objects.get()
    assert f"/calendar/{feed.prefix}" in answer.content.decode()
    assert f"/calendar/{feed.prefix}" not in page.get(reverse("bodies:calendar")).content.decode()
    stranger = browser(cast.bob).post(reverse("bodies:revoke-feed", args=[feed.pk]))
    assert stranger.status_code == 404
    page.post(reverse("bodies:revoke-feed", args=[feed.pk]))
    feed.refresh_from_db()
    assert feed.revoked_at is not None


def test_an_unknown_address_is_not_found(cast: Cast) -> None:
    key = key_of(cast.ann)
    services.revoke_feed(Feed.objects.get(), actor=cast.ann)
    for wrong in (key, "nothing", "x" * 500):
        assert Client().get(f"/calendar/{wrong}.ics").status_code == 404


def test_nobody_subscribes_to_a_body_they_do_not_read(cast: Cast) -> None:
    answer = browser(cast.zoe).post(reverse("bodies:calendar"), {"body": cast.committee.pk})
    assert answer.status_code == 422
    assert not Feed.objects.exists()
