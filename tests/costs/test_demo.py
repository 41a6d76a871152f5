"""The simulated year: twelve bills, one budget that does not hold, one cost that names no system."""

from __future__ import annotations

from datetime import date

from costs.calc import exact_sum
from costs.demo import GONE, simulate
from costs.models import Bill, Share
from portal.accounts import demo as people
from portal.areas import Story
from portal.findings.models import Finding
from portal.registry import demo as systems


def test_a_year_of_bills_is_simulated(db: None) -> None:
    story = Story(today=date(2026, 11, 24), password="not used here", say=lambda _: None)
    people.simulate(story)
    systems.simulate(story)
    simulate(story)
    assert Bill.objects.count() == 12
    assert {bill.currency for bill in Bill.objects.all()} == {"EUR"}
    billed = exact_sum(bill.billed for bill in Bill.objects.all())
    assert exact_sum(share.billed for share in Share.objects.all()) == billed
    assert Share.objects.filter(unknown=GONE).count() == 12
    titles = list(Finding.objects.values_list("title", flat=True))
    assert any(GONE in title for title in titles)
    assert any("Customer Service is heading for" in title for title in titles)
    assert not any("Insurance is heading for" in title for title in titles)
    assert any("Insurance has spent" in title for title in titles)
    assert sum("no such system" in title for title in titles) == 1
