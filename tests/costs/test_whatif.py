"""What-ifs say what the arithmetic says, on the page and to programs, and keep nothing."""

from __future__ import annotations

import pytest

from portal.accounts.models import User
from tests.portal.cast import Cast, browser
from tests.portal.cast import program as narrow_program

WORKED = {
    "own-or-rent": {
        "capital": 56_250.0,
        "power": 10_331.1936,
        "total": 108_581.1936,
        "per_useful_hour": 2.582315,
        "breakeven_utilisation": 0.620957,
    },
    "spot": {"expected_hours": 118.3798, "saving": 0.645},
    "reservations": {"committed": 6.0, "cost": 68.64, "on_demand_cost": 90.0},
}


@pytest.mark.parametrize("kind", WORKED)
def test_without_facts_a_what_if_is_the_worked_example(fay: User, kind: str) -> None:
    told = narrow_program(fay, "read").get(f"/api/v1/what-ifs/{kind}/").json()
    found = {name: told[name] for name in WORKED[kind]}
    assert found == pytest.approx(WORKED[kind], rel=1e-3)
    page = browser(fay).get(f"/costs/{kind}/")
    assert page.status_code == 200
    assert told["answer"].replace("\u202f", " ") in page.content.decode().replace("\u202f", " ")


def test_facts_in_the_address_change_the_answer(fay: User) -> None:
    desk = browser(fay)
    wanted = {"demand": "1 1 1 9", "reserved": "0.9", "on_demand": "1"}
    assert "Commit to 1" in desk.get("/costs/reservations/", wanted).content.decode()
    told = narrow_program(fay, "read").get("/api/v1/what-ifs/own-or-rent/", {"rent": "0.01"}).json()
    assert told["answer"] == "Renting costs less at any use"
    late = narrow_program(fay, "read").get("/api/v1/what-ifs/spot/", {"deadline": "110"}).json()
    assert late["meets_deadline"] is False


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("own-or-rent", {"residual": "2"}),
        ("own-or-rent", {"colour": "red"}),
        ("reservations", {"demand": "four"}),
        ("reservations", {"demand": "nan"}),
        ("spot", {"mtbf": "0.01", "restart": "9000"}),
        ("spot", {"work": "nan"}),
    ],
)
def test_facts_that_make_no_sense_are_refused(fay: User, kind: str, facts: dict[str, str]) -> None:
    answer = narrow_program(fay, "read").get(f"/api/v1/what-ifs/{kind}/", facts)
    assert answer.status_code == 400
    page = browser(fay).get(f"/costs/{kind}/", facts)
    assert page.status_code == 200


def test_what_ifs_are_for_those_who_may_see_costs(cast: Cast) -> None:
    assert browser(cast.lee).get("/costs/spot/").status_code == 403
    assert narrow_program(cast.erin, "read").get("/api/v1/what-ifs/nothing/").status_code == 404
