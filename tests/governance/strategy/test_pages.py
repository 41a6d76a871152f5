"""Build or buy on pages and over the API: ranked anew by another rate, decided, and held against bills."""

from __future__ import annotations

import re
from datetime import timedelta

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from governance.strategy.checks import FORECAST
from portal.analyses.models import Analysis
from portal.areas import Window
from portal.cases.models import Case
from portal.checks.services import run_check
from tests.governance.strategy.conftest import Bills
from tests.governance.strategy.test_forecast import MONTHS, at_day
from tests.portal.cast import Cast, browser, program


def read(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode().replace("\u202f", " ")


def ranking(page: str) -> list[str]:
    return re.findall(r"<strong>\d\. (\w+)</strong>", page)


def test_another_discount_rate_ranks_anew_at_once_and_without_javascript(cast: Cast, draft: Analysis) -> None:
    desk, address = browser(cast.erin), draft.get_absolute_url()
    assert ranking(read(desk, address)) == ["Build", "Buy"]
    plain = read(desk, f"{address}?rate=30")
    assert ranking(plain) == ["Buy", "Build"]
    assert ranking(read(desk, f"{address}?rate=30", **{"HX-Request": "true"})) == ["Buy", "Build"]
    assert 'hx-target="#result"' in plain
    draft.refresh_from_db()
    assert draft.inputs["rate"] == "0.05"


def test_the_page_says_at_which_rate_the_order_turns(cast: Cast, draft: Analysis) -> None:
    page = read(browser(cast.otto), draft.get_absolute_url())
    assert re.search(
        r"Build leads Buy by €[\d ]+ at a discount rate of 5 %\. From [\d.]+ % on it is Buy\.", page
    )


def test_the_tornado_is_of_the_best_and_of_any_other_that_is_asked_for(cast: Cast, draft: Analysis) -> None:
    desk, address = browser(cast.erin), draft.get_absolute_url()
    assert "The value of Build hangs most on benefits" in read(desk, address)
    assert "The value of Buy hangs most on benefits" in read(desk, f"{address}?about=Buy")


def test_the_committee_decides_what_an_engineer_puts_to_it(cast: Cast, draft: Analysis) -> None:
    desk, address = browser(cast.erin), draft.get_absolute_url()
    assert f"{address}propose/" in read(desk, address)
    assert f"{address}propose/" not in read(browser(cast.otto), address)
    assert desk.post(f"{address}propose/", {"option": "Rent", "reason": "x"}).status_code == 422
    case_page = desk.post(f"{address}propose/", {"option": "Buy", "reason": "Sooner."})["Location"]
    page = read(desk, address)
    assert case_page in page
    assert f'href="{address}"' in read(browser(cast.chen), case_page)
    assert f"{address}propose/" not in page
    for member in (cast.chen, cast.ann):
        vote = {"choice": "approve", "reason": "Fine."}
        assert browser(member).post(case_page, vote).status_code == 302
    page = read(desk, address)
    assert "Accepted" in page
    assert "Due" in page


def test_the_page_of_an_accepted_option_shows_expected_billed_and_the_finding(
    cast: Cast, accepted: Analysis, bills: Bills
) -> None:
    for month in MONTHS[:3]:
        bills(month, 130)
    window = Window.day_of(at_day(95) + timedelta(hours=1))
    run_check(FORECAST, accepted, window, at=window.end)
    page = read(browser(cast.erin), accepted.get_absolute_url())
    assert "Expected €9 000, billed €11 700: +30 %" in page
    assert "30 % above what was accepted" in page
    told = program(cast.erin).get(f"/api/v1/analyses/{accepted.ref}/actuals/").json()
    assert told["count"] == 2
    assert (told["results"][0]["expected"], told["results"][0]["verdict"]) == ("9000.00", "breach")
    assert told["results"][1]["verdict"] is None


def test_a_program_puts_an_option_to_the_committee(cast: Cast, draft: Analysis) -> None:
    api, address = program(cast.erin), f"/api/v1/analyses/{draft.ref}/proposal/"
    asked = api.post(address, {"option": "Buy", "reason": "Sooner."}, format="json")
    case = Case.objects.get()
    assert asked.status_code == 201
    assert (asked.json()["case"], asked.json()["option"]) == (case.ref, "Buy")
    assert asked.json()["digest"] == f"sha256:{case.digest}"
    assert api.post(address, {"option": "Buy", "reason": "Again."}, format="json").status_code == 409
    assert program(cast.otto, "read").post(address, {}, format="json").status_code == 403


def test_the_page_stays_within_its_queries(
    cast: Cast, accepted: Analysis, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk = browser(cast.erin)
    with django_assert_max_num_queries(20):
        read(desk, accepted.get_absolute_url())
