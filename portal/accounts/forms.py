"""What people type about people, units, tokens and themselves."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms

from portal.accounts.models import ROLES, SCOPES, Unit, User
from portal.web.forms import PickField, ReasonForm

DAYS = ((30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "One year"))


class PersonPick(PickField):
    """A person who is active, by log-in where there are many."""

    suggestions = "accounts:suggest"

    def __init__(self, **kwargs: Any) -> None:
        people = User.objects.filter(is_active=True).order_by("name")
        super().__init__(**{"queryset": people, "empty_label": "Nobody", **kwargs})

    def key_of(self, row: User) -> str:
        return row.username

    def with_key(self, key: str) -> User | None:
        return self.queryset.filter(username=key).first()


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(max_length=80, help_text="Where it is used, e.g. the laptop or the pipeline.")
    unit = forms.ModelChoiceField(Unit.objects.none(), help_text="It reaches this unit and those below it.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope, what) for scope, what in SCOPES.items()], widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=90, label="Lasts")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        paths = [m.unit.path for m in user.current_memberships]
        mine = [unit.pk for unit in Unit.objects.all() if any(unit.path.startswith(path) for path in paths)]
        units = Unit.objects.filter(pk__in=mine)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]  # documented
        self.fields["unit"].initial = units.first()


class PersonForm(forms.Form):
    """Somebody new."""

    name = forms.CharField(max_length=120)
    username = forms.SlugField(max_length=80, label="Log-in")
    email = forms.EmailField(required=False, label="Mail address")
    role = forms.ChoiceField(choices=ROLES)
    unit = forms.ModelChoiceField(Unit.objects.all())


class MembershipForm(forms.Form):
    """A further role of a person."""

    role = forms.ChoiceField(choices=ROLES)
    unit = forms.ModelChoiceField(Unit.objects.all())


class EraseForm(ReasonForm):
    """Why a person is erased, and their log-in once more, so that nobody erases the wrong one."""

    username = forms.CharField(max_length=80, label="Their log-in, to be sure")

    def __init__(self, *args: Any, username: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = username
        self.fields["reason"].help_text = "It is kept for good: leave out their name."

    def clean_username(self) -> str:
        given: str = self.cleaned_data["username"]
        if given != self.expected:
            raise forms.ValidationError(f"The log-in is {self.expected}.")
        return given


class UnitForm(forms.Form):
    """A unit of the organisation."""

    name = forms.CharField(max_length=120)
    slug = forms.SlugField(max_length=80, help_text="How programs call it.")
    parent = forms.ModelChoiceField(Unit.objects.all(), label="Below")


class OrganisationForm(forms.Form):
    """What dates, money and quarters follow."""

    name = forms.CharField(max_length=120)
    time_zone = forms.ChoiceField(choices=[(zone, zone) for zone in sorted(available_timezones())])
    currency = forms.RegexField(r"[A-Z]{3}", help_text="Three letters, e.g. EUR.")
    first_fiscal_month = forms.TypedChoiceField(
        choices=[(month, str(month)) for month in range(1, 13)], coerce=int
    )


class PreferencesForm(forms.Form):
    """How the portal looks to one person."""

    theme = forms.ChoiceField(choices=[("system", "As the system"), ("light", "Light"), ("dark", "Dark")])
    density = forms.ChoiceField(choices=[("comfortable", "Comfortable"), ("compact", "Compact")])


class NewPasswordForm(forms.Form):
    """The first password of an invited person."""

    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least twelve characters. A sentence is good.",
    )
