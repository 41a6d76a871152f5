"""The forms of the ledger's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.areas import Window
from portal.errors import Invalid
from portal.jobs.kinds import kinds
from portal.jobs.naming import window_named
from portal.web.forms import ReasonForm


class RunForm(forms.Form):
    """What to run by hand."""

    job = forms.ChoiceField(label=_("Job"))
    subject = forms.CharField(
        required=False,
        max_length=300,
        label=_("Subject"),
        help_text=_("A system as SYS-12, a model as churn, its version as churn/3. Optional for some jobs."),
    )
    window = forms.CharField(
        required=False,
        max_length=100,
        label=_("Window"),
        help_text=_("From a day to a day, the last not included: 2026-11-01/2026-12-01. Optional for some."),
    )
    variant = forms.CharField(
        required=False,
        max_length=120,
        label=_("Variant"),
        help_text=_("Which of the job's kinds, e.g. the name of a check."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["job"] = forms.ChoiceField(
            label=_("Job"), choices=[(kind.slug, kind.title) for kind in kinds().values()]
        )

    def clean_window(self) -> Window | None:
        try:
            return window_named(self.cleaned_data["window"].strip())
        except Invalid as error:
            raise forms.ValidationError(error.detail) from error


class TargetForm(ReasonForm):
    """A receiver the guard would refuse, and why it may be called."""

    host = forms.CharField(
        max_length=253, label=_("Host"), help_text=_("A name or an address, e.g. 10.0.0.7.")
    )
    port = forms.IntegerField(min_value=1, max_value=65535, initial=443, label=_("Port"))
    field_order = ["host", "port", "reason"]
