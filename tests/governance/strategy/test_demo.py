"""The simulated organisation has one option decided half a year ago, with its bills since, and a draft."""

from __future__ import annotations

from datetime import date

import pytest

from costs import demo as costs_demo
from governance.strategy import demo_options
from governance.strategy.selectors import held
from portal.accounts import demo as accounts_demo
from portal.analyses.models import Analysis, State
from portal.areas import Story, Verdict
from portal.findings.models import Finding
from portal.registry import demo as registry_demo

DAYS = [date(2026, 11, 24), date(2026, 3, 1), date(2026, 8, 31)]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_whichever_day_it_is_told_the_first_milestone_warns_and_the_second_breaches(
    db: None, today: date
) -> None:
    story = Story(today=today, password="five green bottles", say=lambda _: None)
    for part in (accounts_demo, registry_demo, costs_demo, demo_options):
        part.simulate(story)
    accepted = Analysis.objects.get(state=State.ACCEPTED)
    assert [row.verdict for row in held(accepted)] == [Verdict.WARN, Verdict.BREACH]
    assert Finding.objects.filter(kind="strategy.forecast").count() == 1
    draft = Analysis.objects.get(state=State.DRAFT)
    assert draft.typed_result().turns, "its order hangs on the discount rate"
    assert accepted.computed_digest == accepted.digest
