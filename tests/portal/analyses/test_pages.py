"""What people do with analyses on pages: enter, try, copy, compare, take away, and what others see."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal.analyses.models import Analysis, State
from portal.analyses.services import accept, choose, save_analysis
from tests.portal.analyses.conftest import KITCHEN
from tests.portal.analyses.yard.area import PIES
from tests.portal.cast import Cast, browser


def read(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode().replace("\u202f", " ")


def test_without_any_the_list_offers_the_first_one_to_whoever_may_make_it(cast: Cast) -> None:
    assert "/analyses/new/" in read(browser(cast.erin), "/analyses/")
    page = read(browser(cast.otto), "/analyses/")
    assert "No analysis yet" in page
    assert "/analyses/new/" not in page


def test_an_engineer_enters_a_kitchen_and_its_ovens_one_form_each(cast: Cast) -> None:
    desk = browser(cast.erin)
    assert "Says how many pies" in read(desk, "/analyses/new/pies/")
    flat = {"title": "Pies", "question": "Enough?", "system": cast.churn.pk, "days": "10", "sold": "50"}
    add = desk.post("/analyses/new/pies/", flat)["Location"]
    made = Analysis.objects.get()
    assert add == f"/analyses/{made.ref}/parts/add/"
    for name, pies in (("Big", "12"), ("Small", "8.5")):
        assert desk.post(add, {"name": name, "pies": pies, "by_year": "1\n\n2,5"}).status_code == 302
    assert desk.post(f"/analyses/{made.ref}/parts/1/", {"name": "Small", "pies": "8"}).status_code == 302
    made.refresh_from_db()
    assert [oven["by_year"] for oven in made.inputs["ovens"]] == [["1", "2.5"], []]
    assert "100 pies in 10 days" in read(desk, made.get_absolute_url())
    assert desk.post(f"/analyses/{made.ref}/parts/0/remove/").status_code == 302
    assert "40 pies in 10 days" in read(desk, made.get_absolute_url())
    assert desk.post(f"/analyses/{made.ref}/edit/", {**flat, "days": "31"}).status_code == 302
    assert "124 pies in 31 days" in read(desk, made.get_absolute_url())


def test_what_is_wrong_comes_back_beside_its_field_and_nothing_is_lost(cast: Cast, pies: Analysis) -> None:
    desk = browser(cast.erin)
    flat = {"title": "Kept title", "system": cast.churn.pk, "days": "99", "sold": "120"}
    response = desk.post("/analyses/new/pies/", flat)
    page = response.content.decode()
    assert response.status_code == 422
    assert "At most 31." in page
    assert "At most 100 %." in page
    assert 'value="Kept title"' in page
    third = desk.post(f"/analyses/{pies.ref}/parts/add/", {"name": "Third", "pies": "1"})
    assert third.status_code == 422
    assert "There is room for two." in third.content.decode()


def test_a_lever_is_tried_by_a_plain_address_and_changes_nothing(cast: Cast, pies: Analysis) -> None:
    page = read(browser(cast.otto), f"{pies.get_absolute_url()}?sold=80")
    assert "160 pies in 10 days" in page
    assert "Nothing is saved" in page
    assert 'value="80"' in page
    assert "Keep them as a draft" not in page  # an auditor changes nothing
    pies.refresh_from_db()
    assert pies.typed_inputs() == KITCHEN


def test_htmx_gets_the_result_only_and_both_say_that_they_differ(cast: Cast, pies: Analysis) -> None:
    response = browser(cast.erin).get(f"{pies.get_absolute_url()}?sold=80", headers={"HX-Request": "true"})
    fragment = response.content.decode()
    assert fragment.lstrip().startswith('<div id="result"')
    assert "160 pies in 10 days" in fragment
    assert "HX-Request" in response["Vary"]


def test_a_lever_that_cannot_be_is_told_and_what_is_saved_is_shown(cast: Cast, pies: Analysis) -> None:
    page = read(browser(cast.erin), f"{pies.get_absolute_url()}?sold=nonsense")
    assert "A number is needed." in page
    assert "100 pies in 10 days" in page


def test_tried_values_become_a_draft_of_their_own(cast: Cast, pies: Analysis) -> None:
    desk = browser(cast.erin)
    copy = f"/analyses/{pies.ref}/copy/?sold=80"
    assert 'value="80"' in read(desk, copy)
    made = desk.post(copy, {"title": "Better", "days": "10", "sold": "80"})["Location"]
    copied = Analysis.objects.get(title="Better")
    assert (copied.get_absolute_url(), copied.based_on, len(copied.inputs["ovens"])) == (made, pies, 2)
    page = read(desk, f"/analyses/compare/?of={pies.ref}&of={copied.ref}")
    assert "2 lines differ" in page
    assert "<strong>80 %</strong>" in page


def test_analyses_of_two_kinds_do_not_stand_side_by_side(cast: Cast, pies: Analysis) -> None:
    assert "Nothing chosen yet" in read(browser(cast.erin), "/analyses/compare/")
    assert "Pies in May" in read(browser(cast.erin), f"/analyses/compare/?of={pies.ref}&of={pies.ref}")


def test_an_accepted_analysis_shows_no_way_to_change_it(cast: Cast, pies: Analysis) -> None:
    accept(choose(pies, "Big", actor=cast.erin), actor=cast.chen)
    desk, address = browser(cast.erin), pies.get_absolute_url()
    page = read(desk, address)
    assert "Matches" in page
    for way in ("edit/", "parts/add/", "set-aside/"):
        assert f"{address}{way}" not in page
        assert desk.get(f"{address}{way}").status_code == 409
    assert f"{address}copy/" in page


def test_a_draft_is_set_aside_with_a_reason(cast: Cast, pies: Analysis) -> None:
    desk = browser(cast.erin)
    assert desk.post(f"/analyses/{pies.ref}/set-aside/", {"reason": ""}).status_code == 422
    assert desk.post(f"/analyses/{pies.ref}/set-aside/", {"reason": "No flour."}).status_code == 302
    pies.refresh_from_db()
    assert pies.state == State.SET_ASIDE


def test_files_hold_everything_and_numbers_stay_numbers(cast: Cast, pies: Analysis) -> None:
    desk, address = browser(cast.otto), pies.get_absolute_url()
    told: dict[str, Any] = json.loads(desk.get(f"{address}export.json").content)
    assert (told["inputs"], told["digest"]) == (pies.inputs, f"sha256:{pies.digest}")
    stream: Any = desk.get(f"{address}export.csv")
    lines = b"".join(stream.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["line,value,unit", "Days,10,", "Share sold,0.5,%", "Pies,100.0,"]
    assert desk.get(f"{address}export.exe").status_code == 404


def test_what_an_earlier_engine_made_is_shown_as_it_was_stored(cast: Cast, pies: Analysis) -> None:
    Analysis.objects.filter(pk=pies.pk).update(engine=0, result={"pies": "7"})
    page = read(browser(cast.erin), pies.get_absolute_url())
    assert "The arithmetic has changed since" in page
    assert "Does not match" not in page.split("Stored result")[0]


def test_the_page_of_a_system_lists_its_analyses(cast: Cast, pies: Analysis) -> None:
    page = read(browser(cast.erin), cast.churn.get_absolute_url())
    assert pies.get_absolute_url() in page
    assert f"?system={cast.churn.ref}" in page
    assert "Pies in May" in read(browser(cast.erin), "/find/?q=pies in")


def test_somebody_of_another_unit_meets_nothing(cast: Cast, pies: Analysis) -> None:
    desk = browser(cast.zoe)
    assert "Pies in May" not in read(desk, "/analyses/")
    for way in ("", "edit/", "copy/", "export.json", "parts/0/"):
        assert desk.get(f"{pies.get_absolute_url()}{way}").status_code == 404
    assert desk.get(f"/analyses/compare/?of={pies.ref}").status_code == 404


def test_pages_take_as_many_queries_for_many_analyses(
    cast: Cast, pies: Analysis, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        save_analysis(PIES, KITCHEN, title=f"More {number}", system=cast.churn, actor=cast.erin)
    desk = browser(cast.erin)
    for address in ("/analyses/", pies.get_absolute_url(), f"/analyses/compare/?of={pies.ref}"):
        with django_assert_max_num_queries(25):
            read(desk, address)
