"""The form of a policy, built from the dataclass of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.areas import PolicyKind
from portal.policies.parameters import bare, encode, hints, label_of, optional
from portal.registry.forms import SystemPick
from portal.registry.models import System
from portal.web.forms import MomentInput


class LinesField(forms.CharField):
    """A list, one entry a line; ``names`` makes it a mapping with lines "name = value"."""

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, *, entry: type[Any], names: bool, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.entry, self.names = entry, names

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return "\n".join(f"{name} = {item}" for name, item in value.items())
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        if not self.names:
            return [self._entry(line) for line in lines]
        pairs = [line.partition("=") for line in lines]
        if any(not sign for _name, sign, _value in pairs):
            raise forms.ValidationError(_("Write each line as: name = value"))
        return {name.strip(): self._entry(item.strip()) for name, _sign, item in pairs}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != initial)

    def _entry(self, text: str) -> Any:
        if not issubclass(self.entry, int | float):
            return text
        try:
            return self.entry(text)
        except ValueError:
            raise forms.ValidationError(_("%(text)s is not a number"), params={"text": text}) from None


class PolicyForm(forms.Form):
    """The parameters, why they change, and from when; ``policy`` fills them with what is in force."""

    effective_from = forms.DateTimeField(
        required=False, widget=MomentInput, label=_("In force from"), help_text=_("Empty: at once")
    )
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), label=_("Reason"), max_length=2000)

    def __init__(self, *args: Any, kind: PolicyKind, parameters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = [each.name for each in fields(kind.parameters)]
        current = encode(parameters)
        for each in fields(kind.parameters):
            self.fields[each.name] = _field(each, hints(kind)[each.name])
            self.fields[each.name].initial = current[each.name]
        self.order_fields([*self.names, "effective_from", "reason"])

    def parameters(self) -> dict[str, Any]:
        """The parameters as the codec takes them."""
        return {name: self.cleaned_data[name] for name in self.names}

    def clean_effective_from(self) -> Any:
        begins = self.cleaned_data["effective_from"]
        if begins is not None and begins < timezone.now():
            raise forms.ValidationError(
                _("A policy begins now or later: what it judged stays as it was judged.")
            )
        return begins


class OwnPolicyForm(PolicyForm):
    """The same for one system; whoever is not of the whole organisation has to name one."""

    system = SystemPick(
        System.objects.none(),
        required=False,
        label=_("Only for system"),
        empty_label=_("All systems"),
    )

    def __init__(self, *args: Any, systems: Any, everywhere: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems  # type: ignore[attr-defined]  # documented
        self.fields["system"].required = not everywhere
        self.order_fields([*self.names, "system", "effective_from", "reason"])


class DecisionForm(forms.Form):
    """A second person's word on a proposal."""

    approve = forms.TypedChoiceField(
        choices=[("yes", _("Adopt it")), ("no", _("Reject it"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        label=_("Decision"),
    )
    reason = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), label=_("Reason"), max_length=2000
    )


def _field(declared: Field[Any], hint: Any) -> forms.Field:
    """The form field of one parameter, by its type."""
    told: dict[str, Any] = {"label": label_of(declared), "help_text": _help(declared)}
    kind = bare(hint)
    origin = get_origin(kind)
    if origin is tuple:
        return LinesField(entry=get_args(kind)[0], names=False, **told)
    if origin is not None:
        return LinesField(entry=get_args(kind)[1], names=True, **told)
    if kind is bool:
        return forms.BooleanField(required=False, **told)
    needed = not optional(hint)
    if issubclass(kind, Enum):
        choices = [(item.value, str(item.value).replace("_", " ")) for item in kind]
        return forms.ChoiceField(
            choices=choices if needed else [("", "—"), *choices], required=needed, **told
        )
    if kind is str:
        return forms.CharField(required=False, empty_value="" if needed else None, max_length=2000, **told)
    numbers = {int: forms.IntegerField, float: forms.FloatField, Decimal: forms.DecimalField}
    return numbers[kind](required=needed, **told)


def _help(declared: Field[Any]) -> str:
    """What is said of a parameter, and its unit."""
    said = [str(declared.metadata.get("help", "")), str(declared.metadata.get("unit", ""))]
    return ", ".join(filter(None, said))
