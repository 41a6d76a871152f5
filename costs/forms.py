"""What people fill in: a bill, rules, a budget."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from costs.models import Grain, Method
from costs.services.rules import Bearing, Draft
from portal.accounts.models import Unit
from portal.registry.models import System
from portal.web.forms import DayInput


class ImportForm(forms.Form):
    """A FOCUS file, and the bill it corrects if it does."""

    file = forms.FileField(label="FOCUS file", help_text="CSV or Parquet, versions 1.0 to 1.4.")
    replaces = forms.ChoiceField(
        label="It corrects",
        required=False,
        help_text="A corrected bill no longer counts; its lines stay.",
    )

    def __init__(self, *args: Any, bills: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replaces"].choices = [("", "No earlier bill"), *bills]  # type: ignore[attr-defined]


def bearer_choices(
    units: Sequence[Unit], systems: Sequence[System]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Who can bear a cost, as choices."""
    return [
        ("Systems", [(f"system:{system.pk}", system.name) for system in systems]),
        ("Units", [(f"unit:{unit.pk}", unit.name) for unit in units]),
    ]


class RulesForm(forms.Form):
    """The next set of rules: those kept of the present one, and one more."""

    keep = forms.MultipleChoiceField(
        label="Rules that stay", required=False, widget=forms.CheckboxSelectMultiple
    )
    method = forms.ChoiceField(
        label="One more rule",
        required=False,
        choices=[("", "None"), *Method.choices],
        help_text="Rules are asked from tags to shared costs; the first that fits decides.",
    )
    key = forms.CharField(label="Tag key", required=False, max_length=128, help_text="For rules on tags.")
    value = forms.CharField(
        label="Value",
        required=False,
        max_length=400,
        help_text="The tag's value, the resource, the account or the service. Empty: all services.",
    )
    bearers = forms.MultipleChoiceField(
        label="Who bears it", required=False, help_text="None where the tag itself names the system."
    )
    weights = forms.CharField(
        label="In which proportion",
        required=False,
        max_length=200,
        help_text="One number for each, in the order above, such as 70 30. Empty: evenly.",
    )
    starts_on = forms.DateField(
        label="From the bills of", widget=DayInput, help_text="The first day of a month."
    )
    reason = forms.CharField(label="Reason", widget=forms.Textarea, max_length=2000)

    def __init__(
        self,
        *args: Any,
        drafts: Sequence[Draft],
        units: Sequence[Unit],
        systems: Sequence[System],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.drafts = drafts
        self.known: dict[str, Bearing] = {f"unit:{unit.pk}": unit for unit in units}
        self.known |= {f"system:{system.pk}": system for system in systems}
        self.fields["keep"].choices = [  # type: ignore[attr-defined]
            (str(place), words_of(draft)) for place, draft in enumerate(drafts)
        ]
        self.fields["bearers"].choices = bearer_choices(units, systems)  # type: ignore[attr-defined]
        if not drafts:
            del self.fields["keep"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        rules = [self.drafts[int(place)] for place in data.get("keep", ())]
        if data.get("method"):
            draft = Draft(Method(data["method"]), data["key"], data["value"], self._shares(data))
            if said := draft.problem():
                self.add_error("method", said)
            rules.append(draft)
        data["rules"] = rules
        return data

    def _shares(self, data: dict[str, Any]) -> tuple[tuple[Bearing, Decimal], ...]:
        bearers = [self.known[key] for key in data.get("bearers", ())]
        words = data.get("weights", "").replace(";", " ").replace("%", " ").split()
        try:
            weights = [Decimal(word) for word in words] or [Decimal(1)] * len(bearers)
        except InvalidOperation:
            self.add_error("weights", "These are not all numbers.")
            return ()
        if len(weights) != len(bearers):
            self.add_error("weights", f"{len(weights)} numbers for {len(bearers)} bearers.")
            return ()
        return tuple(zip(bearers, weights, strict=True))


def words_of(draft: Draft) -> str:
    """A rule in one line: which charges, and who bears them."""
    what = {
        Method.TAG: f"Tag {draft.key} is {draft.value}",
        Method.NAMED: f"Tag {draft.key} names the system",
        Method.RESOURCE: f"Resource {draft.value}",
        Method.ACCOUNT: f"Account {draft.value}",
        Method.SHARED: f"Everything else of {draft.value}" if draft.value else "Everything else",
    }[draft.method]
    return f"{what}: {bearers_of(draft)}" if draft.shares else what


def bearers_of(draft: Draft) -> str:
    """Who bears a rule's charges, with their proportion where it is not even."""
    total = sum(weight for _, weight in draft.shares)
    if len({weight for _, weight in draft.shares}) <= 1 or not total:
        return ", ".join(str(bearer) for bearer, _ in draft.shares)
    return ", ".join(f"{bearer} {float(weight / total):.0%}" for bearer, weight in draft.shares)


class BudgetForm(forms.Form):
    """How much a unit or system may spend, from when on."""

    subject = forms.ChoiceField(label="Unit or system")
    amount = forms.DecimalField(label="Amount", min_value=0, max_digits=16, decimal_places=2)
    currency = forms.CharField(label="Currency", max_length=3, min_length=3)
    grain = forms.ChoiceField(label="For each", choices=Grain.choices)
    starts_on = forms.DateField(label="From", widget=DayInput, help_text="The first day of a month.")
    reason = forms.CharField(label="Reason", widget=forms.Textarea, max_length=2000)

    def __init__(self, *args: Any, units: Sequence[Unit], systems: Sequence[System], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[str, Unit | System] = {f"unit:{unit.pk}": unit for unit in units}
        self.known |= {f"system:{system.pk}": system for system in systems}
        self.fields["subject"].choices = bearer_choices(units, systems)[::-1]  # type: ignore[attr-defined]

    def clean_subject(self) -> Unit | System:
        return self.known[self.cleaned_data["subject"]]
