"""Calls about people, units, tokens, and what lies in one's own inbox."""

from __future__ import annotations

from typing import Any

from portal.accounts.models import ApiToken, Membership, Unit
from portal.accounts.services import invite, issue_token, set_active
from portal.findings.models import AlertRoute, Channel, Notification
from portal.findings.services import notify, set_route
from tests.laws.world import PEER, World
from tests.laws.writes.calls import WHY, Call, Writes, finding, in_days, person

TOKEN = {"name": "laptop", "scopes": ["read"], "days": 30}
RECEIPT = {"severity": "low", "channel": "mail"}


def _unit() -> Unit:
    return Unit.objects.get(slug=PEER)


def _token(world: World) -> ApiToken:
    erin = person(world, "erin")
    return issue_token(erin, name="old", unit=_unit(), scopes=["read"], days=1, actor=erin)[0]


def _line(world: World) -> dict[str, Any]:
    erin = person(world, "erin")
    notify([erin], finding(world), kind="law", title="Something waits", url="/")
    return {"pk": Notification.objects.filter(user=erin, kind="law").latest("pk").pk}


def _route(world: World) -> AlertRoute:
    return set_route(person(world, "erin"), channel=Channel.MAIL)


def _seat(login: str) -> dict[str, Any]:
    return {"pk": Membership.objects.filter(user__username=login).latest("pk").pk}


def _gone(world: World) -> dict[str, str]:
    """Somebody who works here no more."""
    rex = person(world, "rex")
    set_active(rex, active=False, actor=person(world, "ada"))
    return {"username": rex.username}


PEOPLE: Writes = {
    "POST api/v1/units/": lambda _: Call("ada", {"slug": "lab", "name": "Lab", "parent": PEER}),
    "POST api/v1/tokens/": lambda _: Call("erin", TOKEN | {"unit": PEER}),
    "DELETE api/v1/tokens/<int:pk>/": lambda w: Call("erin", values={"pk": _token(w).pk}),
    "POST profile/tokens/": lambda _: Call("erin", TOKEN | {"unit": _unit().pk}),
    "POST profile/tokens/<int:pk>/revoke/": lambda w: Call("erin", values={"pk": _token(w).pk}),
    "POST profile/": lambda _: Call("erin", {"theme": "dark", "density": "compact"}),
    "POST profile/appearance/": lambda _: Call("erin", {"theme": "dark"}),
    "POST welcome/<str:key>/": lambda w: Call(
        "lee",
        {"password": "seven grey geese fly", "again": "seven grey geese fly"},
        {"key": invite(person(w, "lee"), actor=None)},
    ),
    "POST admin/people/invite/": lambda _: Call(
        "ada", {"name": "New Hand", "username": "new", "role": "employee", "unit": _unit().pk}
    ),
    "POST admin/people/<slug:username>/": lambda _: Call(
        "ada", {"role": "employee", "unit": _unit().pk}, {"username": "zoe"}
    ),
    "POST admin/people/<slug:username>/active/": lambda _: Call("ada", {"active": ""}, {"username": "rex"}),
    "POST admin/people/<slug:username>/erase/": lambda w: Call(
        "ada", {"username": "rex", "reason": WHY}, _gone(w)
    ),
    "POST admin/memberships/<int:pk>/end/": lambda _: Call("ada", values=_seat("rex")),
    "POST admin/units/add/": lambda _: Call("ada", {"name": "Lab", "slug": "lab", "parent": _unit().pk}),
    "POST admin/organisation/": lambda _: Call(
        "ada",
        {"name": "Fennmark", "time_zone": "Europe/Paris", "currency": "EUR", "first_fiscal_month": 4},
    ),
    "POST inbox/<int:pk>/done/": lambda w: Call("erin", values=_line(w)),
    "POST inbox/<int:pk>/snooze/": lambda w: Call("erin", {"until": in_days(3)}, _line(w)),
    "POST inbox/alerts/": lambda _: Call("erin", RECEIPT),
    "POST inbox/alerts/<int:pk>/end/": lambda w: Call("erin", values={"pk": _route(w).pk}),
}
