"""What people say of findings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.areas import declared
from portal.findings.models import Channel, Finding
from portal.findings.models.findings import SEVERITIES
from portal.findings.selectors import owners_for, parents_for
from portal.registry.forms import SystemPick
from portal.registry.models import System
from portal.web.forms import DayInput


class TriageForm(forms.Form):
    """Who answers for it, what it is part of, and why."""

    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"))
    part_of = forms.ModelChoiceField(
        Finding.objects.none(), required=False, label=_("Part of"), empty_label=_("Stands on its own")
    )
    note = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Note"), max_length=2000
    )

    def __init__(self, *args: Any, finding: Finding, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_for(finding)  # type: ignore[attr-defined]  # documented
        self.fields["part_of"].queryset = parents_for(finding)  # type: ignore[attr-defined]  # documented
        self.fields["owner"].initial = finding.owner_id or user.pk
        self.fields["part_of"].initial = finding.part_of_id


class CommentForm(forms.Form):
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), label=_("Comment"), max_length=2000)


class WaiverForm(forms.Form):
    """Why a finding needs no answer, and until when."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), label=_("Reason"), max_length=2000)
    until = forms.DateField(widget=DayInput, label=_("Until"), help_text=_("At most a year ahead."))

    def clean_until(self) -> Any:
        day = self.cleaned_data["until"]
        today = timezone.localdate()
        if not today < day <= today + timedelta(days=366):
            raise forms.ValidationError(_("Choose a day within a year from now."))
        return day


class DecisionForm(forms.Form):
    """A second person's word on a waiver."""

    grant = forms.TypedChoiceField(
        choices=[("yes", _("Grant the waiver")), ("no", _("Refuse it"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        label=_("Decision"),
    )
    note = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Note"), max_length=2000
    )


class SnoozeForm(forms.Form):
    until = forms.DateField(widget=DayInput, label=_("Until"))


class RouteForm(forms.Form):
    """How one hears of findings."""

    kind = forms.ChoiceField(required=False, label=_("Findings of"))
    system = SystemPick(
        System.objects.none(), required=False, label=_("In system"), empty_label=_("Any I may read")
    )
    severity = forms.ChoiceField(choices=SEVERITIES, label=_("From severity"))
    channel = forms.ChoiceField(choices=Channel.choices, label=_("Tell me"))
    muted_until = forms.DateField(
        required=False, widget=DayInput, label=_("Silent until"), help_text=_("Only for silence.")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted({(check.slug, check.title) for check in declared("checks")}, key=lambda pair: pair[1])
        self.fields["kind"].choices = [("", _("Any check")), *known]  # type: ignore[attr-defined]  # documented
        mine = System.objects.visible_to(user, "findings.read")
        self.fields["system"].queryset = mine  # type: ignore[attr-defined]  # documented


class ViewForm(forms.Form):
    """A name for how a list is filtered and sorted now."""

    name = forms.CharField(max_length=80, label=_("Name"))
    shared = forms.BooleanField(required=False, label=_("Others may use it"))
