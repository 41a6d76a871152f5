"""A page with a form that calls one service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.views.generic import View

from portal.errors import PortalError
from portal.web.forms import ConfirmForm, apply_error
from portal.web.pages.base import Page, Text


class FormPage(Page):
    """GET shows the form, POST calls ``perform``; what is wrong comes back beside its field, with 422.

    What was typed is kept, the first error is listed on top, and leaving with changes asks first.
    """

    template_name = "shapes/form.html"
    fragment_name = "components/form_box.html"
    form_class: ClassVar[type[BaseForm]]
    submit: ClassVar[Text] = _("Save")
    danger: ClassVar[bool] = False

    def perform(self, form: Any) -> str | HttpResponse:
        """Call the service with ``form.cleaned_data``; return the address to go on to."""
        raise NotImplementedError

    def initial(self) -> Mapping[str, Any]:
        return {}

    def form_arguments(self) -> Mapping[str, Any]:
        """Further arguments of the form's constructor, e.g. an instance or choices."""
        return {}

    def done(self, form: Any) -> Text:  # noqa: ARG002 - for those who name what was saved
        """The message shown on the next page."""
        return ""

    def cancel_url(self) -> str:
        crumbs = [crumb.url for crumb in self.crumbs() if crumb.url]
        return crumbs[-1] if crumbs else "/"

    def make_form(self, **data: Any) -> BaseForm:
        return self.form_class(**{"initial": dict(self.initial()), **self.form_arguments(), **data})

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        return self.show(self.make_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        form = self.make_form(data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self.show(form, status=422)
        try:
            answer = self.perform(form)
        except PortalError as error:
            if error.status in {403, 404, 500}:
                raise
            apply_error(form, error)
            return self.show(form, status=422)
        return self.leave(answer, self.done(form)) if isinstance(answer, str) else answer

    def show_once(self, **extra: Any) -> HttpResponse:
        """The whole page with what the service answered and nobody will see again.

        A form that was sent by htmx expects a form; here the main part of the page takes its place.
        """
        response = self.render(**extra)
        response.template_name = self.template_name
        if self.wants_fragment:
            response["HX-Retarget"] = response["HX-Reselect"] = "#main"
            response["HX-Reswap"] = "outerHTML show:window:top"
        return response

    def show(self, form: BaseForm, status: int = 200) -> HttpResponse:
        multipart = form.is_multipart()
        return self.render(
            status,
            form=form,
            submit=self.submit,
            danger=self.danger,
            cancel=self.cancel_url(),
            multipart=multipart,
        )


class ConfirmPage(FormPage):
    """A step before something that cannot be taken back. ``summary()`` says what will happen, to what."""

    template_name = "shapes/confirm.html"
    form_class = ConfirmForm
    danger = True


class Suggestions(View):
    """What fits the text typed into a field, as options; ``find`` says which."""

    does: ClassVar[str]

    @property
    def person(self) -> Any:
        """The signed-in person, who is suggested only what they may see."""
        return self.request.user

    def find(self, text: str) -> Iterable[tuple[str, str]]:
        """At most a dozen, each with the key that is typed for it and how a person calls it."""
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - the route's
        """Htmx sends the text under the name of the field, whatever that is."""
        text = next((str(typed).strip() for _name, typed in request.GET.items()), "")
        found = self.find(text.replace("\x00", "")) if text else ()
        return HttpResponse(format_html_join("\n", '<option value="{}">{}</option>', found))
