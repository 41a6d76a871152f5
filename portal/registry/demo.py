"""The systems of the simulated organisation."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from portal.areas import Story
from portal.registry.models import Stage, Tier
from portal.registry.services import create_system, set_stage

SYSTEMS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "credit-limit",
        {
            "name": "Credit limit scoring",
            "purpose": "Proposes a credit limit for new applicants; a clerk decides above €5 000.",
            "population": "Applicants for a credit card, 18 and older",
            "unit": "retail-banking",
            "owner": "erin",
            "deputy": "sam",
            "risk_tier": Tier.HIGH,
            "customer_facing": True,
            "affects_rights": True,
        },
    ),
    (
        "churn",
        {
            "name": "Churn prediction",
            "purpose": "Finds customers who are about to leave, so that somebody calls them.",
            "population": "Customers with a current account",
            "unit": "retail-banking",
            "owner": "erin",
            "deputy": "oli",
            "risk_tier": Tier.LIMITED,
        },
    ),
    (
        "fraud-alerts",
        {
            "name": "Fraud alerts",
            "purpose": "Holds card payments that look like fraud until the holder confirms them.",
            "population": "Card holders",
            "unit": "retail-banking",
            "owner": "erin",
            "deputy": "oli",
            "risk_tier": Tier.HIGH,
            "customer_facing": True,
        },
    ),
    (
        "contact-routing",
        {
            "name": "Contact routing",
            "purpose": "Sends a customer's question to the team that can answer it.",
            "population": "Customers who write or call",
            "unit": "customer-service",
            "owner": "erin",
            "deputy": "lee",
            "risk_tier": Tier.LIMITED,
            "customer_facing": True,
        },
    ),
    (
        "claims-triage",
        {
            "name": "Claims triage",
            "purpose": "Settles plain claims at once and hands the others to an adjuster.",
            "population": "Policy holders with a claim",
            "unit": "insurance",
            "owner": "zoe",
            "deputy": "oli",
            "risk_tier": Tier.HIGH,
            "customer_facing": True,
            "affects_rights": True,
        },
    ),
    (
        "demand-forecast",
        {
            "name": "Demand forecast",
            "purpose": "Says how much of each article a store will sell tomorrow.",
            "population": "Stores and their suppliers",
            "unit": "stores",
            "owner": "zoe",
            "deputy": "sam",
            "risk_tier": Tier.MINIMAL,
        },
    ),
    (
        "reply-assistant",
        {
            "name": "Reply assistant",
            "purpose": "Drafts answers to customers, which a person edits and sends.",
            "population": "Customers who write",
            "unit": "customer-service",
            "owner": "erin",
            "deputy": "lee",
            "risk_tier": Tier.LIMITED,
            "customer_facing": True,
        },
    ),
    (
        "cv-screening",
        {
            "name": "CV screening",
            "purpose": "Sorts applications by how well they fit the advertisement.",
            "population": "Applicants for a job",
            "unit": "group-functions",
            "owner": "dara",
            "deputy": "sam",
            "risk_tier": Tier.HIGH,
            "affects_rights": True,
        },
    ),
)
WAYS = {
    "cv-screening": (),
    "reply-assistant": (Stage.APPROVED, Stage.DEVELOPMENT),
}
"""How far systems have come; the others are in operation."""
OPERATING = (Stage.APPROVED, Stage.DEVELOPMENT, Stage.OPERATION)


def simulate(story: Story) -> None:
    """Eight systems, proposed a year ago and moved on since."""
    committee = story.people["chen"]
    for place, (key, facts) in enumerate(SYSTEMS):
        proposed = datetime.combine(story.start, time(9), UTC) - timedelta(days=120 - 7 * place)
        people = {role: story.people[facts[role]] for role in ("owner", "deputy")}
        rest = {name: value for name, value in facts.items() if name not in {"unit", "owner", "deputy"}}
        system = create_system(
            unit=story.units[facts["unit"]], actor=people["owner"], at=proposed, **rest, **people
        )
        for step, stage in enumerate(WAYS.get(key, OPERATING), start=1):
            at = proposed + timedelta(days=25 * step)
            system = set_stage(system, stage, actor=committee, reason="Decided in session.", at=at)
        story.systems[key] = system
