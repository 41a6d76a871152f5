"""Forms built from the dataclass of the inputs: one for what is flat, one for an entry of the part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.analyses.selectors import as_meant, as_typed
from portal.analyses.typed import Input, described
from portal.registry.forms import SystemPick
from portal.registry.models import System
from portal.web.forms import DayInput


class AmountField(forms.CharField):
    """A number; under "%" people type per cent and 1 is the whole. Kept as text, for the codec."""

    widget = forms.TextInput

    def __init__(self, *, unit: str, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        self.widget.attrs["inputmode"] = "decimal"
        self.unit = unit

    def prepare_value(self, value: Any) -> Any:
        return as_typed(value, self.unit) if isinstance(value, int | Decimal) else value

    def clean(self, value: Any) -> str:
        return as_meant(super().clean(value), self.unit)


class AmountsField(forms.CharField):
    """A list of numbers, one a line."""

    def __init__(self, *, unit: str, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 5, "inputmode": "decimal"}), **kwargs)
        self.unit = unit

    def prepare_value(self, value: Any) -> Any:
        listed = isinstance(value, list | tuple)
        return "\n".join(as_typed(amount, self.unit) for amount in value) if listed else value

    def clean(self, value: Any) -> list[str]:
        lines = (line.strip() for line in str(super().clean(value)).splitlines())
        return [as_meant(line, self.unit) for line in lines if line]


class TypedForm(forms.Form):
    """The fields of a dataclass; ``present`` fills them. ``typed()`` is what the codec takes."""

    def __init__(self, *args: Any, kind: type[Any], present: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = []
        for told in described(kind):
            if _is_part(told.hint):
                continue
            self.names.append(told.name)
            self.fields[told.name] = _field(told)
            now = getattr(present, told.name, None if told.required else told.default)
            if now is not None:
                self.fields[told.name].initial = now.value if isinstance(now, Enum) else now

    def typed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.names}


class AnalysisForm(TypedForm):
    """A what-if: its title, the question, the system, and the flat inputs."""

    title = forms.CharField(label=_("Title"), max_length=200)
    question = forms.CharField(
        label=_("Question"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is to be decided, and why now"),
    )
    system = SystemPick(System.objects.none(), label=_("System"))

    def __init__(self, *args: Any, systems: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if systems is None:
            del self.fields["system"]
        else:
            self.fields["system"].queryset = systems  # type: ignore[attr-defined]  # documented


class CompareForm(forms.Form):
    """Which analyses stand side by side."""

    of = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label=_("Analyses"))

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["of"].choices = choices  # type: ignore[attr-defined]  # documented


def _is_part(hint: Any) -> bool:
    return get_origin(hint) is tuple and hasattr(get_args(hint)[0], "__dataclass_fields__")


def _field(told: Input) -> forms.Field:
    """The form field of one input, by its type."""
    optional = not told.required
    said: dict[str, Any] = {"label": _labelled(told), "help_text": told.help}
    if get_origin(told.hint) is tuple:
        return AmountsField(unit=told.unit, required=False, **said)
    if issubclass(told.hint, Enum):
        words = [(item.value, str(item.value).replace("_", " ").capitalize()) for item in told.hint]
        return forms.ChoiceField(choices=words, **said)
    if told.hint is date:
        return forms.DateField(widget=DayInput, required=not optional, **said)
    if told.hint is str:
        empty = optional and told.default == ""
        return forms.CharField(required=not empty, max_length=200, **said)
    return AmountField(unit=told.unit, **said)


def _labelled(told: Input) -> str:
    """The label with its unit, where that is no currency."""
    if told.unit in {"", "money"} or told.unit in told.label.lower():
        return told.label
    return f"{told.label}, {told.unit}"
