"""Calls about what-ifs, here whether to build or to buy, and about views of lists that people keep."""

from __future__ import annotations

from datetime import date
from typing import Any

from governance.strategy.build_or_buy import BUILD_OR_BUY
from governance.strategy.calc import BuildOrBuy, Option, Way
from portal.analyses.services import save_analysis
from portal.analyses.typed import encode
from portal.findings.services import save_view
from tests.laws.world import World
from tests.laws.writes.calls import WHY, Call, Writes, person, system

QUESTION = BuildOrBuy("EUR", date(2026, 3, 1), options=(Option("Build", Way.BUILD), Option("Buy", Way.BUY)))
FLAT = {
    "currency": "EUR",
    "starts_on": "2026-03-01",
    "years": "5",
    "rate": "5",
    "delay_cost": "0",
    "swing": "20",
}
PART = {
    "name": "Rent",
    "way": Way.BUY.value,
    "outlay": "0",
    "months": "0",
    "exit_cost": "0",
    "success": "100",
    "overrun": "0",
}
AT = "analyses/<str:ref>/"


def _draft(world: World) -> dict[str, Any]:
    """Erin's, with two options."""
    erin = person(world, "erin")
    return {"ref": save_analysis(BUILD_OR_BUY, QUESTION, title="Law", system=system(world), actor=erin).ref}


def _part(world: World) -> dict[str, Any]:
    return {**_draft(world), "place": 1}


def _body(world: World) -> dict[str, Any]:
    kind = {"kind": BUILD_OR_BUY.slug, "system": system(world).ref}
    return {**kind, "title": "Law", "inputs": encode(QUESTION)}


def _view(world: World) -> dict[str, Any]:
    erin = person(world, "erin")
    return {"pk": save_view("findings:findings", name="Mine", query="state=open", actor=erin).pk}


ANALYSES: Writes = {
    "POST analyses/new/<slug:kind>/": lambda w: Call(
        "erin", {"title": "Law", "system": system(w).pk, **FLAT}, {"kind": BUILD_OR_BUY.slug}
    ),
    f"POST {AT}edit/": lambda w: Call("erin", {"title": "Other", "system": system(w).pk, **FLAT}, _draft(w)),
    f"POST {AT}copy/": lambda w: Call("erin", {"title": "Copy", "system": system(w).pk, **FLAT}, _draft(w)),
    f"POST {AT}set-aside/": lambda w: Call("erin", {"reason": WHY}, _draft(w)),
    f"POST {AT}parts/add/": lambda w: Call("erin", PART, _draft(w)),
    f"POST {AT}parts/<int:place>/": lambda w: Call("erin", PART, _part(w)),
    f"POST {AT}parts/<int:place>/remove/": lambda w: Call("erin", values=_part(w)),
    f"POST {AT}propose/": lambda w: Call("erin", {"option": "Buy", "reason": WHY}, _draft(w)),
    "POST api/v1/analyses/": lambda w: Call("erin", _body(w)),
    f"PATCH api/v1/{AT}": lambda w: Call("erin", {"title": "Other"}, _draft(w)),
    f"POST api/v1/{AT}setting-aside/": lambda w: Call("erin", {"reason": WHY}, _draft(w)),
    f"POST api/v1/{AT}proposal/": lambda w: Call("erin", {"option": "Buy", "reason": WHY}, _draft(w)),
    "POST views/<str:page>/new/": lambda _: Call(
        "erin", {"name": "Mine"}, {"page": "findings:findings"}, query="?state=open"
    ),
    "POST views/<int:pk>/remove/": lambda w: Call("erin", values=_view(w)),
}
