"""What people type when they ask for a release or say where a model belongs."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.accounts.models import User
from portal.registry.forms import SystemPick
from portal.registry.models import System


class ReleaseForm(forms.Form):
    """Why the version should serve."""

    reason = forms.CharField(
        label="What the committee should know",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What is better than before, and what you are unsure of. It stands in the minutes.",
    )


class SystemForm(forms.Form):
    """The system a model belongs to."""

    system = SystemPick(System.objects.none(), help_text="What the model is for")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = System.objects.visible_to(user, "development.assign_system").filter(unassigned=False)
        self.fields["system"].queryset = choices  # type: ignore[attr-defined]  # Django's documented way
