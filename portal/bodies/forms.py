"""What people type on bodies and sessions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.areas import Choice, declared
from portal.bodies.models import Body, Function, Item, Mode, Session
from portal.bodies.services.voting import Demand
from portal.registry.models import System
from portal.web.forms import ConfirmForm, DayInput, MomentInput, ReasonForm


def people() -> Any:
    return User.objects.filter(is_active=True).order_by("name")


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg] # Django's takes none at run time
    """A person by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class BodyForm(forms.ModelForm):  # type: ignore[type-arg] # Django's takes none at run time
    """A body and the rules by which it decides."""

    class Meta:
        model = Body
        fields = (
            "name",
            "slug",
            "kind",
            "purpose",
            "unit",
            "role",
            "quorum",
            "majority",
            "tie",
            "rhythm",
            "month",
            "week",
            "weekday",
            "hour",
            "duration_minutes",
            "mode",
            "place",
        )
        labels = {
            "slug": _("Short name, in addresses"),
            "role": _("Decides cases of the role"),
            "tie": _("A tie"),
            "majority": _("An outcome needs"),
            "rhythm": _("Meets"),
            "month": _("Month of the quarter"),
            "duration_minutes": _("Minutes a session takes"),
            "hour": _("At"),
        }
        help_texts = {"quorum": _("Voices an outcome needs; abstentions do not count."), "month": _("1 to 3")}
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 2}),
            "hour": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, units: Any = None, **more: Any) -> None:
        super().__init__(*args, **more)
        if units is not None:
            self.fields["unit"].queryset = units  # type: ignore[attr-defined] # Django's documented way
        if self.instance.pk:
            del self.fields["slug"], self.fields["unit"]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug == "new":
            raise forms.ValidationError(_("Choose another short name."))
        return slug


class SeatForm(forms.Form):
    """Who gets a seat, as what, and for how long."""

    person = PersonChoice(User.objects.none(), label=_("Person"), empty_label=_("Choose a person"))
    function = forms.ChoiceField(label=_("As"), choices=Function.choices, initial=Function.MEMBER)
    votes = forms.BooleanField(
        label=_("Votes"), required=False, initial=True, help_text=_("An observer never does.")
    )
    deputy = PersonChoice(User.objects.none(), label=_("Deputy"), required=False, empty_label=_("Nobody"))
    started_on = forms.DateField(
        label=_("First day"), required=False, widget=DayInput, help_text=_("Today if empty")
    )
    ended_on = forms.DateField(label=_("Last day"), required=False, widget=DayInput)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("person", "deputy"):
            self.fields[name].queryset = people()  # type: ignore[attr-defined] # Django's documented way


class EndSeatForm(ConfirmForm):
    """The last day of a term."""

    last_day = forms.DateField(label=_("Last day"), widget=DayInput)


class DeputyForm(forms.Form):
    """Who stands in."""

    deputy = PersonChoice(User.objects.none(), label=_("Deputy"), required=False, empty_label=_("Nobody"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["deputy"].queryset = people()  # type: ignore[attr-defined] # Django's documented way


class SessionForm(forms.Form):
    """When a session is held, and how."""

    title = forms.CharField(label=_("Title"), max_length=160)
    mode = forms.ChoiceField(label=_("How"), choices=Mode.choices)
    starts_at = forms.DateTimeField(label=_("Begins"), widget=MomentInput)
    ends_at = forms.DateTimeField(
        label=_("Ends"), widget=MomentInput, help_text=_("In writing: the deadline for votes")
    )
    place = forms.CharField(label=_("Place"), max_length=200, required=False)


class MoveForm(SessionForm):
    """Another day, hour or place."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        del self.fields["mode"]


class CancelForm(ReasonForm, ConfirmForm):
    """Why a session is called off."""


class ExtendForm(ReasonForm):
    """A later deadline."""

    ends_at = forms.DateTimeField(label=_("Votes until"), widget=MomentInput)
    field_order = ("ends_at", "reason")


class ItemForm(forms.Form):
    """An item somebody proposes."""

    topic = forms.ChoiceField(label=_("What it is"))
    title = forms.CharField(
        label=_("Title"), max_length=200, required=False, help_text=_("Of a system its name, if empty")
    )
    system = forms.ModelChoiceField(
        System.objects.none(), label=_("System"), required=False, empty_label=_("None")
    )
    why = forms.CharField(
        label=_("Why"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=480, initial=10)

    def __init__(self, *args: Any, person: User, **more: Any) -> None:
        super().__init__(*args, **more)
        topics = sorted(
            (topic for topic in declared("topics") if topic.by_hand), key=lambda topic: topic.order
        )
        self.fields["topic"].choices = [(topic.slug, topic.title) for topic in topics]  # type: ignore[attr-defined] # as above
        systems = System.objects.visible_to(person).order_by("name")
        self.fields["system"].queryset = systems  # type: ignore[attr-defined] # as above


class ConditionForm(forms.Form):
    """What must be done, by whom and by which day."""

    condition = forms.CharField(
        label=_("Condition"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    condition_owner = PersonChoice(
        User.objects.none(), label=_("Who meets it"), empty_label=_("Choose a person")
    )
    condition_due = forms.DateField(label=_("By"), widget=DayInput)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["condition_owner"].queryset = people()  # type: ignore[attr-defined] # as above

    @property
    def demand(self) -> Demand:
        given = self.cleaned_data
        return Demand(given["condition"], given["condition_owner"], given["condition_due"])


class BallotForm(forms.Form):
    """A choice and its reason. Conditions are named beside it."""

    choice = forms.ChoiceField(label=_("Your choice"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason, printed in the minutes"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, item: Item, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["choice"].choices = [_named(choice) for choice in item.choices]  # type: ignore[attr-defined] # as above


def _named(choice: Choice) -> tuple[str, Any]:
    return choice.slug, format_html(
        '{} <span class="detail">{}</span>', _(choice.title), _(choice.explain or " ")
    )


class ConflictForm(ReasonForm):
    """What stands between a person and a free vote."""


class CloseForm(forms.Form):
    """The end of an item: its outcome in words, or that it is put off."""

    resolution = forms.CharField(
        label=_("The outcome in words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Printed in the minutes under the outcome of the votes."),
    )
    next_review_on = forms.DateField(
        label=_("To be reviewed on"), required=False, widget=DayInput, help_text=_("Goes to the calendar")
    )
    postpone = forms.BooleanField(label=_("Postpone it instead of deciding"), required=False)


class MinutesForm(forms.Form):
    """The whole text, and what was changed."""

    text = forms.CharField(
        label=_("Minutes, in Markdown"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 30, "class": "tall"}),
    )
    reason = forms.CharField(label=_("What you changed, and why"), max_length=500)


class FeedForm(forms.Form):
    """Which days an address gives."""

    body = forms.ModelChoiceField(
        Body.objects.none(), label=_("Days of"), required=False, empty_label=_("All that is mine")
    )

    def __init__(self, *args: Any, person: User, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["body"].queryset = Body.objects.visible_to(person)  # type: ignore[attr-defined] # as above


def initial_of(session: Session) -> dict[str, Any]:
    """A session as its form shows it."""
    return {name: getattr(session, name) for name in ("title", "starts_at", "ends_at", "place")}
