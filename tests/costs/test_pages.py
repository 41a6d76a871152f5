"""What finance does on pages, and what others see there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from costs.models import Allocation, Bill, Budget, Method, RuleSet
from costs.services.bills import import_bill
from costs.services.rules import Draft, set_rules
from portal.accounts.models import User
from portal.registry.services import create_system
from tests.costs.conftest import Writes
from tests.portal.cast import Cast, browser


def test_before_the_first_bill_the_page_says_what_to_do(cast: Cast, fay: User) -> None:
    page = browser(fay).get("/costs/").content.decode()
    assert "No bill has come yet" in page
    assert "/costs/import/" in page


def test_finance_imports_sets_rules_and_splits_again(cast: Cast, fay: User, writes: Writes) -> None:
    desk = browser(fay)
    content = writes({"Tags": '{"system": "churn"}'}, {"SubAccountId": "lab", "BilledCost": "30.00"})
    file = SimpleUploadedFile("october.csv", content.read_bytes())
    bill_page = desk.post("/costs/import/", {"file": file, "replaces": ""})["Location"]
    bill = Bill.objects.get()
    assert bill_page == f"/costs/bills/{bill.pk}/"
    assert "No rules were in force" in desk.get("/costs/").content.decode()
    rule = {"method": "named", "key": "system", "starts_on": "2026-01-01", "reason": "Agreed."}
    assert desk.post("/costs/rules/new/", rule).status_code == 302
    two = {
        "keep": ["0"],
        "method": "account",
        "value": "lab",
        "bearers": [f"unit:{cast.marketing.pk}", f"system:{cast.routing.pk}"],
        "weights": "1 2",
        "starts_on": "2026-01-01",
        "reason": "The lab is shared.",
    }
    assert desk.post("/costs/rules/new/", two).status_code == 302
    assert RuleSet.objects.get(number=2).rules.count() == 2
    assert desk.post(f"{bill_page}restate/", {"reason": "Rules are there now."}).status_code == 302
    assert Allocation.objects.get(current=True).revision == 2
    page = desk.get("/costs/").content.decode()
    assert "October cost €40" in page
    assert "Routing" in page
    assert "Churn" in page
    assert "lab" in desk.get("/costs/rules/").content.decode()
    split = desk.get(f"{bill_page}?by=tag:system").content.decode()
    assert "Rules are there now." in split
    assert "tag:system" in desk.get(bill_page).content.decode()


def test_the_page_takes_as_many_queries_for_many_systems(
    cast: Cast, fay: User, writes: Writes, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rules = [Draft(Method.NAMED, key="system")]
    set_rules(rules, starts_on=date(2026, 1, 1), reason="Agreed.", actor=fay)
    for place in range(12):
        create_system(f"System {place}", unit=cast.marketing, actor=cast.erin)
    lines = [{"Tags": f'{{"system": "system-{place}"}}'} for place in range(12)]
    import_bill(writes(*lines), name="october.csv", actor=fay)
    desk = browser(fay)
    with django_assert_max_num_queries(25):
        page = desk.get("/costs/").content.decode()
    assert "6 other systems" in page


def test_what_is_wrong_with_a_bill_is_said_on_the_form(fay: User, writes: Writes) -> None:
    file = SimpleUploadedFile("bill.csv", writes({"BilledCost": "many"}).read_bytes())
    answer = browser(fay).post("/costs/import/", {"file": file, "replaces": ""})
    assert answer.status_code == 422
    assert "not an amount" in answer.content.decode()


def test_a_rule_without_bearers_comes_back(cast: Cast, fay: User) -> None:
    wrong = {"method": "shared", "starts_on": "2026-01-01", "reason": "Agreed."}
    answer = browser(fay).post("/costs/rules/new/", wrong)
    assert answer.status_code == 422
    assert "who bears the cost" in answer.content.decode()
    assert not RuleSet.objects.exists()


def test_a_budget_is_set_on_its_page(cast: Cast, fay: User) -> None:
    data = {
        "subject": f"system:{cast.churn.pk}",
        "amount": "120.50",
        "currency": "EUR",
        "grain": "quarter",
        "starts_on": "2026-01-01",
        "reason": "Agreed.",
    }
    assert browser(fay).post("/costs/budgets/new/", data).status_code == 302
    assert Budget.objects.get().amount == Decimal("120.5")
    assert "Churn" in browser(fay).get("/costs/budgets/").content.decode()
    assert "No budget yet" in browser(cast.zoe).get("/costs/budgets/").content.decode()


def test_an_engineer_sees_the_units_own_costs_and_no_bill(cast: Cast, fay: User, writes: Writes) -> None:
    desk = browser(fay)
    desk.post(
        "/costs/rules/new/",
        {"method": "named", "key": "system", "starts_on": "2026-01-01", "reason": "Agreed."},
    )
    content = writes({"Tags": '{"system": "churn"}'}, {"Tags": '{"system": "routing"}'}).read_bytes()
    desk.post("/costs/import/", {"file": SimpleUploadedFile("october.csv", content), "replaces": ""})
    page = browser(cast.erin).get("/costs/").content.decode()
    assert "Churn" in page
    assert "Routing" not in page
    assert "Your units" in page
    bill = Bill.objects.get()
    assert browser(cast.erin).get(f"/costs/bills/{bill.pk}/").status_code == 403
    assert browser(cast.lee).get("/costs/").status_code == 403
    assert "Run cost" in browser(cast.erin).get(cast.churn.get_absolute_url()).content.decode()
    assert "whole quarters" in browser(fay).get("/").content.decode()
