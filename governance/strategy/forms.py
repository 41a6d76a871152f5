"""What people fill in: the option they put to the committee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ProposalForm(forms.Form):
    """An option and why it should be the one."""

    option = forms.ChoiceField(widget=forms.RadioSelect, label=_("Option"))
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        label=_("Reason"),
        max_length=2000,
        help_text=_("What speaks for it beside its value; printed with the decision."),
    )

    def __init__(self, *args: Any, options: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["option"].choices = options  # type: ignore[attr-defined]  # documented
