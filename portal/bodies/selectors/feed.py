"""Days as an iCalendar: sessions, review dates of a body; for a person also what they must decide or do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from icalendar import Calendar, Event

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.bodies.models import Body, Feed, Item, ItemState, Seat, Session, State
from portal.cases.models import Case, Condition, ConditionState
from portal.cases.models import State as CaseState

BACK = timedelta(days=92)
"""How far back a feed reaches; calendar programs keep what they have seen."""


def calendar_of(feed: Feed, at: datetime | None = None) -> bytes:
    """The feed as a file, of what its person may read now."""
    at = at or timezone.now()
    name = organisation().name
    calendar = Calendar()
    calendar.add("prodid", "-//AI governance portal//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{feed.body.name}, {name}" if feed.body else f"{name}: {feed.person.name}")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for event in _events(feed, at):
        calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made


def _events(feed: Feed, at: datetime) -> Iterator[Event]:
    bodies = Body.objects.visible_to(feed.person)
    if feed.body is not None:
        bodies = bodies.filter(pk=feed.body.pk)
    else:
        bodies = bodies.filter(pk__in=Seat.objects.held_by(feed.person).values("body"))
    sessions = Session.objects.filter(body__in=bodies.values("pk"), ends_at__gte=at - BACK).exclude(
        state=State.DRAFT
    )
    for session in sessions.select_related("body").order_by("pk"):
        yield _session(session)
    reviews = Item.objects.filter(
        session__body__in=bodies.values("pk"), state=ItemState.CLOSED, next_review_on__gte=(at - BACK).date()
    )
    for item in reviews.select_related("session__body").order_by("pk"):
        assert item.next_review_on is not None
        assert item.closed_at is not None
        title = f"To review: {item.title} ({item.session.body})"
        yield _day(f"review-{item.pk}", title, item.next_review_on, item.get_absolute_url(), item.closed_at)
    if feed.body is None:
        yield from _duties(feed.person)


def _duties(person: User) -> Iterator[Event]:
    """What this person must decide or do by a day."""
    cases = Case.objects.filter(
        Q(pk__in=Case.objects.decidable_by(person).values("pk")) | Q(owner=person, state=CaseState.OPEN)
    )
    for case in cases.order_by("pk"):
        yield _day(
            f"case-{case.pk}",
            f"{case.ref}: {case.title}",
            case.due_on,
            case.get_absolute_url(),
            case.opened_at,
        )
    mine = Condition.objects.filter(owner=person, state=ConditionState.BINDING, due_on__isnull=False)
    for row in mine.select_related("case").order_by("pk"):
        assert row.due_on is not None
        title = f"{row.case.ref}: {row.text}"
        yield _day(f"condition-{row.pk}", title, row.due_on, row.case.get_absolute_url(), row.proposed_at)


def _session(session: Session) -> Event:
    event = _event(f"session-{session.pk}", f"{session.title}, {session.body}", session.created_at)
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("status", "CANCELLED" if session.state == State.CANCELLED else "CONFIRMED")
    event.add("url", f"{settings.PORTAL_PUBLIC_URL}{session.get_absolute_url()}")
    if session.place:
        event.add("location", session.place)
    return event


def _day(key: str, title: str, day: date, url: str, stamped: datetime) -> Event:
    event = _event(key, title, stamped)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{settings.PORTAL_PUBLIC_URL}{url}")
    return event


def _event(key: str, title: str, stamped: datetime) -> Event:
    event = Event()
    host = settings.PORTAL_PUBLIC_URL.partition("://")[2] or "portal"
    event.add("uid", f"{key}@{host}")
    event.add("summary", title)
    event.add("dtstamp", stamped.astimezone(UTC))
    return event
