"""The key figures of the simulated organisation: eight under four pillars, with two years of values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np

from governance.strategy import demo_options
from portal.areas import Story
from portal.metrics.services import create_kpi, create_pillar, record_values, set_contributions, set_target
from portal.metrics.services.values import KpiValue

MONTHS = 24


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: from where to where it went over two years, with a turn at the end if it has one."""

    name: str
    slug: str
    unit: str
    direction: str
    target: float
    begin: float
    end: float
    noise: float
    owner: str
    systems: tuple[str, ...]
    turn: float = 0.0
    interval: bool = True
    n: int | None = None
    decimals: int = 1
    formula: str = ""


PILLARS: tuple[tuple[str, str, tuple[Figure, ...]], ...] = (
    (
        "Grow revenue",
        "grow-revenue",
        (
            Figure(
                "Retention uplift",
                "retention-uplift",
                "pp",
                "up",
                0.03,
                0.012,
                0.032,
                0.0015,
                "erin",
                ("churn",),
                formula="Retention of called customers minus that of a held-back group",
            ),
            Figure(
                "Loss on new limits",
                "loss-on-new-limits",
                "%",
                "down",
                0.015,
                0.019,
                0.0137,
                0.0004,
                "erin",
                ("credit-limit",),
                decimals=2,
                formula="Written off within twelve months, as a share of the limits granted",
            ),
        ),
    ),
    (
        "Lower cost to serve",
        "lower-cost-to-serve",
        (
            Figure(
                "Cost per contact",
                "cost-per-contact",
                "EUR",
                "down",
                3.60,
                4.45,
                3.52,
                0.05,
                "zoe",
                ("contact-routing", "reply-assistant"),
                turn=0.48,
                decimals=2,
                formula="Cost of handling divided by contacts closed, from the ledger of Customer Service",
            ),
            Figure(
                "Settled without rework",
                "settled-without-rework",
                "%",
                "up",
                0.90,
                0.86,
                0.921,
                0.004,
                "zoe",
                ("claims-triage",),
                n=2100,
            ),
        ),
    ),
    (
        "Trust and compliance",
        "trust-and-compliance",
        (
            Figure(
                "Bias audits in date",
                "bias-audits-in-date",
                "%",
                "up",
                1.0,
                0.96,
                1.0,
                0.0,
                "dara",
                ("credit-limit", "claims-triage", "cv-screening"),
                turn=-0.12,
                interval=False,
                n=25,
                decimals=0,
                formula="High-impact models whose bias audit is not past its date",
            ),
            Figure(
                "Disputes in time",
                "disputes-in-time",
                "%",
                "up",
                0.95,
                0.90,
                0.966,
                0.006,
                "dara",
                ("credit-limit", "claims-triage"),
                interval=False,
                n=84,
            ),
        ),
    ),
    (
        "Run it well",
        "run-it-well",
        (
            Figure(
                "Stock availability",
                "stock-availability",
                "%",
                "up",
                0.97,
                0.94,
                0.973,
                0.002,
                "zoe",
                ("demand-forecast",),
                n=5200,
            ),
            Figure(
                "Fraud loss",
                "fraud-loss",
                "%",
                "down",
                0.0006,
                0.0011,
                0.00058,
                0.00002,
                "erin",
                ("fraud-alerts",),
                decimals=3,
                formula="Fraud not prevented, as a share of card turnover",
            ),
        ),
    ),
)


def simulate(story: Story) -> None:
    """Pillars, key figures, targets and monthly values, entered as an organisation would; build or buy."""
    rng = np.random.default_rng(story.seed)
    begun = datetime.combine(story.start, time(8), UTC).replace(year=story.start.year - 1)
    committee = story.people["chen"]
    for order, (title, slug, figures) in enumerate(PILLARS, start=1):
        pillar = create_pillar(title, slug=slug, actor=committee, order=order * 10)
        for figure in figures:
            kpi = create_kpi(
                figure.name,
                slug=figure.slug,
                pillar=pillar,
                direction=figure.direction,
                unit=figure.unit,
                decimals=figure.decimals,
                formula=figure.formula,
                owner=story.people[figure.owner],
                actor=committee,
                at=begun,
            )
            set_target(
                kpi,
                figure.target,
                starts_on=begun.date().replace(day=1),
                reason="Strategy for the two years",
                actor=committee,
                at=begun,
            )
            shares: dict[Any, float | None] = {story.systems[key]: None for key in figure.systems}
            set_contributions(kpi, shares, actor=committee)
            record_values(kpi, list(_values(figure, story.today, rng)), actor=story.people[figure.owner])
    demo_options.simulate(story)


def _values(figure: Figure, today: date, rng: np.random.Generator) -> Iterator[KpiValue]:
    """A value for each of the last months, the running one included; the turn falls into the last two."""
    for place in range(MONTHS):
        share = place / (MONTHS - 1)
        value = (
            figure.begin + (figure.end - figure.begin) * share + float(rng.normal(0, figure.noise or 1e-9))
        )
        late = place - (MONTHS - 3)
        if late > 0:
            value += figure.turn * late / 2
        if figure.unit == "%":
            value = min(max(value, 0.0), 1.0)
        if figure.n is not None and not figure.interval:
            value = round(value * figure.n) / figure.n
        spread = 1.96 * (figure.noise or 0.0)
        low, high = (value - spread, value + spread) if figure.interval else (None, None)
        yield KpiValue(_month(today, MONTHS - 1 - place), round(value, 5), low, high, figure.n)


def _month(today: date, back: int) -> date:
    """The first day of the month that lies so many months before a day's."""
    months = today.year * 12 + today.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)
