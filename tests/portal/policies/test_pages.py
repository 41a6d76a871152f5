"""Pages and API of policies."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from portal.policies.models import PolicyVersion
from portal.policies.selectors import in_force
from portal.policies.services import propose_policy
from tests.portal.cast import Cast, browser, program
from tests.portal.policies.yard.area import ENOUGH, Enough

PAGE, API = "/policies/enough/", "/api/v1/policies/enough/"


def test_a_proposal_goes_through_two_people_on_the_pages(cast: Cast) -> None:
    chen, ann = browser(cast.chen), browser(cast.ann)
    sent = chen.post(f"{PAGE}propose/", {"rows": 10, "reason": "Too strict."})
    assert (sent.status_code, sent["Location"]) == (302, PAGE)
    proposal = PolicyVersion.objects.get()
    assert "Too strict." not in chen.get("/policies/").content.decode()
    assert "Too strict." in ann.get("/policies/").content.decode()
    page = ann.get(f"{PAGE}proposals/{proposal.pk}/").content.decode()
    assert "30" in page
    assert "allows more" in page
    assert (
        ann.post(f"{PAGE}proposals/{proposal.pk}/", {"approve": "yes", "reason": "Yes."}).status_code == 302
    )
    assert in_force(ENOUGH).parameters == Enough(10)
    assert "Version 2" in ann.get(PAGE).content.decode()


def test_the_proposer_gets_no_page_to_decide_on(cast: Cast) -> None:
    proposal = propose_policy(ENOUGH, Enough(10), actor=cast.chen, reason="Too strict.")
    assert browser(cast.chen).get(f"{PAGE}proposals/{proposal.pk}/").status_code == 404


def test_what_is_wrong_comes_back_beside_its_field(cast: Cast) -> None:
    answer = browser(cast.chen).post(f"{PAGE}propose/", {"rows": 0, "reason": "Try."})
    assert answer.status_code == 422
    assert "At least one row is needed." in answer.content.decode()


def test_an_engineer_of_one_unit_changes_it_for_a_system_only(cast: Cast) -> None:
    erin = browser(cast.erin)
    data = {"rows": 60, "reason": "Stricter here."}
    assert erin.post(f"{PAGE}propose/", data).status_code == 422
    assert erin.post(f"{PAGE}propose/", {**data, "system": cast.churn.pk}).status_code == 302
    assert in_force(ENOUGH, system=cast.churn).parameters.rows == 60
    assert erin.post(f"{PAGE}propose/", {**data, "system": cast.routing.pk}).status_code == 422


def test_an_employee_sees_no_policies(cast: Cast) -> None:
    assert browser(cast.lee).get("/policies/").status_code == 403


def test_the_api_tells_what_holds_here_and_what_held_then(cast: Cast) -> None:
    now = timezone.now()
    propose_policy(ENOUGH, Enough(60), actor=cast.erin, reason="Stricter.", system=cast.churn, at=now)
    propose_policy(ENOUGH, Enough(40), actor=cast.chen, reason="Stricter.", at=now)
    otto = program(cast.otto)
    assert otto.get(API).json()["parameters"]["rows"] == 40
    assert otto.get(API, {"system": cast.churn.ref}).json()["version"] == 2
    yesterday = (now - timedelta(days=1)).isoformat()
    assert otto.get(API, {"as_of": yesterday}).json()["version"] == 1
    assert program(cast.zoe).get(API, {"system": cast.churn.ref}).status_code == 404
    listed = otto.get("/api/v1/policies/").json()["results"]
    assert [row["version"] for row in listed if row["slug"] == "enough"] == [3]


def test_the_api_answers_202_for_what_waits_and_403_for_ones_own(cast: Cast) -> None:
    chen = program(cast.chen)
    body = {"parameters": {"rows": 10, "lenient": False}, "reason": "Too strict."}
    sent = chen.post(f"{API}versions/", body, format="json")
    assert (sent.status_code, sent.json()["state"]) == (202, "proposed")
    decision = f"{API}versions/{sent.json()['id']}/decision/"
    assert chen.post(decision, {"approve": True}, format="json").status_code == 403
    decided = program(cast.ann).post(decision, {"approve": True}, format="json")
    assert (decided.status_code, decided.json()["number"]) == (200, 2)


def test_the_api_names_every_wrong_parameter(cast: Cast) -> None:
    body = {"parameters": {"rows": "x", "columns": 3}, "reason": "Try."}
    answer = program(cast.chen).post(f"{API}versions/", body, format="json")
    assert answer.status_code == 400
    assert {problem["pointer"] for problem in answer.json()["errors"]} == {"/rows", "/columns"}


def test_an_engineer_of_one_unit_changes_nothing_for_all(cast: Cast) -> None:
    body = {"parameters": {"rows": 60}, "reason": "Stricter."}
    assert program(cast.erin).post(f"{API}versions/", body, format="json").status_code == 403
