"""The cast with Fay of finance, a draft with two options, and bills of the churn system."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costs.models import Method
from costs.services.bills import import_bill
from costs.services.rules import Draft, set_rules
from governance.strategy.build_or_buy import BUILD_OR_BUY
from governance.strategy.calc import BuildOrBuy, Option, Way
from governance.strategy.services import propose_option
from portal.accounts.models import User
from portal.analyses.models import Analysis
from portal.analyses.services import save_analysis
from portal.areas import Role
from portal.cases.services import cast_vote
from tests.portal.cast import Cast, cast, person  # noqa: F401 - a fixture

BEGUN = date(2026, 3, 1)
DECIDED = datetime(2026, 2, 10, 12, tzinfo=UTC)
DAILY = Decimal(100)
"""What the accepted option was expected to cost a day."""

BUY = Option(
    "Buy",
    Way.BUY,
    vendor="Acme",
    running=(DAILY * 365,),
    benefits=(Decimal(90_000),),
    months=Decimal(2),
    exit_cost=Decimal(9_000),
    success=Decimal("0.9"),
)
BUILD = Option(
    "Build",
    Way.BUILD,
    outlay=Decimal(150_000),
    running=(Decimal(10_000),),
    benefits=(Decimal(40_000), Decimal(110_000)),
    months=Decimal(9),
)
QUESTION = BuildOrBuy("EUR", BEGUN, years=5, rate=Decimal("0.05"), options=(BUY, BUILD))
Bills = Callable[[str, int], None]


@pytest.fixture
def fay(cast: Cast) -> User:  # noqa: F811 - the fixture above
    return person("fay", Role.FINANCE, cast.root)


@pytest.fixture
def bob(cast: Cast) -> User:  # noqa: F811 - the fixture above
    return person("bob", Role.COMMITTEE, cast.root)


@pytest.fixture
def draft(cast: Cast) -> Analysis:  # noqa: F811 - the fixture above
    return save_analysis(
        BUILD_OR_BUY, QUESTION, title="Call lists", system=cast.churn, actor=cast.erin, at=DECIDED
    )


@pytest.fixture
def accepted(cast: Cast, draft: Analysis) -> Analysis:  # noqa: F811 - the fixture above
    """Bought by decision of Chen and Ann, three weeks before it began."""
    case = propose_option(draft, "Buy", actor=cast.erin, reason="Sooner.", at=DECIDED)
    for voter in (cast.chen, cast.ann):
        cast_vote(case, actor=voter, choice="approve", reason="Fine.", at=DECIDED + timedelta(days=1))
    draft.refresh_from_db()
    return draft


@pytest.fixture
def bills(cast: Cast, fay: User, tmp_path: Path) -> Bills:  # noqa: F811 - the fixture above
    """Imports a bill of so much a day for churn: ``bills("2026-03", 110)``, charged for the whole month."""
    rule = Draft(Method.NAMED, key="system")
    set_rules([rule], starts_on=date(2026, 1, 1), reason="Agreed.", actor=fay, at=DECIDED)

    def send(month: str, daily: int) -> None:
        first = date.fromisoformat(f"{month}-01")
        after = (first + timedelta(days=32)).replace(day=1)
        cost = daily * (after - first).days
        line = {
            "BilledCost": cost,
            "EffectiveCost": cost,
            "ListCost": cost,
            "ContractedCost": cost,
            "BillingCurrency": "EUR",
            "BillingAccountId": "main",
            "BillingPeriodStart": f"{first}T00:00:00Z",
            "BillingPeriodEnd": f"{after}T00:00:00Z",
            "ChargePeriodStart": f"{first}T00:00:00Z",
            "ChargePeriodEnd": f"{after}T00:00:00Z",
            "ChargeCategory": "Usage",
            "ServiceCategory": "Compute",
            "ServiceName": "Virtual machines",
            "ServiceProviderName": "Cloud A",
            "Tags": '{"system": "churn"}',
        }
        path = tmp_path / f"{month}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(line))
            writer.writeheader()
            writer.writerow(line)
        import_bill(path, name=path.name, actor=fay, at=datetime(after.year, after.month, 2, tzinfo=UTC))

    return send
