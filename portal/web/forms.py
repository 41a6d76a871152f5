"""Forms as the design system wants them: label above, help under the label, error under the field.

``PortalRenderer`` is the project's form renderer. ``apply_error`` puts what a service refused beside its
field.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import loader
from django.utils.html import format_html
from django.utils.translation import gettext as _

from portal.errors import PortalError


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

    ``url`` answers ``?q=…`` with ``<option>`` elements; the form's field turns the text into the row.
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
