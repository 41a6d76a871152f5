"""Pages and API of checks."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.areas import Reading, Verdict
from portal.checks.jobs import RUN_CHECK
from portal.checks.models import Evaluation
from portal.checks.selectors import history, latest, latest_of, standings
from portal.checks.services import run_check
from portal.jobs.services import run_now
from portal.registry.models import ModelVersion
from portal.registry.services import register_model, register_version
from tests.portal.cast import Cast, browser, day, program
from tests.portal.checks.yard.area import SHIFT_CHECK, TOLD

INTERFACE = {
    "check",
    "model",
    "version",
    "window",
    "verdict",
    "n",
    "n_reference",
    "readings",
    "policy",
    "engine",
    "run",
    "computed_at",
    "digest",
}
READING = {
    "metric",
    "feature",
    "group",
    "segment",
    "value",
    "low",
    "high",
    "limit_warn",
    "limit_breach",
    "critical",
    "p",
    "p_adjusted",
    "n",
    "n_reference",
    "verdict",
    "reason",
}


def breach(cast: Cast, number: int = 1, subject: ModelVersion | None = None) -> Evaluation:
    TOLD.answer = [
        Reading(
            "shift",
            0.31,
            Verdict.BREACH,
            group={"sex": "F"},
            limit_warn=0.1,
            limit_breach=0.25,
            n=23_140,
            n_reference=50_000,
            extra={"ratio": 0.7},
        ),
        Reading("shift", None, Verdict.INSUFFICIENT, group={"sex": "X"}, reason="small_cell"),
    ]
    run_now(RUN_CHECK, subject or cast.churn_v1, day(number), variant="shift")
    return Evaluation.objects.latest("pk")


def topic(cast: Cast) -> ModelVersion:
    return register_version(register_model("topic", system=cast.routing, actor=cast.zoe), actor=cast.zoe)


def test_an_evaluation_has_the_shape_of_the_interface(cast: Cast) -> None:
    evaluation = breach(cast)
    (told,) = program(cast.erin).get("/api/v1/checks/shift/evaluations/").json()["results"]
    assert told.keys() >= INTERFACE
    assert (told["check"], told["model"], told["version"], told["verdict"]) == ("shift", "churn", 1, "breach")
    assert told["window"] == {
        "start": "2026-10-01T00:00:00Z",
        "end": "2026-10-02T00:00:00Z",
        "revision": 1,
        "state": "mature",
    }
    assert (told["n"], told["n_reference"], told["engine"]) == (23_140, 50_000, "local")
    assert told["policy"] == {"name": "shift", "version": 1}
    assert told["run"] == f"/api/v1/runs/{evaluation.run_id}/"
    assert told["digest"] == evaluation.digest
    first, second = told["readings"]
    assert first.keys() >= READING
    assert (first["group"], first["value"], first["ratio"]) == ({"sex": "F"}, 0.31, 0.7)
    assert (second["value"], second["reason"], second["verdict"]) == (None, "small_cell", "insufficient")


def test_evaluations_are_read_by_whoever_reads_the_system(cast: Cast) -> None:
    breach(cast)
    breach(cast, subject=topic(cast))
    address = "/api/v1/checks/shift/evaluations/"
    assert program(cast.erin).get(address).json()["count"] == 1
    assert program(cast.otto).get(address).json()["count"] == 2
    assert program(cast.otto).get(address, {"model": "topic", "version": "1"}).json()["count"] == 1
    assert program(cast.otto).get(address, {"verdict": "ok"}).json()["count"] == 0
    assert program(cast.erin).get("/api/v1/checks/unheard/evaluations/").status_code == 404


def test_a_superseded_revision_is_shown_on_request(cast: Cast) -> None:
    breach(cast)
    TOLD.answer = []
    run_check(SHIFT_CHECK, cast.churn_v1, day(1))
    address = "/api/v1/checks/shift/evaluations/"
    assert program(cast.erin).get(address).json()["results"][0]["verdict"] == "no_data"
    assert program(cast.erin).get(address, {"revisions": "all"}).json()["count"] == 2


def test_a_list_of_evaluations_loads_its_subjects_together(cast: Cast) -> None:
    def queries() -> int:
        erin = program(cast.erin)
        with CaptureQueriesContext(connection) as seen:
            erin.get("/api/v1/checks/shift/evaluations/")
        return len(seen)

    breach(cast)
    few = queries()
    for number in range(2, 8):
        breach(cast, number)
    assert queries() == few


def test_the_declared_checks_are_listed(cast: Cast) -> None:
    listed = program(cast.erin).get("/api/v1/checks/").json()["results"]
    (shift,) = [row for row in listed if row["slug"] == "shift"]
    assert (shift["policy"], shift["metrics"], shift["every_seconds"], shift["severity"]) == (
        "shift",
        ["shift"],
        86_400,
        "high",
    )
    assert program(cast.erin).get("/api/v1/checks/shift/").json() == shift


def test_the_pages_lead_from_the_check_to_one_reading(cast: Cast) -> None:
    evaluation = breach(cast)
    erin = browser(cast.erin)
    assert "Feature shift" in erin.get("/checks/").content.decode()
    listed = erin.get("/checks/shift/").content.decode()
    assert "churn v1" in listed
    assert "Breached" in listed
    page = erin.get(evaluation.get_absolute_url()).content.decode()
    for told in (
        "breached in 1 of 2 readings",
        "sex F",
        "0.31",
        "small_cell",
        "Shift of sex=F in churn v1 is 0.31",
    ):
        assert told in page


def test_an_evaluation_of_another_unit_is_not_there(cast: Cast) -> None:
    evaluation = breach(cast)
    assert browser(cast.zoe).get(evaluation.get_absolute_url()).status_code == 404
    assert browser(cast.lee).get("/checks/").status_code == 403
    assert browser(cast.zoe).get("/checks/unheard/").status_code == 404


def test_how_each_check_stands_is_one_query(cast: Cast) -> None:
    breach(cast)
    breach(cast, 2, subject=topic(cast))
    with CaptureQueriesContext(connection) as seen:
        (mine,) = [row for row in standings(cast.otto) if row.check is SHIFT_CHECK]
    assert mine.counts == {Verdict.BREACH: 2}
    assert len([each for each in seen if "checks_evaluation" in each["sql"]]) == 1


def test_the_newest_window_counts(cast: Cast) -> None:
    breach(cast, 3)
    earlier = breach(cast, 1)
    newest = latest(SHIFT_CHECK, cast.churn_v1)
    assert newest is not None
    assert newest.window == day(3)
    assert latest_of(SHIFT_CHECK, [cast.churn_v1]) == {cast.churn_v1.pk: newest}
    assert list(history(SHIFT_CHECK, cast.churn_v1)) == [earlier, newest]
    assert list(history(SHIFT_CHECK, cast.churn_v1, since=day(2).start)) == [newest]
