"""Calls about bodies, their seats and sessions, on a committee that each call makes for itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from portal.accounts.models import Unit
from portal.bodies import services
from portal.bodies.models import Body, Function, Item, Seat, Session
from tests.laws.world import PEER, World
from tests.laws.writes.calls import WHY, Call, Writes, in_days, moment, person, today

SLUG = "law-committee"
SEATS = {
    "chen": Function.CHAIR,
    "bob": Function.SECRETARY,
    "ann": Function.MEMBER,
    "maya": Function.OBSERVER,
}
RULES = {
    "name": "Law committee",
    "kind": "committee",
    "purpose": "It follows the law.",
    "role": "",
    "quorum": 2,
    "majority": "simple",
    "tie": "chair",
    "rhythm": "",
    "month": 3,
    "week": 4,
    "weekday": 1,
    "hour": "10:00",
    "duration_minutes": 90,
    "mode": "meeting",
    "place": "",
}
WHEN = {"starts_at": moment(3).isoformat(), "ends_at": moment(4).isoformat()}
MEETING = {"title": "Review", "mode": "meeting", **WHEN}
AT, ITEM = "sessions/<str:ref>/", "sessions/<str:ref>/items/<int:number>/"


def make_body(world: World, slug: str = SLUG, unit: str = PEER) -> Body:
    """Chen chairs it, Bob writes, Ann is a member, Maya observes."""
    home = Unit.objects.get(slug=unit)
    chen = person(world, "chen")
    body = services.create_body(slug.capitalize(), slug=slug, unit=home, actor=chen, quorum=2)
    for login, function in SEATS.items():
        services.add_seat(body, person(world, login), actor=chen, function=function, started_on=today())
    return body


def plan_session(world: World, body: Body) -> Session:
    """It begins in an hour; Maya proposed to continue credit-limit, and news."""
    starts = timezone.now() + timedelta(hours=1)
    session = services.create_session(body, actor=person(world, "chen"), title="Review", starts_at=starts)
    system = world.story.systems["credit-limit"]
    maya = person(world, "maya")
    services.add_item(session, "system", actor=maya, title="Continue?", system=system)
    services.add_item(session, "notice", actor=maya, title="News")
    return session


def _body(world: World) -> dict[str, Any]:
    return {"slug": make_body(world).slug}


def _seat(world: World) -> dict[str, Any]:
    body = make_body(world)
    return {"slug": body.slug, "pk": Seat.objects.get(body=body, person__username="ann").pk}


def _planned(world: World) -> dict[str, Any]:
    return {"ref": plan_session(world, make_body(world)).ref}


def _called(world: World) -> dict[str, Any]:
    session = plan_session(world, make_body(world))
    return {"ref": services.call_session(session, actor=person(world, "chen")).ref}


def _arrived(world: World) -> dict[str, Any]:
    named = _called(world)
    for login in ("chen", "bob", "ann"):
        services.arrive(Session.objects.with_ref(named["ref"]).get(), actor=person(world, login))
    return named


def _running(world: World) -> dict[str, Any]:
    named = _arrived(world)
    services.start_session(Session.objects.with_ref(named["ref"]).get(), actor=person(world, "chen"))
    return named | {"number": 1}


def _item(named: dict[str, Any], number: int = 1) -> Item:
    return Item.objects.get(session=Session.objects.with_ref(named["ref"]).get(), number=number)


def _opened(world: World) -> dict[str, Any]:
    named = _running(world)
    services.open_item(_item(named), actor=person(world, "chen"))
    return named


def _voted(world: World) -> dict[str, Any]:
    named = _opened(world)
    for login in ("chen", "bob", "ann"):
        services.cast_ballot(_item(named), actor=person(world, login), choice="continue", reason=WHY)
    return named


def _done(world: World) -> dict[str, Any]:
    """Every item has its outcome."""
    named, chen = _voted(world), person(world, "chen")
    services.close_item(_item(named), actor=chen)
    services.close_item(services.open_item(_item(named, 2), actor=chen), actor=chen)
    return named


def _closed(world: World) -> dict[str, Any]:
    named = _done(world)
    services.close_session(Session.objects.with_ref(named["ref"]).get(), actor=person(world, "chen"))
    return named


def _in_writing(world: World) -> dict[str, Any]:
    chen = person(world, "chen")
    more: dict[str, Any] = {"mode": "writing", "starts_at": timezone.now() + timedelta(minutes=5)}
    session = services.create_session(make_body(world), actor=chen, title="In writing", **more)
    services.add_item(session, "notice", actor=person(world, "maya"), title="News")
    return {"ref": services.start_session(services.call_session(session, actor=chen), actor=chen).ref}


def _feed(world: World) -> dict[str, Any]:
    chen = person(world, "chen")
    return {"pk": services.issue_feed(chen, body=None, actor=chen)[0].pk}


MINUTES = {"text": "It was said.", "reason": WHY}
BALLOT = {"choice": "continue", "reason": WHY}
OWN: Writes = {
    "POST bodies/new/": lambda _: Call(
        "chen", RULES | {"slug": SLUG, "unit": Unit.objects.get(slug=PEER).pk}
    ),
    "POST bodies/<slug:slug>/rules/": lambda w: Call("chen", RULES, _body(w)),
    "POST bodies/<slug:slug>/seats/": lambda w: Call(
        "chen", {"person": person(w, "eli").pk, "function": "member", "votes": "on"}, _body(w)
    ),
    "POST bodies/<slug:slug>/seats/<int:pk>/end/": lambda w: Call("chen", {"last_day": in_days(9)}, _seat(w)),
    "POST bodies/<slug:slug>/seats/<int:pk>/deputy/": lambda w: Call(
        "chen", {"deputy": person(w, "eli").pk}, _seat(w)
    ),
    "POST bodies/<slug:slug>/plan/": lambda w: Call("chen", MEETING, _body(w)),
    f"POST {AT}agenda/accept/": lambda w: Call("chen", {"all": "1"}, _planned(w)),
    f"POST {AT}agenda/add/": lambda w: Call(
        "ann", {"topic": "notice", "title": "More", "minutes": 5}, _planned(w)
    ),
    f"POST {AT}call/": lambda w: Call("chen", values=_planned(w)),
    f"POST {AT}move/": lambda w: Call("chen", MEETING | {"reason": WHY}, _planned(w)),
    f"POST {AT}cancel/": lambda w: Call("chen", {"reason": WHY}, _called(w)),
    f"POST {AT}answer/": lambda w: Call("ann", {"reply": "accepted"}, _called(w)),
    f"POST {AT}freeze/": lambda w: Call("chen", values=_called(w)),
    f"POST {AT}start/": lambda w: Call("chen", values=_arrived(w)),
    f"POST {AT}arrive/": lambda w: Call("ann", values=_called(w)),
    f"POST {AT}deadline/": lambda w: Call(
        "chen", {"ends_at": moment(30).isoformat(), "reason": WHY}, _in_writing(w)
    ),
    f"POST {AT}close/": lambda w: Call("chen", values=_done(w)),
    f"POST {ITEM}": lambda w: Call("ann", BALLOT, _opened(w)),
    f"POST {ITEM}open/": lambda w: Call("chen", values=_running(w)),
    f"POST {ITEM}close/": lambda w: Call("chen", {"resolution": "It continues."}, _voted(w)),
    f"POST {ITEM}note/": lambda w: Call("bob", {"text": "It was said."}, _opened(w)),
    f"POST {ITEM}conflict/": lambda w: Call("ann", {"reason": WHY}, _running(w)),
    f"POST {ITEM}condition/": lambda w: Call(
        "ann",
        {"condition": "Watch it", "condition_owner": person(w, "erin").pk, "condition_due": in_days(30)},
        _opened(w),
    ),
    f"POST {ITEM}place/": lambda w: Call("chen", {"way": "up"}, _planned(w) | {"number": 2}),
    f"POST {ITEM}drop/": lambda w: Call("chen", values=_planned(w) | {"number": 2}),
    f"POST {AT}minutes/edit/": lambda w: Call("bob", MINUTES, _closed(w)),
    "POST calendar/": lambda _: Call("chen", {"body": ""}),
    "POST calendar/<int:pk>/revoke/": lambda w: Call("chen", values=_feed(w)),
}
PROGRAMS: Writes = {
    "POST api/v1/bodies/": lambda _: Call("chen", RULES | {"slug": SLUG, "unit": PEER}),
    "PATCH api/v1/bodies/<slug:slug>/": lambda w: Call("chen", {"purpose": "Another"}, _body(w)),
    "POST api/v1/bodies/<slug:slug>/seats/": lambda w: Call("chen", {"person": "eli"}, _body(w)),
    "POST api/v1/sessions/": lambda w: Call("chen", MEETING | {"body": make_body(w).slug}),
    f"POST api/v1/{AT}agenda/": lambda w: Call("ann", {"topic": "notice", "title": "More"}, _planned(w)),
    f"POST api/v1/{AT}proposals/": lambda w: Call("chen", {}, _planned(w)),
    f"POST api/v1/{AT}reply/": lambda w: Call("ann", {"reply": "accepted"}, _called(w)),
    f"POST api/v1/{AT}cancellation/": lambda w: Call("chen", {"reason": WHY}, _called(w)),
    f"POST api/v1/{AT}minutes/": lambda w: Call("bob", MINUTES, _closed(w)),
    f"POST api/v1/{AT}steps/<str:step>/": lambda w: Call("chen", values=_planned(w) | {"step": "call"}),
    f"POST api/v1/{ITEM}votes/": lambda w: Call("ann", BALLOT, _opened(w)),
    f"POST api/v1/{ITEM}conflicts/": lambda w: Call("ann", {"reason": WHY}, _running(w)),
    f"POST api/v1/{ITEM}open/": lambda w: Call("chen", values=_running(w)),
    f"POST api/v1/{ITEM}close/": lambda w: Call("chen", {"resolution": "It continues."}, _voted(w)),
}
BODIES: Writes = OWN | PROGRAMS
