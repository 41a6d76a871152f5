"""Forms as the design system wants them: label above, help under the label, error under the field.

``PortalRenderer`` is the project's form renderer. ``apply_error`` puts what a service refused beside its
field.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.forms.renderers import DjangoTemplates
from django.template import loader
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from portal.errors import PortalError

MOST_CHOICES = 50
"""Rows of a list that somebody still finds their way in."""


class PortalRenderer(DjangoTemplates):
    """Forms and fields by our templates, widgets by Django's."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("components/"):
            return loader.get_template(template_name)
        return super().get_template(template_name)


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """A day and an hour in the current zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class Typeahead(forms.TextInput):
    """A field that finds its value while one types; for choices with more than fifty entries.

    ``url`` answers what is typed with ``<option>`` elements, see ``Suggestions``; the form's field turns the
    text into the row.
    """

    template_name = "components/typeahead.html"

    def __init__(self, url: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", **(attrs or {})})
        self.url = url

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["url"] = self.url
        context["widget"]["list"] = f"{context['widget']['attrs'].get('id') or name}_found"
        return context


class PickField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A row from a list; where the list is long, a field that finds it while one types.

    ``suggestions`` names the route that answers what is typed. ``key_of`` says what is typed for a row, and
    ``with_key`` finds it among the field's rows.
    """

    queryset: QuerySet[Any]  # this field always has one
    suggestions: ClassVar[str]
    _counted: int | None = None

    def key_of(self, row: Any) -> str:
        raise NotImplementedError

    def with_key(self, key: str) -> Any:
        """The row of the field's own rows, or None."""
        raise NotImplementedError

    @property
    def is_long(self) -> bool:
        """Whether there are more rows than a list should have. One query a form."""
        if self._counted is None:
            self._counted = len(self.queryset.order_by().values_list("pk")[: MOST_CHOICES + 1])
        return self._counted > MOST_CHOICES

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        if self.is_long and not isinstance(self.widget, Typeahead):
            self.widget = Typeahead(reverse(self.suggestions))
            self.widget.is_required = self.required
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        if not self.is_long or value in self.empty_values or isinstance(value, str):
            return super().prepare_value(value)
        row = value if isinstance(value, Model) else self.queryset.filter(pk=value).first()
        return self.key_of(row) if row is not None else ""

    def to_python(self, value: Any) -> Any:
        if not self.is_long or value in self.empty_values or isinstance(value, Model):
            return super().to_python(value)
        row = self.with_key(str(value).strip())
        if row is None:
            raise forms.ValidationError(_("There is no %(value)s to choose here.") % {"value": value})
        return row


class ConfirmForm(forms.Form):
    """Nothing but the decision; subclass it where a reason is needed."""


class ReasonForm(forms.Form):
    """A reason that goes on record."""

    reason = forms.CharField(widget=forms.Textarea, label="Reason", max_length=2000)


def apply_error(form: forms.BaseForm, error: PortalError) -> None:
    """Put an error of a service into the form: each problem beside its field, the rest on top."""
    for problem in error.errors:
        name = problem.pointer.strip("/").split("/")[0]
        form.add_error(name if name in form.fields else None, problem.detail)
    if not error.errors:
        detail: Any = error.detail
        if error.help_url:
            detail = format_html('{} <a href="{}">{}</a>', error.detail, error.help_url, _("What to do"))
        form.add_error(None, detail)
