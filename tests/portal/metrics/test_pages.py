"""Pages, files and API of the scorecard."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.errors import Invalid
from portal.metrics import services
from portal.metrics.csv import read_values
from portal.metrics.models import Kpi, Pillar, Sample
from portal.metrics.services import KpiValue
from tests.portal.cast import LONG_AGO, Cast, browser, program

PAGE, API = "/scorecard/cost/", "/api/v1/kpis/cost/"


@pytest.fixture
def cost(cast: Cast) -> Kpi:
    pillar = services.create_pillar("Lower cost", slug="lower-cost", actor=cast.maya)
    return services.create_kpi(
        "Cost per contact",
        slug="cost",
        pillar=pillar,
        direction="down",
        unit="EUR",
        actor=cast.maya,
        at=LONG_AGO,
    )


def test_an_executive_defines_a_figure_and_its_target(cast: Cast) -> None:
    maya = browser(cast.maya)
    assert "No KPI is defined yet" in maya.get("/scorecard/").content.decode()
    pillar = {"name": "Lower cost", "slug": "lower-cost", "order": 1}
    assert maya.post("/scorecard/pillars/new/", pillar).status_code == 302
    figure = {
        "name": "Cost per contact",
        "slug": "cost",
        "pillar": Pillar.objects.get().pk,
        "direction": "down",
        "unit": "EUR",
        "decimals": 2,
        "tolerance": 0.1,
        "period": "month",
        "source": "entered",
        "order": 1,
    }
    sent = maya.post("/scorecard/define/", figure)
    assert sent["Location"] == "/scorecard/cost/target/"
    target = {"value": 3.6, "starts_on": "2026-01-01", "reason": "Decision D-118."}
    assert maya.post(sent["Location"], target).status_code == 302
    assert maya.post(f"{PAGE}value/", {"day": "2026-01-15", "value": 3.84}).status_code == 302
    assert "Cost per contact" in maya.get("/scorecard/").content.decode()


def test_the_page_shows_value_target_chart_and_how_it_is_computed(cast: Cast, cost: Kpi) -> None:
    services.set_target(cost, 3.6, starts_on=date(2020, 1, 1), reason="Decision D-118.", actor=cast.maya)
    services.record_values(cost, [KpiValue(date(2020, 2, 1), 3.84, 3.71, 3.97, 118_420)], actor=cast.maya)
    services.set_contributions(cost, {cast.churn: 0.46}, actor=cast.maya)
    services.check_in(cost, "The carrier changed.", actor=cast.maya)
    page = browser(cast.erin).get(f"{PAGE}?until=2020-02-20").content.decode()
    assert "Cost per contact is €3.8, €0.2 above its target" in page
    for told in (
        "95 % interval",
        "Decision D-118.",
        "Churn",
        "The carrier changed.",
        "<svg",
        "At risk up to",
    ):
        assert told in page
    assert "Add check-in note" in page
    assert "Set a target" not in page


def test_a_bad_day_in_the_address_is_a_clear_error(cast: Cast, cost: Kpi) -> None:
    assert browser(cast.erin).get(f"{PAGE}?until=tomorrow").status_code == 400


def test_an_unknown_figure_and_a_closed_door(cast: Cast, cost: Kpi) -> None:
    assert browser(cast.erin).get("/scorecard/unheard/").status_code == 404
    assert browser(cast.lee).get("/scorecard/").status_code == 403
    assert browser(cast.erin).get("/scorecard/define/").status_code == 403


def test_the_periods_come_as_a_file(cast: Cast, cost: Kpi) -> None:
    services.record_values(cost, [KpiValue(date(2020, 2, 1), 3.84)], actor=cast.maya)
    answer = browser(cast.erin).get(f"{PAGE}?until=2020-02-20&export=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 25
    assert lines[-1].startswith("2020-02-01,3.84,")


def test_a_file_of_values_goes_in_whole(cast: Cast, cost: Kpi) -> None:
    file = SimpleUploadedFile(
        "cost.csv", b"day,value,low,high,n\n2020-01-01,3.9,,,\n2020-02-01,3.8,3.7,3.9,12\n"
    )
    assert browser(cast.maya).post(f"{PAGE}import/", {"file": file}).status_code == 302
    assert Sample.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"day,value\n2020-13-01,3\n", "Row 2: A day looks like"),
        (b"day,value\n2020-01-01,much\n", "Row 2: A number is needed"),
        (b"day,value,n\n2020-01-01,3,few\n", "Row 2: A whole number"),
        (b"day,value\n2020-01-01,3,4\n", "Row 2: More cells than columns"),
        (b"date,value\n2020-01-01,3\n", "The first line names the columns"),
        (b"", "The first line names the columns"),
        (b"\xff\xfe", "not UTF-8"),
        (b"day,value\n2020-01-01,nan\n", "A finite number is needed"),
    ],
)
def test_a_file_that_cannot_be_read_stores_nothing_and_says_where(
    cast: Cast, cost: Kpi, content: bytes, told: str
) -> None:
    answer = browser(cast.maya).post(
        f"{PAGE}import/", {"file": SimpleUploadedFile("cost.csv", content or b" ")}
    )
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Sample.objects.exists()


def test_every_bad_cell_is_named() -> None:
    with pytest.raises(Invalid) as raised:
        read_values(b"day,value\nx,y\n2020-01-01,3\nz,4\n")
    assert [problem.pointer for problem in raised.value.errors] == ["/0/day", "/0/value", "/2/day"]


def test_values_come_over_the_api_as_one_as_many_and_as_a_file(cast: Cast, cost: Kpi) -> None:
    maya = program(cast.maya)
    one = {"day": "2020-01-01", "value": 3.9}
    assert maya.post(f"{API}samples/", one, format="json").json() == {"received": 1, "stored": 1}
    many = [one, {"day": "2020-02-01", "value": 3.8, "low": 3.7, "high": 3.9, "n": 40}]
    assert maya.post(f"{API}samples/", many, format="json").json() == {"received": 2, "stored": 1}
    file = "day,value\n2020-03-01,3.7\n"
    sent = maya.generic("POST", f"{API}samples/", file, content_type="text/csv")
    assert (sent.status_code, sent.json()["stored"]) == (201, 1)
    rows = maya.get(f"{API}samples/", {"sort": "window_start"}).json()["results"]
    assert [row["value"] for row in rows] == [3.9, 3.8, 3.7]


def test_a_bad_row_over_the_api_is_named(cast: Cast, cost: Kpi) -> None:
    rows = [{"day": "2020-01-01", "value": 3.9}, {"day": "2020-02-01", "value": 3, "low": 4}]
    answer = program(cast.maya).post(f"{API}samples/", rows, format="json")
    assert answer.status_code == 400
    assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/1/low"]
    assert not Sample.objects.exists()


def test_the_api_says_how_a_figure_stands(cast: Cast, cost: Kpi) -> None:
    maya = program(cast.maya)
    target = {"value": 3.6, "starts_on": "2020-01-01", "reason": "Decision D-118."}
    assert maya.post(f"{API}targets/", target, format="json").status_code == 201
    told = maya.get(API).json()
    assert (told["status"], told["value"], told["target"], told["pillar"]) == (
        "not_measured",
        None,
        3.6,
        "lower-cost",
    )
    listed = maya.get("/api/v1/kpis/").json()
    assert (listed["count"], listed["results"][0]["slug"]) == (1, "cost")


def test_a_figure_is_defined_and_changed_over_the_api(cast: Cast, cost: Kpi) -> None:
    maya = program(cast.maya)
    body = {
        "slug": "audits",
        "name": "Audits in date",
        "pillar": "lower-cost",
        "direction": "up",
        "owner": "maya",
    }
    made = maya.post("/api/v1/kpis/", body, format="json")
    assert (made.status_code, made["Location"]) == (201, "/api/v1/kpis/audits/")
    changed = maya.patch("/api/v1/kpis/audits/", {"unit": "%"}, format="json")
    assert (changed.status_code, changed.json()["unit"]) == (200, "%")
    assert maya.patch("/api/v1/kpis/audits/", {"direction": "down"}, format="json").status_code == 400
    assert program(cast.erin).post("/api/v1/kpis/", body, format="json").status_code == 403
