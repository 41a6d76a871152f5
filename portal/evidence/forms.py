"""What people say when they add, hold or discard evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.evidence.models import Evidence
from portal.registry.models import System
from portal.web.forms import ConfirmForm, DayInput, ReasonForm


class SystemField(forms.CharField):
    """A system by its reference, e.g. SYS-12, among those on which the person may do the action."""

    user: User
    action: str

    def clean(self, value: Any) -> System | None:
        ref = super().clean(value).strip().upper()
        if not ref:
            return None
        digits = ref.removeprefix("SYS-")
        if ref.startswith("SYS-") and digits.isascii() and digits.isdecimal() and len(digits) < 19:
            found = System.objects.visible_to(self.user, self.action).filter(pk=int(digits)).first()
            if found is not None:
                return found
        raise forms.ValidationError(
            _("There is no such system in your units. A reference looks like SYS-12.")
        )


class EvidenceForm(forms.Form):
    """A file and what it proves."""

    file = forms.FileField(label=_("File"), help_text=_("Up to 200 MB. It is kept under its digest."))
    title = forms.CharField(label=_("Title"), max_length=200)
    claim = forms.CharField(
        label=_("What it proves"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    valid_from = forms.DateField(label=_("Valid from"), required=False, widget=DayInput)
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=DayInput,
        help_text=_("A month ahead somebody is asked to replace it."),
    )


class SystemEvidenceForm(EvidenceForm):
    """The same, with the system it is about."""

    system = SystemField(label=_("System"), max_length=24, help_text=_("Its reference, e.g. SYS-12"))
    field_order = ("file", "title", "claim", "system", "valid_from", "valid_until")

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["system"].user = user  # type: ignore[attr-defined] # a field of ours
        self.fields["system"].action = "evidence.add"  # type: ignore[attr-defined] # a field of ours


class HoldForm(forms.Form):
    """A matter, why it needs a hold, and what it names."""

    matter = forms.CharField(
        label=_("Matter"), max_length=200, help_text=_("The dispute or inquiry it serves")
    )
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    items = forms.CharField(
        label=_("What it names"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "References of systems and evidence, e.g. SYS-12, EV-40. A system holds all its evidence."
        ),
    )

    def __init__(self, *args: Any, user: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.user = user

    def clean_items(self) -> list[System | Evidence]:
        """The rows the references name, in their order. An unknown one is an error that names it."""
        refs = self.cleaned_data["items"].upper().replace(",", " ").split()
        found = [(ref, self._row(ref)) for ref in dict.fromkeys(refs)]
        unknown = [ref for ref, row in found if row is None]
        if unknown:
            raise forms.ValidationError(_("Not found: %(refs)s"), params={"refs": ", ".join(unknown)})
        return [row for _ref, row in found if row is not None]

    def _row(self, ref: str) -> System | Evidence | None:
        prefix, _dash, digits = ref.partition("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
            return None
        if prefix == "SYS":
            return System.objects.visible_to(self.user, "evidence.hold").filter(pk=int(digits)).first()
        if prefix == "EV":
            return Evidence.objects.visible_to(self.user, "evidence.hold").filter(pk=int(digits)).first()
        return None


class ReleaseForm(ReasonForm, ConfirmForm):
    """Why everything a hold names may go again."""


class DiscardForm(ReasonForm, ConfirmForm):
    """Why a piece of evidence goes."""
