"""Build or buy in the simulated organisation: one decided half a year ago, with its bills since, one open."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from costs.demo import GROWTH, MONTHLY
from governance.strategy.build_or_buy import BUILD_OR_BUY
from governance.strategy.calc import BuildOrBuy, Option, Way
from governance.strategy.checks import FORECAST, MILESTONES
from governance.strategy.services import propose_option
from portal.analyses.models import Analysis
from portal.analyses.services import save_analysis
from portal.areas import Story, Window
from portal.cases.services import cast_vote
from portal.checks.services import run_check

SYSTEM = "reply-assistant"
HOPE = 0.98
"""What was expected of a year, as a share of what the last bill before it would make in twelve months."""
SUITE = "Buy the reply suite"


def simulate(story: Story) -> None:
    """An accepted option with its milestones, and a draft whose order hangs on the discount rate."""
    decided = _decided(story)
    for days in MILESTONES:
        reached = date.fromisoformat(decided.inputs["starts_on"]) + timedelta(days=days + 6)
        if reached <= story.today:
            window = Window.day_of(_at(reached))
            run_check(FORECAST, decided, window, at=window.end + timedelta(hours=5))
    _open(story)


def _at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def _decided(story: Story) -> Analysis:
    """Bought by decision of the committee; it has grown faster than anybody thought."""
    people, system = story.people, story.systems[SYSTEM]
    starts_on = (story.today - timedelta(days=200)).replace(day=1)
    months = (story.today.year - starts_on.year) * 12 + story.today.month - starts_on.month
    level = MONTHLY[SYSTEM] * GROWTH[SYSTEM] ** (11 - months)
    running = Decimal(round(level * 12 * HOPE / 1.05, -3))
    begun = starts_on - timedelta(days=21)
    analysis = save_analysis(
        BUILD_OR_BUY,
        BuildOrBuy(
            currency="EUR",
            starts_on=starts_on,
            years=4,
            rate=Decimal("0.08"),
            delay_cost=Decimal(14_000),
            options=(
                Option(
                    SUITE,
                    Way.BUY,
                    vendor="Replyworks",
                    outlay=Decimal(60_000),
                    running=(running, running * Decimal("1.04")),
                    benefits=(Decimal(265_000), Decimal(330_000)),
                    months=Decimal(2),
                    exit_cost=Decimal(45_000),
                    success=Decimal("0.9"),
                    overrun=Decimal("0.05"),
                ),
                Option(
                    "Build on our own model",
                    Way.BUILD,
                    outlay=Decimal(240_000),
                    running=(Decimal(88_000), Decimal(82_000)),
                    benefits=(Decimal(130_000), Decimal(345_000)),
                    months=Decimal(9),
                    exit_cost=Decimal(10_000),
                    success=Decimal("0.8"),
                    overrun=Decimal("0.3"),
                ),
                Option("Keep the templates", Way.NOTHING, running=(Decimal(31_000),), months=Decimal(0)),
            ),
        ),
        title="Reply suggestions for the contact centre",
        question="Templates no longer keep up with what customers ask. Do we build on our own model or buy?",
        system=system,
        actor=people["erin"],
        at=_at(begun),
    )
    case = propose_option(
        analysis,
        SUITE,
        actor=people["erin"],
        reason="It works seven months sooner, and every month with templates costs €14 000.",
        at=_at(begun + timedelta(days=2)),
    )
    votes = (
        ("chen", "The lead holds up to a running cost a fifth higher."),
        ("ann", "Fine, as long as somebody looks at the bills after half a year."),
    )
    for place, (name, reason) in enumerate(votes):
        at = _at(begun + timedelta(days=8 + place), 14)
        cast_vote(case, actor=people[name], choice="approve", reason=reason, at=at)
    analysis.refresh_from_db()
    return analysis


def _open(story: Story) -> None:
    """Build leads while money is cheap."""
    at = _at(story.today - timedelta(days=5), 15)
    save_analysis(
        BUILD_OR_BUY,
        BuildOrBuy(
            currency="EUR",
            starts_on=(story.today + timedelta(days=40)).replace(day=1),
            years=6,
            rate=Decimal("0.07"),
            delay_cost=Decimal(6_500),
            options=(
                Option(
                    "Build document reading",
                    Way.BUILD,
                    outlay=Decimal(300_000),
                    running=(Decimal(70_000), Decimal(64_000)),
                    benefits=(Decimal(100_000), Decimal(320_000), Decimal(360_000)),
                    months=Decimal(11),
                    exit_cost=Decimal(15_000),
                    success=Decimal("0.85"),
                    overrun=Decimal("0.25"),
                ),
                Option(
                    "Buy document reading",
                    Way.BUY,
                    vendor="Scanfield",
                    outlay=Decimal(35_000),
                    running=(Decimal(148_000), Decimal(156_000)),
                    benefits=(Decimal(240_000), Decimal(285_000)),
                    months=Decimal(3),
                    exit_cost=Decimal(60_000),
                    success=Decimal("0.92"),
                    overrun=Decimal("0.05"),
                ),
                Option(
                    "Adopt an open model",
                    Way.ADOPT,
                    outlay=Decimal(180_000),
                    running=(Decimal(104_000), Decimal(98_000)),
                    benefits=(Decimal(110_000), Decimal(270_000)),
                    months=Decimal(7),
                    exit_cost=Decimal(8_000),
                    success=Decimal("0.82"),
                    overrun=Decimal("0.2"),
                ),
            ),
        ),
        title="Reading documents of claims",
        question="Adjusters type what stands in letters and invoices. Which way takes that from them?",
        system=story.systems["claims-triage"],
        actor=story.people["zoe"],
        at=at,
    )
