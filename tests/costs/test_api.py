"""Programs send bills and read who bears them, within what their role and unit allow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rest_framework.test import APIClient

from costs.calc import exact_sum
from costs.models import Bill, Method
from costs.services.rules import Draft, set_rules
from portal.accounts.models import User
from tests.costs.conftest import SAMPLE, Writes
from tests.portal.cast import Cast
from tests.portal.cast import program as narrow_program


def program(user: User) -> APIClient:
    """A program that may read, decide, and send bills."""
    return narrow_program(user, "read", "govern", "costs")


def test_a_bill_is_posted_once(fay: User) -> None:
    fay_program = program(fay)
    body = SAMPLE.read_bytes()
    first = fay_program.post("/api/v1/bills/?name=september", body, content_type="text/csv")
    again = fay_program.post("/api/v1/bills/", body, content_type="text/csv")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["bill"] == again.json()["bill"]
    assert (first.json()["added"], again.json()["added"]) == (500, 0)
    assert first.json()["billed_cost"] == "14.66598547521"


def test_totals_by_column_and_tag(fay: User) -> None:
    fay_program = program(fay)
    bill = fay_program.post("/api/v1/bills/", SAMPLE.read_bytes(), content_type="text/csv").json()["bill"]
    where = f"/api/v1/bills/{bill}/totals/"
    rows = fay_program.get(where, {"by": "ProviderName"}).json()["results"]
    assert {row["key"]: row["billed_cost"][:8] for row in rows} == {
        "AWS": "14.18193",
        "Oracle": "0.321073",
        "Microsoft": "0.162980",
    }
    by_tag = fay_program.get(where, {"by": "tag:environment"}).json()["results"]
    assert exact_sum(Decimal(row["billed_cost"]) for row in by_tag) == Decimal("14.66598547521")
    assert None in {row["key"] for row in by_tag}
    assert set(by_tag[0]) == {
        "key",
        "rows",
        "billed_cost",
        "effective_cost",
        "list_cost",
        "contracted_cost",
    }
    assert fay_program.get(where, {"by": "Colour"}).status_code == 400


def test_a_wrong_bill_says_where(fay: User, writes: Writes) -> None:
    body = writes({}, {"BilledCost": "many"}).read_bytes()
    answer = program(fay).post("/api/v1/bills/", body, content_type="text/csv")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/1/BilledCost"
    assert not Bill.objects.exists()


def test_who_may_not_import_is_told_so(cast: Cast, writes: Writes) -> None:
    body = writes({}).read_bytes()
    assert program(cast.erin).post("/api/v1/bills/", body, content_type="text/csv").status_code == 403
    assert program(cast.maya).post("/api/v1/bills/", body, content_type="text/csv").status_code == 403


def test_allocations_of_a_month(cast: Cast, fay: User, writes: Writes) -> None:
    set_rules([Draft(Method.NAMED, key="system")], starts_on=date(2026, 1, 1), reason="Agreed.", actor=fay)
    body = writes({"Tags": '{"system": "churn"}'}, {}).read_bytes()
    program(fay).post("/api/v1/bills/", body, content_type="text/csv")
    rows = program(fay).get("/api/v1/allocations/", {"period": "2026-10", "by": "system"}).json()["results"]
    assert [(row["key"], row["billed_cost"]) for row in rows] == [
        (cast.churn.ref, "10.00"),
        (None, "10.00"),
    ]
    mine = program(cast.erin).get("/api/v1/allocations/", {"period": "2026-10"}).json()["results"]
    assert [row["key"] for row in mine] == ["marketing"]
    assert program(cast.zoe).get("/api/v1/allocations/", {"period": "2026-10"}).json()["results"] == []
    assert program(fay).get("/api/v1/allocations/", {"period": "soon"}).status_code == 400


def test_a_bill_is_split_again_for_a_reason(fay: User, cast: Cast, writes: Writes) -> None:
    body = writes({}).read_bytes()
    bill = program(fay).post("/api/v1/bills/", body, content_type="text/csv").json()["bill"]
    where = f"/api/v1/bills/{bill}/restatements/"
    assert program(fay).post(where, {}, format="json").status_code == 400
    answer = program(fay).post(where, {"reason": "New rules."}, format="json")
    assert (answer.status_code, answer.json()["revision"]) == (201, 2)


def test_budgets_are_set_and_read(cast: Cast, fay: User) -> None:
    wanted = {
        "unit": "marketing",
        "amount": "100.00",
        "currency": "EUR",
        "starts_on": "2026-01-01",
        "reason": "Agreed.",
    }
    assert program(cast.erin).post("/api/v1/budgets/", wanted, format="json").status_code == 403
    assert program(fay).post("/api/v1/budgets/", wanted, format="json").status_code == 201
    shown = program(cast.erin).get("/api/v1/budgets/").json()["results"]
    assert [(row["unit"], row["amount"], row["spent"]) for row in shown] == [("marketing", "100.00", "0")]
    assert shown[0]["forecast"] == {
        "amount": None,
        "low": None,
        "high": None,
        "level": 0.8,
        "basis": None,
        "reason": "nothing of it is billed yet",
    }
    assert program(cast.zoe).get("/api/v1/budgets/").json()["results"] == []
    both = {**wanted, "system": cast.churn.ref}
    assert program(fay).post("/api/v1/budgets/", both, format="json").status_code == 400
