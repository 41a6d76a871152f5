"""What people type on cases."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.areas import CaseKind, Gate, declared
from portal.cases.models import Case
from portal.cases.services.voting import Wish
from portal.evidence.models import Evidence
from portal.web.forms import ConfirmForm, DayInput, ReasonForm


def near(case: Case) -> Any:
    """Who may be asked to meet a condition: who asked for the case, and owner and deputy of the system."""
    system = case.system
    close = {case.opened_by_id} | ({system.owner_id, system.deputy_id} if system is not None else set())
    return User.objects.filter(pk__in=[pk for pk in close if pk is not None], is_active=True).order_by("name")


class ConditionFields(forms.Form):
    """What must be done, by whom and until when."""

    condition = forms.CharField(
        label=_("Condition"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    condition_owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who meets it"), empty_label=_("Choose a person")
    )
    condition_due = forms.DateField(
        label=_("By"),
        required=False,
        widget=DayInput,
        help_text=_("Without a day it must be met before the approval takes effect."),
    )

    def __init__(self, *args: Any, case: Case, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["condition_owner"].queryset = near(case)  # type: ignore[attr-defined] # Django's documented way

    @property
    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(given["condition"], given["condition_owner"], given["condition_due"])


class VoteForm(forms.Form):
    """A choice and its reason."""

    choice = forms.ChoiceField(label=_("Your choice"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason, printed with the decision"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, kind: CaseKind, case: Case, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["choice"].choices = [  # type: ignore[attr-defined] # Django's documented way
            (choice.slug, format_html('{} <span class="detail">{}</span>', _(choice.title), choice.explain))
            for choice in kind.choices
        ]
        if any(choice.outcome == "conditions" for choice in kind.choices):
            self._add_condition(case)

    def _add_condition(self, case: Case) -> None:
        for name, field in ConditionFields(case=case).fields.items():
            field.required = False
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("condition") and not given.get("condition_owner"):
            self.add_error("condition_owner", _("Say who meets the condition."))
        return given

    @property
    def wishes(self) -> list[Wish]:
        given = self.cleaned_data
        if not given.get("condition"):
            return []
        return [Wish(given["condition"], given["condition_owner"], given["condition_due"])]


class ConflictForm(ReasonForm):
    """What stands between a person and a free vote."""


class WithdrawForm(ReasonForm, ConfirmForm):
    """Why the question is taken back."""


class DueDayForm(ReasonForm):
    """Another day, and why."""

    due_on = forms.DateField(label=_("New day"), widget=DayInput)
    field_order = ("due_on", "reason")


class ReportForm(forms.Form):
    """How a condition was met."""

    how = forms.CharField(
        label=_("How it was met"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    evidence = forms.ModelChoiceField(
        Evidence.objects.none(),
        label=_("Evidence"),
        required=False,
        empty_label=_("None"),
        help_text=_("Of the evidence on this case. Add more on the page of the case."),
    )

    def __init__(self, *args: Any, evidence: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["evidence"].queryset = evidence  # type: ignore[attr-defined] # Django's documented way


class DoneForm(forms.Form):
    """How the matter of a case was done."""

    how = forms.CharField(
        label=_("How it was done"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AcceptForm(forms.Form):
    """What shows that a condition is met."""

    how = forms.CharField(label=_("What shows it"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class WaiverForm(forms.Form):
    """Which gate should let a version pass, why, and until when."""

    gate = forms.ChoiceField(label=_("Gate"))
    reason = forms.CharField(
        label=_("Why it should pass"),
        min_length=20,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What could go wrong, and what you do about it meanwhile."),
    )
    until = forms.DateField(label=_("Until"), widget=DayInput, help_text=_("At most 92 days from now."))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        gates: tuple[Gate, ...] = declared("gates")
        self.fields["gate"].choices = [(gate.slug, gate.title) for gate in gates]  # type: ignore[attr-defined] # as above
