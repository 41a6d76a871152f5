"""What-ifs of money: own or rent, interruptible machines, commitments. Nothing is stored.

A form reads the facts, ``answer`` puts them into the arithmetic of ``calc`` and says what follows. The page
and the API show the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django import forms

from costs.calc import (
    breakeven_utilisation,
    commitment_cost,
    daly_interval,
    optimal_commitment,
    spot_expected_time,
    tco,
)
from portal.web.charts import Line, LineChart
from portal.web.figures import number, pct
from portal.web.parts import Fact

STEPS = 21
"""Points of the curve from no use to full use."""
LONGEST_DEMAND = 8784
"""Hours of a leap year."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows from the facts: a sentence, figures, a chart, and the same as data for programs."""

    sentence: str
    facts: Sequence[Fact]
    data: Mapping[str, Any]
    chart: LineChart | None = field(default=None)


class WhatIf(forms.Form):
    """Facts for a what-if, each with the value of a worked example."""

    title: ClassVar[str]
    about: ClassVar[str]

    def answer(self) -> Answer:
        """What follows from valid facts. Raises ValueError where they make no sense together."""
        raise NotImplementedError


def amount(label: str, example: float, help_text: str = "", least: float = 0.0) -> forms.FloatField:
    return forms.FloatField(
        label=label, initial=example, help_text=help_text, min_value=least, max_value=1e12, required=True
    )


def fraction(label: str, example: float, help_text: str = "") -> forms.FloatField:
    return forms.FloatField(label=label, initial=example, help_text=help_text, min_value=0, max_value=1)


class OwnOrRent(WhatIf):
    """Total cost of owning machines, and from which use on it is less than renting."""

    title = "Own or rent"
    about = "What machines of your own cost a year, and from which use on that is less than renting."

    capex = amount("Price of the machines", 250_000)
    residual = fraction("Residual value", 0.10, "The share of the price that is left at the end.")
    years = amount("Years of use", 4, least=0.1)
    rate = fraction("Interest a year", 0.0, "0 for straight-line depreciation.")
    devices = forms.IntegerField(label="Devices", initial=8, min_value=1, max_value=1_000_000)
    kilowatts = amount("Kilowatts at full use", 6.5)
    idle = fraction("Power when idle", 0.3, "A share of that at full use.")
    utilisation = fraction("Use", 0.6, "The share of hours in which a device works.")
    pue = amount("PUE", 1.4, "Power of the site by power of the machines.", least=1)
    price_per_kwh = amount("Price of a kWh", 0.18)
    staff = amount("Staff a year", 30_000)
    colocation = amount("Space a year", 12_000)
    rent = amount("Rent of a device an hour", 2.50)

    def answer(self) -> Answer:
        facts = dict(self.cleaned_data)
        rent = facts.pop("rent")
        owned = tco(**facts)
        turns = breakeven_utilisation(owned.fixed, owned.variable, owned.hours, rent)
        rented = owned.hours * facts["utilisation"] * rent
        sentence = "Renting costs less at any use"
        if turns is not None and turns <= 1:
            sentence = f"Owning costs less from {pct(turns, 0)} use on"
        useful = owned.per_useful_hour
        return Answer(
            sentence,
            (
                Fact("Capital a year", number(owned.capital, 0)),
                Fact("Power a year", number(owned.power, 0)),
                Fact("Staff and space a year", number(owned.running, 0)),
                Fact("Owned, a year", number(owned.total, 0)),
                Fact("Rented, a year", number(rented, 0), "for the same use"),
                Fact("A useful hour of a device", "—" if useful is None else number(useful, 2)),
            ),
            {
                "capital": owned.capital,
                "power": owned.power,
                "running": owned.running,
                "total": owned.total,
                "per_useful_hour": useful,
                "rented": rented,
                "breakeven_utilisation": turns,
            },
            self._curve(facts, rent, sentence),
        )

    def _curve(self, facts: Mapping[str, Any], rent: float, sentence: str) -> LineChart:
        """Both costs from no use to full use."""
        uses = [step / (STEPS - 1) for step in range(STEPS)]
        owned = [tco(**{**facts, "utilisation": use}) for use in uses]
        return LineChart(
            f"{sentence}.",
            [pct(use, 0) for use in uses],
            [
                Line("Owned", [each.total for each in owned]),
                Line("Rented", [each.hours * use * rent for each, use in zip(owned, uses, strict=True)]),
            ],
            low=0.0,
            places=0,
        )


class Spot(WhatIf):
    """How long work takes on machines that may be taken away, and what that saves."""

    title = "Spot"
    about = "How long work takes on machines that may be taken away, and what they save."

    work = amount("Hours of work", 100, least=0.01)
    mtbf = amount("Hours between interruptions", 8, "On average.", least=0.01)
    checkpoint = amount("Minutes to write a checkpoint", 5, least=0.01)
    restart = amount("Minutes to start again", 10)
    deadline = forms.FloatField(label="Hours until it is needed", required=False, min_value=0)
    spot = amount("Price an hour, interruptible", 0.9)
    regular = amount("Price an hour, regular", 3.0, least=0.0001)

    def answer(self) -> Answer:
        facts = self.cleaned_data
        checkpoint, restart = facts["checkpoint"] / 60, facts["restart"] / 60
        interval = daly_interval(checkpoint, facts["mtbf"])
        try:
            hours = spot_expected_time(
                facts["work"], mtbf=facts["mtbf"], restart=restart, checkpoint=checkpoint, interval=interval
            )
        except OverflowError:
            raise ValueError("Interruptions come so often that the work would never end.") from None
        saving = 1 - facts["spot"] * hours / (facts["regular"] * facts["work"])
        deadline = facts["deadline"]
        late = deadline is not None and hours > deadline
        sentence = f"Interruptible machines save {pct(saving, 1)}"
        if late:
            sentence = "Interruptible machines are expected to be late"
        elif saving <= 0:
            sentence = "Interruptible machines save nothing"
        return Answer(
            sentence,
            (
                Fact("Write a checkpoint every", number(interval * 60, 1), "minutes of work"),
                Fact("Expected hours", number(hours, 1), f"for {number(facts['work'], 1)} of work"),
                Fact("Without checkpoints", self._without(facts, restart), "hours"),
                Fact("Cost", number(facts["spot"] * hours, 2)),
                Fact("Cost on regular machines", number(facts["regular"] * facts["work"], 2)),
            ),
            {
                "checkpoint_interval_hours": interval,
                "expected_hours": hours,
                "saving": saving,
                "meets_deadline": None if deadline is None else not late,
            },
        )

    def _without(self, facts: Mapping[str, Any], restart: float) -> str:
        try:
            hours = spot_expected_time(facts["work"], mtbf=facts["mtbf"], restart=restart)
        except OverflowError:
            return "never"
        return number(hours, 0)


class Reservation(WhatIf):
    """How much to commit to, by the hours of the past."""

    title = "Reservations"
    about = "How many machines to commit to, so that the hours of the past would have cost least."

    demand = forms.CharField(
        label="Demand of each hour",
        widget=forms.Textarea,
        max_length=100_000,
        initial="4 4 5 5 6 6 8 10 12 12 10 8",
        help_text="Numbers with spaces or lines between them.",
    )
    reserved = amount("Price of a committed hour", 0.62, least=0.0001)
    on_demand = amount("Price of an hour on demand", 1.0, least=0.0001)

    def clean_demand(self) -> list[float]:
        words = self.cleaned_data["demand"].replace(",", " ").replace(";", " ").split()
        try:
            hours = [float(word) for word in words]
        except ValueError:
            raise forms.ValidationError("These are not all numbers.") from None
        if not hours or len(hours) > LONGEST_DEMAND:
            raise forms.ValidationError(f"Give between 1 and {LONGEST_DEMAND} hours.")
        if not all(0 <= hour < 1e12 for hour in hours):
            raise forms.ValidationError("Demand is not negative.")
        return hours

    def answer(self) -> Answer:
        demand, reserved, on_demand = (self.cleaned_data[name] for name in self.fields)
        committed = optimal_commitment(demand, reserved, on_demand)
        cost = commitment_cost(demand, committed, reserved, on_demand)
        plain = commitment_cost(demand, 0.0, reserved, on_demand)
        used = sum(min(hour, committed) for hour in demand)
        coverage = used / sum(demand) if sum(demand) else None
        utilisation = used / (committed * len(demand)) if committed else None
        return Answer(
            f"Commit to {number(committed, 2)}" if committed else "Commit to nothing",
            (
                Fact("Cost of these hours", number(cost, 2)),
                Fact("All on demand", number(plain, 2)),
                Fact("Saved", pct(1 - cost / plain, 1) if plain else "—"),
                Fact("Coverage", pct(coverage, 1), "of the demand is committed"),
                Fact("Utilisation", pct(utilisation, 1), "of the commitment is used"),
                Fact("A commitment pays from", pct(reserved / on_demand, 0), "of the hours on"),
            ),
            {
                "committed": committed,
                "cost": cost,
                "on_demand_cost": plain,
                "coverage": coverage,
                "utilisation": utilisation,
                "breakeven_utilisation": reserved / on_demand,
            },
        )


WHAT_IFS: Mapping[str, type[WhatIf]] = {"own-or-rent": OwnOrRent, "spot": Spot, "reservations": Reservation}
