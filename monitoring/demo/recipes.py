"""What each simulated model predicts, from which inputs, and what goes wrong with it when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
Columns = dict[str, Values]
Draw = Callable[[np.random.Generator, Values], Columns]
Truth = Callable[[Columns, Values], Values]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One registered model.

    ``draw(rng, ago)`` makes the inputs of rows that lie ``ago`` days before today; ``truth(columns, ago)``
    gives the log-odds of a positive outcome, or the value itself for a regression. Either may change with
    time: that is what goes wrong. ``versions`` are (days ago it was registered, what became of it).
    """

    system: str
    name: str
    description: str
    draw: Draw
    truth: Truth
    per_day: int
    versions: tuple[tuple[int, str], ...]
    regression: bool = False
    favourable: str = "1"
    protected: tuple[str, ...] = ()
    segment: str = ""
    bias: Mapping[str, float] = field(default_factory=dict)
    """Log-odds a later version takes off for these values of the first protected attribute."""


def pick(rng: np.random.Generator, n: int, shares: Mapping[str, float]) -> Values:
    """Categories by their shares."""
    total = sum(shares.values())
    return rng.choice(list(shares), size=n, p=[share / total for share in shares.values()])


def churn(rng: np.random.Generator, ago: Values) -> Columns:
    n = len(ago)
    return {
        "tenure_months": rng.gamma(2.2, 18, n).round(),
        "contacts_90d": rng.poisson(1.4, n).astype(float),
        "balance_change": rng.normal(0, 0.25, n).round(4),
        "products": rng.integers(1, 6, n).astype(float),
        "channel": pick(rng, n, {"app": 0.55, "branch": 0.25, "phone": 0.2}),
        "region": pick(rng, n, {"north": 0.3, "south": 0.4, "west": 0.3}),
    }


def churn_truth(c: Columns, ago: Values) -> Values:
    base = -1.6 - 0.02 * (c["tenure_months"] - 40) + 0.45 * c["contacts_90d"] - 2.2 * c["balance_change"]
    return np.asarray(base - 0.35 * (c["products"] - 3) + 0.5 * (c["channel"] == "phone") + 0 * ago)


def credit(rng: np.random.Generator, ago: Values) -> Columns:
    n = len(ago)
    age = pick(rng, n, {"18 to 29": 0.24, "30 to 44": 0.31, "45 to 59": 0.27, "60 and over": 0.18})
    young = age == "18 to 29"
    return {
        "income": rng.lognormal(np.where(young, 10.38, 10.4), 0.42).round(-2),
        "debt_share": rng.beta(2, 5, n).round(3),
        "months_at_address": rng.gamma(1.6, np.where(young, 28, 34)).round(),
        "late_payments": rng.poisson(0.5, n).astype(float),
        "employment": pick(rng, n, {"employed": 0.68, "self": 0.14, "retired": 0.12, "other": 0.06}),
        "age_group": age,
        "sex": pick(rng, n, {"F": 0.49, "M": 0.51}),
    }


def credit_truth(c: Columns, ago: Values) -> Values:
    base = 1.2 + 1.5 * (np.log(c["income"]) - 10.4) - 3.2 * (c["debt_share"] - 0.28)
    return np.asarray(base - 0.9 * c["late_payments"] + 0.004 * (c["months_at_address"] - 40) + 0 * ago)


def contact(rng: np.random.Generator, ago: Values) -> Columns:
    """From six weeks ago a new parcel carrier changes what customers ask."""
    n = len(ago)
    growth = np.clip((44 - ago) / 30, 0, 1)
    before = {
        "billing": 0.31,
        "delivery": 0.22,
        "returns": 0.18,
        "account": 0.14,
        "other": 0.09,
        "parcel": 0.06,
    }
    topic = pick(rng, n, before)
    topic = np.where(rng.random(n) < 0.22 * growth, "parcel", topic)
    line = pick(rng, n, {"cards": 0.3, "loans": 0.2, "shop": 0.5})
    return {
        "topic": topic,
        "product_line": np.where(rng.random(n) < 0.25 * growth, "parcel plus", line),
        "message_words": rng.gamma(2.4, np.where(topic == "parcel", 14, 26)).round(),
        "wait_minutes": rng.gamma(1.5, 4, n).round(1),
        "contacts_30d": rng.poisson(0.8, n).astype(float),
        "language": pick(rng, n, {"de": 0.5, "fr": 0.3, "en": 0.2}),
    }


def contact_truth(c: Columns, ago: Values) -> Values:
    base = 1.9 - 0.012 * (c["message_words"] - 50) - 0.5 * c["contacts_30d"] + 0.4 * (c["topic"] == "billing")
    confusion = np.clip((44 - ago) / 30, 0, 1) * 2.3 * np.isin(c["topic"], ["parcel"])
    return np.asarray(base - confusion)


def claims(rng: np.random.Generator, ago: Values) -> Columns:
    n = len(ago)
    return {
        "amount": rng.lognormal(6.8, 0.8, n).round(2),
        "days_to_report": rng.gamma(1.3, 6, n).round(),
        "prior_claims": rng.poisson(0.6, n).astype(float),
        "photos": rng.integers(0, 9, n).astype(float),
        "kind": pick(rng, n, {"water": 0.3, "theft": 0.2, "glass": 0.25, "storm": 0.25}),
        "sex": pick(rng, n, {"F": 0.5, "M": 0.5}),
    }


def claims_truth(c: Columns, ago: Values) -> Values:
    """For ten weeks the link between photos and plain claims has been fading: accuracy decays."""
    decay = np.clip((70 - ago) / 70, 0, 1)
    base = 0.8 - 0.9 * (np.log(c["amount"]) - 6.8) - 0.05 * (c["days_to_report"] - 8)
    return np.asarray(base - 0.5 * c["prior_claims"] + 0.55 * (c["photos"] - 4) * (1 - 1.5 * decay))


def fraud(rng: np.random.Generator, ago: Values) -> Columns:
    n = len(ago)
    return {
        "amount": rng.lognormal(3.6, 1.1, n).round(2),
        "hour": rng.integers(0, 24, n).astype(float),
        "distance_km": rng.gamma(0.8, 60, n).round(1),
        "merchant": pick(rng, n, {"grocery": 0.4, "travel": 0.15, "online": 0.35, "cash": 0.1}),
        "card_age_months": rng.gamma(2, 14, n).round(),
    }


def fraud_truth(c: Columns, ago: Values) -> Values:
    base = -3.1 + 0.7 * (np.log(c["amount"]) - 3.6) + 0.006 * c["distance_km"]
    return np.asarray(base + 0.9 * (c["merchant"] == "online") + 0.5 * (c["hour"] < 5) + 0 * ago)


def demand(rng: np.random.Generator, ago: Values) -> Columns:
    n = len(ago)
    return {
        "sales_last_week": rng.gamma(6, 14, n).round(),
        "price": rng.uniform(1, 9, n).round(2),
        "promotion": pick(rng, n, {"none": 0.8, "shelf": 0.12, "leaflet": 0.08}),
        "weekday": pick(rng, n, dict.fromkeys(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat"), 1.0)),
    }


def demand_truth(c: Columns, ago: Values) -> Values:
    lift = 1 + 0.35 * (c["promotion"] == "shelf") + 0.6 * (c["promotion"] == "leaflet")
    week = 1 + 0.25 * np.isin(c["weekday"], ["Fri", "Sat"])
    return np.asarray(c["sales_last_week"] / 6.5 * lift * week * (6 / (c["price"] + 2)) ** 0.2 + 0 * ago)


RECIPES = (
    Recipe(
        "credit-limit",
        "credit-limit",
        "Gradient boosting that proposes whether an applicant gets the limit asked for.",
        credit,
        credit_truth,
        per_day=90,
        versions=((330, "retired"), (150, "production"), (66, "canary")),
        protected=("age_group", "sex"),
        bias={"18 to 29": 1.6},
    ),
    Recipe(
        "churn",
        "churn",
        "Finds customers who are about to leave.",
        churn,
        churn_truth,
        per_day=70,
        versions=((340, "production"),),
        favourable="0",
        segment="region",
    ),
    Recipe(
        "contact-routing",
        "contact-routing",
        "Says whether a contact can be answered by the first team.",
        contact,
        contact_truth,
        per_day=110,
        versions=((300, "production"),),
    ),
    Recipe(
        "claims-triage",
        "claims-triage",
        "Says whether a claim can be settled without an adjuster.",
        claims,
        claims_truth,
        per_day=75,
        versions=((320, "production"),),
        protected=("sex",),
    ),
    Recipe(
        "fraud-alerts",
        "fraud-alerts",
        "Scores card payments.",
        fraud,
        fraud_truth,
        per_day=120,
        versions=((350, "production"),),
        favourable="0",
    ),
    Recipe(
        "demand-forecast",
        "demand-forecast",
        "Units of an article that a store sells tomorrow.",
        demand,
        demand_truth,
        per_day=65,
        versions=((345, "production"),),
        regression=True,
    ),
)
