"""How programs compute, save, change and compare analyses."""

from __future__ import annotations

from typing import Any

from portal.analyses.models import Analysis
from portal.analyses.services import accept, choose
from tests.portal.analyses.conftest import KITCHEN
from tests.portal.cast import Cast, program

INPUTS: dict[str, Any] = {"days": 10, "ovens": [{"name": "Big", "pies": 12}, {"name": "Small", "pies": "8"}]}


def test_a_program_reads_what_a_kind_takes(cast: Cast) -> None:
    api = program(cast.erin)
    kinds = {kind["slug"]: kind for kind in api.get("/api/v1/analyses/kinds/").json()["results"]}
    assert kinds["pies"]["inputs"]["required"] == ["days"]
    assert api.get("/api/v1/analyses/kinds/pies/").json() == kinds["pies"]
    assert api.get("/api/v1/analyses/kinds/cakes/").status_code == 404


def test_computing_saves_nothing_and_gives_the_same_bytes_each_time(cast: Cast) -> None:
    api = program(cast.erin)
    first, second = (
        api.post("/api/v1/analyses/kinds/pies/results/", {"inputs": INPUTS}, format="json") for _ in range(2)
    )
    assert first.status_code == 200
    assert first.content == second.content
    assert first.json()["result"]["pies"] == "100.0"
    assert not Analysis.objects.exists()


def test_a_program_saves_changes_and_reads_back(cast: Cast) -> None:
    api = program(cast.erin)
    body = {"kind": "pies", "title": "Pies", "system": cast.churn.ref, "inputs": INPUTS}
    made = api.post("/api/v1/analyses/", body, format="json")
    assert made.status_code == 201
    address = made["Location"]
    assert address == f"/api/v1/analyses/{made.json()['ref']}/"
    changed = api.patch(
        address, {"inputs": {**INPUTS, "sold": "1"}}, format="json", headers={"If-Match": made["ETag"]}
    )
    assert changed.json()["result"]["pies"] == "200"
    assert (
        api.patch(address, {"title": "Old"}, format="json", headers={"If-Match": made["ETag"]}).status_code
        == 412
    )
    assert api.get(address).json() == changed.json()
    assert api.get("/api/v1/analyses/?kind=pies&state=draft").json()["count"] == 1


def test_every_problem_is_named_by_its_pointer(cast: Cast) -> None:
    body = {
        "kind": "pies",
        "title": "Pies",
        "system": cast.churn.ref,
        "inputs": {"days": 0, "ovens": [{"pies": "many"}]},
    }
    refused = program(cast.erin).post("/api/v1/analyses/", body, format="json")
    assert refused.status_code == 400
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/inputs/days",
        "/inputs/ovens/0/name",
        "/inputs/ovens/0/pies",
    }


def test_nothing_is_saved_on_a_system_of_others(cast: Cast) -> None:
    body = {"kind": "pies", "title": "Pies", "system": cast.routing.ref, "inputs": INPUTS}
    assert program(cast.erin).post("/api/v1/analyses/", body, format="json").status_code == 404


def test_two_stand_side_by_side_and_five_are_too_many(cast: Cast, pies: Analysis) -> None:
    api = program(cast.otto, "read")
    rows = api.get(f"/api/v1/analyses/comparison/?of={pies.ref}").json()
    assert rows["results"][-1] == {"line": "Pies", "cells": ["100"], "differs": False}
    many = "&".join(f"of=ANL-{number}" for number in range(5))
    assert api.get(f"/api/v1/analyses/comparison/?{many}").status_code == 400
    assert api.get("/api/v1/analyses/comparison/").status_code == 400


def test_what_is_accepted_refuses_a_change_and_a_setting_aside(cast: Cast, pies: Analysis) -> None:
    accept(choose(pies, "Big", actor=cast.erin), actor=cast.chen)
    api, address = program(cast.erin), f"/api/v1/analyses/{pies.ref}/"
    assert api.patch(address, {"title": "Other"}, format="json").status_code == 409
    assert api.post(f"{address}setting-aside/", {"reason": "No."}, format="json").status_code == 409
    assert api.get(address).json()["inputs"]["days"] == KITCHEN.days
