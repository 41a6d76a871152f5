"""A small organisation with something of everything, made through the services people use.

The demo's own recipes tell it, with a shorter history: weeks in place of a year, three models, one bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from costs import demo as costs_demo
from governance.strategy import demo as strategy_demo
from lifecycle.development.services import request_release
from monitoring.demo import play
from monitoring.demo.recipes import RECIPES, Recipe
from portal.accounts import demo as accounts_demo
from portal.accounts.models import User
from portal.accounts.services import add_membership, create_user
from portal.areas import Role, Story
from portal.cases.models import Case
from portal.cases.services import propose_condition
from portal.registry import demo as registry_demo
from portal.registry.models import RegisteredModel

PASSWORD = "five green bottles"
PEER = "retail-banking"
"""The unit in which one person of each role sits; credit-limit is theirs, claims-triage of another unit."""
MLFLOW = ("/api/2.0/", "/api/3.0/")
"""Where only programs are let in, by their token."""
HISTORIES = {
    "credit-limit": ((58, "production"),),
    "claims-triage": ((12, "canary"),),
    "churn": ((12, "production"),),
}
"""How long ago each version was registered, and what became of it."""


@dataclass
class World:
    story: Story
    peers: dict[Role, User]
    """One person of each role, all seated in one unit."""
    release: Case
    """Of a version that is complete, but for the committee's approval; one condition is proposed."""


def make_world() -> World:
    story = Story(today=timezone.now().date(), password=PASSWORD, say=lambda _: None)
    accounts_demo.simulate(story)
    registry_demo.simulate(story)
    with _shortened():
        play.simulate(story, [_short(recipe) for recipe in RECIPES if recipe.name in HISTORIES])
        costs_demo.simulate(story)
    strategy_demo.simulate(story)
    return World(story, _peers(story), _release(story))


@contextmanager
def _shortened() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "TRAINING", 1_500)
        months = list(costs_demo._months(timezone.now().date()))
        patch.setattr(costs_demo, "_months", lambda _: iter(months[-1:]))
        yield


def _short(recipe: Recipe) -> Recipe:
    return replace(recipe, versions=HISTORIES[recipe.name])


def _peers(story: Story) -> dict[Role, User]:
    return {role: _peer(story, role) for role in Role}


def _peer(story: Story, role: Role) -> User:
    person = create_user(
        f"peer-{role}", name=f"Peer {role}", email=f"peer-{role}@fennmark.example", actor=None
    )
    add_membership(person, role, story.units[PEER], actor=None)
    return person


def _release(story: Story) -> Case:
    """Asked for a second version of churn with schema and reference, two days old."""
    recipe = next(r for r in RECIPES if r.name == "churn")
    model = RegisteredModel.objects.get(name="churn")
    trained = play._train(recipe, np.random.default_rng(7), 2, biased=False)
    version = play._register(story, recipe, model, trained, 2)
    erin, chen = story.people["erin"], story.people["chen"]
    case = request_release(version, actor=erin, reason="Better on the hold-out sample.")
    in_a_month = story.today + timedelta(days=30)
    propose_condition(case, text="Watch calls", owner=erin, due_on=in_a_month, actor=chen)
    return case


@contextmanager
def taken_back() -> Iterator[None]:
    """A transaction that never commits. Not around MLflow's routes, which roll back the outermost one."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined] # Django's own: a durable block may stand within
    with block:
        yield
        transaction.set_rollback(True)
