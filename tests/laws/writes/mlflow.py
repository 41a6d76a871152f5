"""Calls of MLflow's API, which names everything in the body."""

from __future__ import annotations

from portal.registry.services import register_model, set_alias
from tests.laws.world import World
from tests.laws.writes.calls import Call, Writes, model, person, system

AT = "api/2.0/mlflow"
CHURN = {"name": "churn"}
WAITING = {"name": "churn", "version": "2"}
TAG = {"key": "colour", "value": "blue"}


def _spare(world: World) -> dict[str, str]:
    """A model that never served."""
    return {"name": register_model("spare", system=system(world), actor=person(world, "erin")).name}


def _aliased(world: World) -> dict[str, str]:
    set_alias(model().versions.get(number=2), "next", actor=person(world, "erin"))
    return CHURN | {"alias": "next"}


def _tagged() -> dict[str, str]:
    row = model()
    row.tags = {"colour": "blue"}
    row.save(update_fields=["tags"])
    row.versions.filter(number=2).update(tags={"colour": "blue"})
    return {"key": "colour"}


MLFLOW: Writes = {
    f"POST {AT}/registered-models/create": lambda _: Call("erin", {"name": "fresh"}),
    f"POST {AT}/registered-models/rename": lambda w: Call("erin", _spare(w) | {"new_name": "other"}),
    f"PATCH {AT}/registered-models/update": lambda _: Call("erin", CHURN | {"description": "Other"}),
    f"DELETE {AT}/registered-models/delete": lambda w: Call("erin", _spare(w)),
    f"POST {AT}/registered-models/set-tag": lambda _: Call("erin", CHURN | TAG),
    f"DELETE {AT}/registered-models/delete-tag": lambda _: Call("erin", CHURN | _tagged()),
    f"POST {AT}/registered-models/alias": lambda _: Call("erin", WAITING | {"alias": "next"}),
    f"DELETE {AT}/registered-models/alias": lambda w: Call("erin", _aliased(w)),
    f"POST {AT}/model-versions/create": lambda _: Call("erin", CHURN | {"source": "s3://models/x"}),
    f"PATCH {AT}/model-versions/update": lambda _: Call("erin", WAITING | {"description": "Other"}),
    f"POST {AT}/model-versions/transition-stage": lambda _: Call("erin", WAITING | {"stage": "Staging"}),
    f"DELETE {AT}/model-versions/delete": lambda _: Call("erin", WAITING),
    f"POST {AT}/model-versions/set-tag": lambda _: Call("erin", WAITING | TAG),
    f"DELETE {AT}/model-versions/delete-tag": lambda _: Call("erin", WAITING | _tagged()),
}
