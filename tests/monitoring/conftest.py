"""Churn's version with declared inputs, and what programs send of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from lifecycle.data.services import declare_schema
from monitoring.models import DirtyDay, Summary
from monitoring.services.summaries import profile_days, store_summaries
from portal.accounts.models import SCOPES
from portal.registry.models import ModelVersion
from tests.portal.cast import Cast, make_cast, program

Row = dict[str, Any]
START = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
SCHEMA = {
    "task": "binary",
    "positive": "1",
    "favourable": "1",
    "features": [
        {"name": "tenure", "type": "number", "nullable": True, "importance": 0.7},
        {"name": "plan", "type": "category", "importance": 0.3},
        {"name": "sex", "type": "category", "role": "protected"},
        {"name": "age_band", "type": "category", "role": "both"},
    ],
}


@dataclass
class Desk:
    """Where Erin's programs send from, and the version they send of."""

    people: Cast
    version: ModelVersion
    api: APIClient

    def url(self, kind: str) -> str:
        return f"/api/v1/models/churn/versions/{self.version.number}/{kind}/"

    def send(
        self, kind: str, rows: object, *, content_type: str = "application/json", query: str = ""
    ) -> Any:
        """The answer to a delivery of JSON rows, or of bytes in another format."""
        body: Any = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
        return self.api.generic("POST", self.url(kind) + query, body, content_type=content_type)

    def stored(self, kind: str, rows: object, **how: Any) -> Mapping[str, Any]:
        """What became of a delivery that is taken."""
        answer = self.send(kind, rows, **how)
        assert answer.status_code in {200, 201}, answer.content
        found: Mapping[str, Any] = answer.json()
        return found

    def count(self) -> list[date]:
        """Profile what is behind its rows, as the job does; the days that changed."""
        dirty = list(DirtyDay.objects.filter(version=self.version).order_by("day"))
        return store_summaries(self.version, profile_days(self.version, dirty), run=None)

    def summaries(self, day: datetime, segment: str = "") -> list[Summary]:
        found = Summary.objects.filter(version=self.version, day=day.date(), segment=segment)
        return list(found.order_by("revision"))


def make_desk(people: Cast) -> Desk:
    declare_schema(people.churn_v1, SCHEMA, actor=people.erin)
    return Desk(people, people.churn_v1, program(people.erin, *SCOPES))


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk(make_cast())


def prediction(key: str, at: datetime = START, **changes: Any) -> Row:
    """One prediction as JSON has it."""
    row = {
        "prediction_id": key,
        "event_time": at.isoformat(),
        "features": {"tenure": 12.5, "plan": "basic"},
        "score": 0.25,
        "prediction": "0",
        "segment": {"region": "north"},
    }
    return row | changes


def people_of(
    n: int,
    *,
    seed: int,
    first: datetime = START,
    days: int = 7,
    shift: float = 0.0,
    wrong: float = 0.1,
    prefix: str = "p",
) -> tuple[list[Row], list[Row]]:
    """Predictions spread evenly over days and their outcomes, of which a share is wrong."""
    rng = np.random.default_rng(seed)
    tenure = rng.normal(24 + shift, 8, n).round(2)
    said = rng.random(n) < 0.5
    happened = said ^ (rng.random(n) < wrong)
    gap = timedelta(days=days) / n
    rows = [
        prediction(
            f"{prefix}{i}",
            first + i * gap,
            features={"tenure": float(tenure[i]), "plan": ("basic", "plus", "max")[i % 3]},
            score=0.8 if said[i] else 0.2,
            prediction=str(int(said[i])),
        )
        for i in range(n)
    ]
    outcomes = [
        {
            "prediction_id": f"{prefix}{i}",
            "outcome": str(int(happened[i])),
            "observed_at": (first + timedelta(days=days)).isoformat(),
        }
        for i in range(n)
    ]
    return rows, outcomes


def with_outcomes(rows: Sequence[Row], outcomes: Sequence[Row]) -> list[Row]:
    """A reference file: each row with what happened."""
    return [{**row, "outcome": after["outcome"]} for row, after in zip(rows, outcomes, strict=True)]
