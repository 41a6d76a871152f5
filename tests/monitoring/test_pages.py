"""What monitoring shows, to whom, and with how few questions to the database."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.areas import Window
from portal.checks.jobs import RUN_CHECK
from portal.jobs.services import run_now
from tests.monitoring.conftest import START, Desk
from tests.monitoring.test_summaries_and_checks import DAY, FIRST, WEEK, arrived, freeze
from tests.portal.cast import browser, program

CHECKS = ("drift", "fairness", "performance")


def page(check: str) -> str:
    return f"/models/churn/v/1/{check}/"


@pytest.fixture
def measured(desk: Desk) -> Desk:
    """A version with two judged weeks, the second of them shifted."""
    freeze(desk)
    for week, shift in ((0, 0.0), (1, 8.0)):
        start = START + week * WEEK
        rows = arrived(desk, 700, seed=week, shift=shift, first=start, prefix=f"w{week}-")
        sexes = [{"prediction_id": row["prediction_id"], "sex": "FM"[i % 2]} for i, row in enumerate(rows)]
        desk.stored("attributes", sexes)
        desk.count()
        for check in ("drift", "performance"):
            run_now(RUN_CHECK, desk.version, Window(start, start + WEEK), variant=check)
    run_now(RUN_CHECK, desk.version, Window(START - 14 * DAY, START + 14 * DAY), variant="fairness")
    return desk


@pytest.mark.parametrize("check", CHECKS)
def test_a_page_without_data_says_so(desk: Desk, check: str) -> None:
    shown = browser(desk.people.erin).get(page(check))
    assert shown.status_code == 200
    assert "not been measured" in shown.content.decode()
    assert desk.api.get(desk.url(check)).status_code == 404


@pytest.mark.parametrize("check", CHECKS)
def test_a_page_with_data_asks_the_database_little(measured: Desk, check: str) -> None:
    erin = browser(measured.people.erin)
    erin.get(page(check))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shown = erin.get(page(check))
    assert shown.status_code == 200
    assert "not been measured" not in shown.content.decode()
    assert len(queries) <= 25


def test_the_drift_page_names_the_feature_that_moved(measured: Desk) -> None:
    assert "tenure" in browser(measured.people.erin).get(page("drift")).content.decode()
    assert browser(measured.people.erin).get(page("drift") + "?segment=region%3Dnorth").status_code == 200
    assert browser(measured.people.erin).get(page("drift") + "explore/").status_code == 200


@pytest.mark.parametrize("check", CHECKS)
def test_those_who_may_not_see_the_version_find_nothing(measured: Desk, check: str) -> None:
    zoe, lee = browser(measured.people.zoe), browser(measured.people.lee)
    assert zoe.get(page(check)).status_code == 404
    assert lee.get(page(check)).status_code in {403, 404}
    assert program(measured.people.zoe).get(measured.url(check)).status_code == 404
    assert browser(measured.people.otto).get(page(check)).status_code == 200


@pytest.mark.parametrize("check", CHECKS)
def test_an_evaluation_has_one_shape(measured: Desk, check: str) -> None:
    told = measured.api.get(measured.url(check)).json()
    assert (told["check"], told["model"], told["version"]) == (check, "churn", 1)
    assert told["verdict"] in {"ok", "warn", "breach", "no_data", "insufficient"}
    assert told["readings"]
    assert {"metric", "feature", "group", "segment", "value", "verdict", "reason"} <= set(told["readings"][0])
    assert told["digest"].startswith("sha256:")
    assert set(told["policy"]) >= {"name", "version"}


def test_a_window_is_chosen_by_its_address(measured: Desk) -> None:
    where = measured.url("drift")
    first = f"{FIRST.start:%Y-%m-%dT%H:%M:%SZ}/{FIRST.end:%Y-%m-%dT%H:%M:%SZ}"
    quiet = measured.api.get(where, {"window": first}).json()
    newest = measured.api.get(where).json()
    assert (quiet["verdict"], newest["verdict"]) == ("ok", "breach")
    assert measured.api.get(where, {"window": "yesterday"}).status_code == 400
    part = measured.api.get(where, {"segment": "region=north"}).json()
    assert {reading["segment"] for reading in part["readings"]} == {"region=north"}
    assert "data" in measured.api.get(where + "figure.json").json()


def test_windows_are_listed_by_grain(measured: Desk) -> None:
    weeks = measured.api.get(measured.url("windows"), {"grain": "week"}).json()
    assert [(week["n"], week["labelled_share"]) for week in weeks["results"]] == [(700, 1.0), (700, 1.0)]
    assert measured.api.get(measured.url("windows"), {"grain": "decade"}).status_code == 400
