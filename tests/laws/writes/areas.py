"""Calls about models and versions, about what is sent of them, and about costs."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.files.uploadedfile import SimpleUploadedFile

from costs import demo as costs_demo
from costs.models import Bill
from portal.accounts.models import Unit
from portal.cases.services import cast_vote
from portal.registry.models import ModelVersion
from portal.registry.services import register_model, register_version, unassigned_system
from tests.laws.world import PEER, World
from tests.laws.writes.calls import (
    WHY,
    Call,
    Writes,
    first_of_next_month,
    model,
    moment,
    person,
    system,
)

CHURN = {"name": "churn", "number": 1}
WAITING = {"name": "churn", "number": 2}


def _row(**more: Any) -> dict[str, Any]:
    """A prediction of churn with a value for each of its features."""
    schema = ModelVersion.objects.get(model__name="churn", number=1).schema
    assert schema is not None
    features = {
        field["name"]: 1.0 if field["type"] == "number" else "some"
        for field in schema["features"]
        if field["role"] == "feature"
    }
    return {
        "prediction_id": "law",
        "event_time": moment(-1).isoformat(),
        "features": features,
        "score": 0.5,
        "prediction": "1",
        **more,
    }


def _rows(*rows: dict[str, Any]) -> bytes:
    return orjson.dumps(rows)


def _reference() -> bytes:
    rows = [_row(prediction_id=f"law-{n}", outcome="1", score=n / 100) for n in range(60)]
    return _rows(*rows)


def _attributes() -> bytes:
    return _rows({"prediction_id": "credit-limit-1-0", **_protected("credit-limit")})


def _protected(name: str) -> dict[str, str]:
    schema = ModelVersion.objects.get(model__name=name, number=1).schema
    assert schema is not None
    return {field["name"]: "some" for field in schema["features"] if field["role"] == "protected"}


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] | None = ModelVersion.objects.get(model__name="churn", number=2).schema
    assert schema is not None
    return schema


def _bill() -> bytes:
    """One charge of a month nobody has a bill of."""
    line = (
        "10,10,10,10,EUR,law,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z,"
        "2026-01-02T00:00:00Z,Usage,Storage,Backups,Somebody,sub,eu,{}"
    )
    return f"{','.join(costs_demo.COLUMNS)}\n{line}\n".encode()


def _unassigned(world: World) -> dict[str, str]:
    home = unassigned_system(Unit.objects.get(slug=PEER), actor=None)
    register_model("adrift", system=home, actor=person(world, "erin"))
    return {"name": "adrift"}


def _budget(subject: dict[str, Any]) -> dict[str, Any]:
    more = {"currency": "EUR", "grain": "month", "starts_on": first_of_next_month(), "reason": WHY}
    return {"amount": "100.00", **more, **subject}


def _last_bill() -> dict[str, Any]:
    return {"pk": Bill.objects.latest("pk").pk}


MODELS: Writes = {
    "POST api/v1/models/": lambda w: Call("erin", {"name": "fresh", "system": system(w).ref}),
    "PATCH api/v1/models/<str:name>/": lambda _: Call("erin", {"description": "Other"}, {"name": "churn"}),
    "POST api/v1/models/<str:name>/versions/": lambda _: Call(
        "erin", {"source": "s3://x"}, {"name": "churn"}
    ),
    "PATCH api/v1/models/<str:name>/versions/<int:number>/": lambda _: Call(
        "erin", {"description": "Other"}, CHURN
    ),
    "POST api/v1/models/<str:name>/versions/<int:number>/promotions/": lambda _: Call(
        "erin", {"environment": "development"}, WAITING
    ),
    "POST models/<str:name>/v/<int:number>/promote/": lambda w: Call("erin", values=_released(w)),
    "POST models/<str:name>/v/<int:number>/release/": lambda w: Call("erin", {"reason": WHY}, _third(w)),
    "POST models/<str:name>/assign/": lambda w: Call("erin", {"system": system(w).pk}, _unassigned(w)),
}


def _released(world: World) -> dict[str, Any]:
    """A version that the committee approved."""
    for member in ("ann", "bob"):
        cast_vote(world.release, actor=person(world, member), approve=True, reason=WHY)
    return WAITING


def _third(world: World) -> dict[str, Any]:
    """A version nobody has asked about yet."""
    made = register_version(model(), actor=person(world, "erin"))
    return {"name": "churn", "number": made.number}


MONITORING: Writes = {
    "PUT api/v1/models/<str:name>/versions/<int:number>/schema/": lambda _: Call("erin", _schema(), WAITING),
    "POST api/v1/models/<str:name>/versions/<int:number>/reference/": lambda _: Call(
        "erin", _reference(), WAITING
    ),
    "POST api/v1/models/<str:name>/versions/<int:number>/predictions/": lambda _: Call(
        "erin", _rows(_row()), CHURN
    ),
    "POST api/v1/models/<str:name>/versions/<int:number>/outcomes/": lambda _: Call(
        "erin", _rows({"prediction_id": "law", "outcome": "1"}), CHURN
    ),
    "POST api/v1/models/<str:name>/versions/<int:number>/attributes/": lambda _: Call(
        "erin", _attributes(), {"name": "credit-limit", "number": 1}
    ),
}
COSTS: Writes = {
    "POST api/v1/bills/": lambda _: Call("fay", _bill(), query="?name=law.csv"),
    "POST api/v1/bills/<int:pk>/restatements/": lambda _: Call("fay", {"reason": WHY}, _last_bill()),
    "POST api/v1/budgets/": lambda w: Call("fay", _budget({"system": system(w).ref})),
    "POST costs/import/": lambda _: Call("fay", {"file": SimpleUploadedFile("law.csv", _bill())}),
    "POST costs/bills/<int:pk>/restate/": lambda _: Call("fay", {"reason": WHY}, _last_bill()),
    "POST costs/rules/new/": lambda w: Call(
        "fay",
        {
            "method": "shared",
            "bearers": f"system:{system(w).pk}",
            "starts_on": first_of_next_month(),
            "reason": WHY,
        },
    ),
    "POST costs/budgets/new/": lambda w: Call("fay", _budget({"subject": f"system:{system(w).pk}"})),
}
AREAS: Writes = MODELS | MONITORING | COSTS
