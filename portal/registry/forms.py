"""What people type about systems and access."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.accounts.forms import PersonPick
from portal.accounts.models import Unit, User
from portal.registry.models import Stage, System, Tier
from portal.registry.services import STAGES
from portal.web.forms import PickField


class SystemPick(PickField):
    """A system of those the form allows, by reference where there are many."""

    suggestions = "registry:suggest"

    def key_of(self, row: System) -> str:
        return row.ref

    def with_key(self, key: str) -> System | None:
        return self.queryset.filter(pk__in=System.objects.with_ref(key.upper()).values("pk")).first()


class SystemForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What is recorded of a system."""

    owner = PersonPick(required=False)
    deputy = PersonPick(required=False, help_text="Who answers when the owner cannot. Not the owner.")

    class Meta:
        model = System
        fields = (
            "name",
            "unit",
            "purpose",
            "population",
            "owner",
            "deputy",
            "risk_tier",
            "customer_facing",
            "affects_rights",
        )
        labels = {
            "population": "Whom it affects",
            "customer_facing": "Customers meet it",
            "affects_rights": "It decides or prepares decisions on people",
        }
        help_texts = {
            "purpose": "What it is for, in words a customer would understand.",
            "risk_tier": "In the words of the EU AI Act.",
            "affects_rights": "",
        }

    def __init__(self, *args: Any, user: User, action: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = user.places(action)
        units = [unit.pk for unit in Unit.objects.all() if any(unit.path.startswith(p) for p in places)]
        self.fields["unit"].queryset = Unit.objects.filter(pk__in=units)  # type: ignore[attr-defined]  # documented
        self.fields["risk_tier"].choices = Tier.choices  # type: ignore[attr-defined]  # documented

    def _post_clean(self) -> None:
        """The service cleans and saves; the form's own copy of the row stays out of it."""


class StageForm(forms.Form):
    """A step of a system's life."""

    stage = forms.ChoiceField()
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: Any, system: System, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        following = [(stage, Stage(stage).label) for stage in sorted(STAGES[system.stage])]
        self.fields["stage"].choices = following  # type: ignore[attr-defined]  # documented


class AccessForm(forms.Form):
    """An exception: a person from outside may read, or work on, one system until a day."""

    person = PersonPick(empty_label="Choose a person")
    works = forms.BooleanField(required=False, label="May also work on it")
    days = forms.IntegerField(min_value=1, max_value=366, initial=30)
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), min_length=10, max_length=2000)
