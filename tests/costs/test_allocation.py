"""Shares and what nobody bears are the bill, to the last unit, whatever the rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costs.calc import exact_sum
from costs.models import Bill, Method, Share
from costs.selectors import allocated, shares_for
from costs.services.allocation import allocate_bill
from costs.services.bills import import_bill
from costs.services.rules import Bearing, Draft, set_rules
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.errors import Invalid
from portal.metrics.models import Sample
from tests.costs.conftest import SAMPLE, Writes
from tests.portal.cast import Cast

OCTOBER = date(2026, 10, 1)
ONE = Decimal(1)


def rules(*drafts: Draft, starts_on: date = date(2020, 1, 1), reason: str = "Agreed.") -> None:
    set_rules(drafts, starts_on=starts_on, reason=reason, actor=None)


def brought(path: Path) -> Bill:
    return import_bill(path, name=path.name, actor=None).bill


def borne(bill: Bill) -> dict[str, str]:
    """What each bears, by name."""
    shares = Share.objects.filter(allocation__bill=bill, allocation__current=True)
    return {
        str(share.version or share.system or share.unit or share.unknown or "unallocated"): str(share.billed)
        for share in shares
    }


def test_without_rules_nobody_bears_the_bill(cast: Cast, writes: Writes) -> None:
    assert borne(brought(writes({}, {}))) == {"unallocated": "20.00"}


def test_rules_are_asked_from_the_tag_to_the_shared_rest(cast: Cast, writes: Writes) -> None:
    rules(
        Draft(Method.SHARED, value="Support", shares=((cast.root, ONE),)),
        Draft(Method.ACCOUNT, value="lab", shares=((cast.marketing, ONE),)),
        Draft(Method.RESOURCE, value="vm-1", shares=((cast.churn_v1, ONE),)),
        Draft(Method.NAMED, key="system"),
        Draft(Method.TAG, key="team", value="routing", shares=((cast.routing, ONE),)),
    )
    bill = brought(
        writes(
            {"Tags": '{"team": "routing", "system": "churn"}', "BilledCost": "1.00"},
            {"Tags": '{"system": "churn"}', "BilledCost": "2.00"},
            {"ResourceId": "vm-1", "SubAccountId": "lab", "BilledCost": "4.00"},
            {"SubAccountId": "lab", "BilledCost": "8.00"},
            {"ServiceName": "Support", "BilledCost": "16.00"},
            {"BilledCost": "32.00"},
        )
    )
    assert borne(bill) == {
        "Routing": "1.00",
        "Churn": "2.00",
        "churn v1": "4.00",
        "Marketing": "8.00",
        str(cast.root): "16.00",
        "unallocated": "32.00",
    }


def test_a_shared_cost_splits_to_the_cent(cast: Cast, writes: Writes) -> None:
    bearers = tuple((bearer, ONE) for bearer in (cast.churn, cast.routing, cast.marketing))
    rules(Draft(Method.SHARED, shares=bearers))
    assert sorted(borne(brought(writes({"BilledCost": "100.00"}))).values()) == ["33.33", "33.33", "33.34"]


def test_a_tag_that_names_no_system_shows_its_value(cast: Cast, writes: Writes) -> None:
    rules(Draft(Method.NAMED, key="system"))
    assert borne(brought(writes({"Tags": '{"system": "long-gone"}'}))) == {"long-gone": "10.00"}


def test_new_rules_leave_what_is_split_until_somebody_restates_it(
    cast: Cast, fay: User, writes: Writes
) -> None:
    rules(Draft(Method.SHARED, shares=((cast.churn, ONE),)))
    bill = brought(writes({}))
    rules(Draft(Method.SHARED, shares=((cast.routing, ONE),)))
    assert borne(bill) == {"Churn": "10.00"}
    with pytest.raises(Invalid):
        allocate_bill(bill, actor=fay)
    again = allocate_bill(bill, actor=fay, reason="The committee moved it.")
    assert again.revision == 2
    assert borne(bill) == {"Routing": "10.00"}
    assert Share.objects.filter(allocation__bill=bill).count() == 2
    assert Entry.objects.filter(action="bill.allocated").count() == 2


def test_rules_hold_from_their_month_on(cast: Cast, writes: Writes) -> None:
    rules(Draft(Method.SHARED, shares=((cast.churn, ONE),)), starts_on=date(2026, 1, 1))
    rules(Draft(Method.SHARED, shares=((cast.routing, ONE),)), starts_on=date(2026, 11, 1))
    assert borne(brought(writes({}))) == {"Churn": "10.00"}


def test_rules_that_say_too_little_are_refused(cast: Cast) -> None:
    for draft in (
        Draft(Method.TAG, value="x", shares=((cast.churn, ONE),)),
        Draft(Method.ACCOUNT, shares=((cast.churn, ONE),)),
        Draft(Method.SHARED),
        Draft(Method.SHARED, shares=((cast.churn, Decimal(-1)),)),
    ):
        with pytest.raises(Invalid):
            rules(draft)
    with pytest.raises(Invalid):
        rules(Draft(Method.NAMED, key="system"), starts_on=date(2026, 1, 2))


def test_the_real_sample_splits_without_a_rest(cast: Cast) -> None:
    rules(
        Draft(Method.TAG, key="environment", value="prod", shares=((cast.churn, ONE), (cast.routing, ONE))),
        Draft(Method.SHARED, shares=((cast.marketing, Decimal("0.3")), (cast.root, Decimal("0.7")))),
    )
    bill = brought(SAMPLE)
    shares = Share.objects.filter(allocation__bill=bill)
    assert exact_sum(share.billed for share in shares) == Decimal("14.66598547521")
    assert all(share.unit_id for share in shares)


LINES = st.lists(
    st.tuples(
        st.decimals(-1000, 1000, places=6),
        st.sampled_from(["", '{"system": "churn"}', '{"team": "b"}', '{"system": "gone"}']),
        st.sampled_from(["Virtual machines", "Support"]),
    ),
    min_size=1,
    max_size=6,
)


@given(LINES, st.lists(st.integers(0, 7), min_size=3, max_size=3))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shares_and_the_rest_are_the_bill(
    cast: Cast, writes: Writes, lines: list[Any], weights: list[int]
) -> None:
    with transaction.atomic():
        bearers: list[Bearing] = [cast.churn, cast.routing, cast.marketing]
        shared = tuple(zip(bearers, map(Decimal, weights), strict=True))
        rules(
            Draft(Method.NAMED, key="system"),
            Draft(Method.TAG, key="team", value="b", shares=((cast.marketing, ONE), (cast.churn, ONE))),
            Draft(Method.SHARED, value="Support", shares=shared),
        )
        bill = brought(
            writes(
                *(
                    {"BilledCost": format(cost, "f"), "Tags": tags, "ServiceName": service}
                    for cost, tags, service in lines
                )
            )
        )
        shares = Share.objects.filter(allocation__bill=bill)
        assert exact_sum(share.billed for share in shares) == exact_sum(cost for cost, _, _ in lines)
        transaction.set_rollback(True)


def test_a_system_has_its_cost_as_a_sample(cast: Cast, writes: Writes) -> None:
    rules(Draft(Method.SHARED, shares=((cast.churn, ONE),)))
    brought(writes({}))
    brought(writes({"BilledCost": "5.00"}, name="other.csv"))
    newest = Sample.objects.get(series__metric="run_cost", current=True)
    assert newest.value == 15.0
    assert newest.series.system == cast.churn


def test_people_of_a_unit_see_its_shares_only(cast: Cast, fay: User, writes: Writes) -> None:
    rules(Draft(Method.NAMED, key="system"))
    brought(writes({"Tags": '{"system": "churn"}'}, {"Tags": '{"system": "routing"}'}, {}))
    assert {share.system for share in shares_for(cast.erin)} == {cast.churn}
    assert len(shares_for(fay)) == 3
    rows = allocated(fay, OCTOBER, "unit")
    assert [row.key for row in rows][-1] is None
    assert exact_sum(row.billed for row in rows) == Decimal("30.00")
