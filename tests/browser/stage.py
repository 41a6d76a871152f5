"""A whole portal for the journeys: the simulated organisation in small, and the programs of `make run`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGTERM
from subprocess import Popen

import numpy as np
import pyarrow as pa
from django.utils.module_loading import import_string

from lifecycle.data.services import declare_schema
from monitoring.demo import simulate
from monitoring.demo.recipes import RECIPES
from monitoring.incoming.bodies import Body
from monitoring.services.references import freeze_reference
from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import Story, areas
from portal.registry.models import ModelVersion
from portal.registry.services import register_version
from scripts import probe
from scripts.place import ROOT, Place
from scripts.processes import finish, spawn, wait_until
from scripts.run import programs
from scripts.supervisor import Program

PASSWORD = "correct horse battery staple"
BY_NAME = {recipe.name: recipe for recipe in RECIPES}
SMALL = (
    replace(BY_NAME["credit-limit"], versions=((95, "production"), (62, "canary"))),
    replace(BY_NAME["contact-routing"], versions=((75, "production"),), per_day=60),
    replace(BY_NAME["churn"], versions=((30, "production"),), per_day=30),
)
"""A quarter of three models: one unfair candidate, one whose inputs drift, one without a fault."""
STARTS_WITHIN = 120
"""Seconds that a program may take to start on a busy machine."""


@dataclass(frozen=True)
class Stage:
    """The running portal, the story its database tells, and where its programs write what they log."""

    story: Story
    place: Place
    logs: Path

    @property
    def url(self) -> str:
        return self.place.public_url

    def person(self, login: str) -> User:
        found: User = self.story.people[login]
        return found

    def candidate(self, name: str) -> ModelVersion:
        """A new version of a model with declared inputs; no reference is frozen and nobody was asked."""
        serving: ModelVersion = self.story.versions[f"{name} v1"]
        owner = serving.system.owner
        assert owner is not None
        version = register_version(serving.model, actor=owner, description=f"{name}, fitted again")
        declare_schema(version, serving.schema or {}, actor=owner)
        return version

    def freeze(self, version: ModelVersion) -> None:
        """Freeze the version's reference, as a program of its owner does after training."""
        rows, rng = 400, np.random.default_rng(version.number)
        drawn = BY_NAME[version.model.name].draw(rng, np.zeros(rows))
        score = rng.random(rows)
        answers = {"score": pa.array(score), "prediction": pa.array((score >= 0.5).astype(int).astype(str))}
        features = {name: pa.array(values) for name, values in drawn.items()}
        freeze_reference(version, Body(rows, answers, features, {}), actor=version.system.owner)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """A worker that does what is asked for."""
        command = next(program for program in programs(self.place) if program.name == "worker")
        with started(command, self.logs):
            yield


def tell() -> Story:
    """Make the simulated organisation in the database at hand, with three of its models."""
    story = Story(today=organisation().today(), password=PASSWORD, say=lambda _: None)
    for area in areas():
        if area.slug == "monitoring":
            simulate(story, SMALL)
        elif area.simulate:
            import_string(area.simulate)(story)
    return story


@contextmanager
def played(home: Path, logs: Path) -> Iterator[Stage]:
    """The portal on the database at hand: told, served, and ended."""
    story = tell()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = Place(home, "127.0.0.1", port, f"http://127.0.0.1:{port}", demo=True)
    with started(programs(place)[0], logs, PORTAL_PORT=str(port), PORTAL_PUBLIC_URL=place.public_url) as web:
        up = wait_until(lambda: probe.answers(place) or web.poll() is not None, seconds=STARTS_WITHIN)
        assert up, (logs / "web.log").read_text()
        assert web.poll() is None, (logs / "web.log").read_text()
        yield Stage(story, place, logs)


@contextmanager
def started(program: Program, logs: Path, **environment: str) -> Iterator[Popen[bytes]]:
    """A program of the portal as its supervisor starts it, told nothing of the tests."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    with (logs / f"{program.name}.log").open("ab") as log:
        child = spawn(
            program.command,
            output=log.fileno(),
            last_signal=program.without_parent,
            env={**known, "DJANGO_SETTINGS_MODULE": "portal.settings", **environment, **program.environment},
            cwd=ROOT,
        )
    try:
        yield child
    finally:
        finish(child, first=SIGTERM)
