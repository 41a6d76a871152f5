"""A real model over three years, with the incident it really had, taken in the way a user does."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from monitoring.checks.performance import measure_performance
from monitoring.policies import PerformanceLimits
from portal.accounts.models import SCOPES
from portal.accounts.services import issue_token
from portal.areas import Window
from portal.checks.models import Evaluation
from portal.findings.models import Finding
from portal.jobs.models import Run
from portal.jobs.services import drain
from portal.registry.models import ModelVersion
from tests import databases
from tests.portal.cast import make_cast

ROOT = Path(__file__).parents[2]
ACCURACY = {2016: (0.825333, 69_126), 2017: (0.829166, 69_635), 2018: (0.828221, 70_131)}
"""Published with the data."""

JS_OF_RELP = 0.896912
"""Jensen-Shannon distance of the household feature in chunk 27, as published."""

WEEK = timedelta(days=7)
BLOCK = (135_000, 145_000)
"""The rows of chunks 27 and 28 of the analysis: a block of student dormitories."""


def when(row: int) -> datetime:
    """The time the example gives to a row of the analysis."""
    for year, (_, n) in ACCURACY.items():
        if row < n:
            start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
            return start + (end - start) * (row / n)
        row -= n
    raise ValueError(row)


INCIDENT = Window(when(BLOCK[0]) - 2 * WEEK, when(BLOCK[1]) + WEEK)
"""The incident and the rest of its first and last weeks; chunk 26 already shows the first days."""


@dataclass
class History:
    """What the portal knows of the model when all of its rows have come and been counted."""

    version: ModelVersion
    failed: list[Run]

    def evaluations(self, check: str) -> list[Evaluation]:
        found = Evaluation.objects.of(self.version).current().filter(check_slug=check)
        return list(found.order_by("window_start"))

    def breached(self, check: str) -> list[Evaluation]:
        return [evaluation for evaluation in self.evaluations(check) if evaluation.verdict == "breach"]


@pytest.fixture(scope="module")
def history(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[History]:
    data = Path(os.environ.get("PORTAL_TEST_DATA", ROOT.parent / "shared" / "data")) / "drift"
    assert data.is_dir(), f"The real data are missing: {data}. Set PORTAL_TEST_DATA."
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with (
        django_db_blocker.unblock(),
        databases.clone(f"test_{worker}_acs"),
        pytest.MonkeyPatch.context() as environment,
    ):
        erin = make_cast().erin
        unit = erin.current_memberships[0].unit
        _, key = issue_token(erin, name="acs", unit=unit, scopes=list(SCOPES), days=1, actor=erin)
        server = LiveServer("127.0.0.1")
        environment.setenv("PORTAL_URL", server.url)
        environment.setenv("PORTAL_TOKEN", key)
        environment.setenv("MLFLOW_TRACKING_TOKEN", key)
        environment.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        example().main(data)
        drain("acs", budget=600)
        server.stop()
        version = ModelVersion.objects.select_related("model__system").get(model__name="acs-employment")
        yield History(version, list(Run.objects.exclude(state="done")))


def example() -> ModuleType:
    """The example as a module, from its own file."""
    spec = importlib.util.spec_from_file_location("acs_employment", ROOT / "examples" / "acs_employment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_everything_that_was_ordered_is_done(history: History) -> None:
    assert [(run.job, run.variant, run.state, run.error) for run in history.failed] == []


@pytest.mark.parametrize("year", ACCURACY)
def test_the_accuracy_of_each_year_is_the_published_one(history: History, year: int) -> None:
    window = Window(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    readings = measure_performance(history.version, window, PerformanceLimits())
    accuracy = next(reading for reading in readings if reading.metric == "accuracy")
    assert (round(accuracy.value or 0, 6), accuracy.n) == ACCURACY[year]


def test_the_errors_of_the_incident_breach_and_no_others(history: History) -> None:
    found = history.breached("performance")
    weeks = [e.window for e in found if reading_of(e, metric="error_rate")["verdict"] == "breach"]
    assert len(weeks) >= 6
    assert all(INCIDENT.start <= week.start and week.end <= INCIDENT.end for week in weeks)


def test_the_drift_of_the_household_peaks_in_the_incident(history: History) -> None:
    found = history.evaluations("drift")
    relp = {e.window.start: reading_of(e, feature="RELP", segment=None) for e in found}
    js = {start: reading["js"] for start, reading in relp.items() if reading.get("js") is not None}
    inside = {k: v for k, v in js.items() if INCIDENT.start <= k and k + WEEK <= INCIDENT.end}
    assert max(js, key=lambda start: js[start]) in inside
    assert max(inside.values()) == pytest.approx(JS_OF_RELP, abs=0.03)
    assert all(value < JS_OF_RELP / 2 for start, value in js.items() if start not in inside)


def test_the_household_drifts_from_the_year_it_really_did(history: History) -> None:
    """The published alerts on it are the 28 chunks of 2017 and 2018, and none of 2016."""
    drifted = {
        evaluation.window.start.year
        for evaluation in history.breached("drift")
        if reading_of(evaluation, feature="RELP", segment=None)["verdict"] == "breach"
    }
    assert drifted == {2017, 2018}


def reading_of(evaluation: Evaluation, **facts: object) -> dict[str, Any]:
    """The reading of an evaluation with these facts; an empty one of verdict None without it."""
    found = (r for r in evaluation.readings if all(r[key] == value for key, value in facts.items()))
    return next(found, {"verdict": None})


def test_people_are_told_of_the_incident_and_of_little_else(history: History) -> None:
    findings = Finding.objects.filter(system=history.version.system).exclude(
        dedupe_key__startswith="development."
    )
    keys = sorted(finding.dedupe_key for finding in findings)
    assert any(key.startswith("check:drift:") for key in keys)
    assert any(key.startswith("check:performance:") for key in keys)
    assert len(keys) <= 6, keys
