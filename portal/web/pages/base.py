"""A page that shows, and an action that does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from portal.errors import PortalError
from portal.web.parts import Crumb, Fact, Tab

Text = str | Promise


class Page(View):
    """A page: an action, a template and what the template needs.

    ``does`` is the declared action, one for all methods or one by method. ``title`` is what the page is
    called; ``heading()`` may say the finding instead. ``nav`` names the navigation item it belongs to where
    its address does not show it. ``fragment_name`` is rendered in place of the whole for htmx.
    """

    does: ClassVar[str | Mapping[str, str]]
    template_name: ClassVar[str] = ""
    fragment_name: ClassVar[str] = ""
    title: ClassVar[Text] = ""
    nav: ClassVar[str] = ""

    def heading(self) -> Text:
        """The ``h1``: a sentence that says the finding, or the name of the object."""
        return self.title

    def summary(self) -> Text:
        """One line under the title."""
        return ""

    def crumbs(self) -> Sequence[Crumb]:
        """The path to the page. The page itself comes last, without a link."""
        return (Crumb(str(self.title)),)

    def facts(self) -> Sequence[Fact]:
        """Facts of an object, in one row under the summary."""
        return ()

    def tabs(self) -> Sequence[Tab]:
        return ()

    def context(self) -> Mapping[str, Any]:
        """What the template shows beyond the head of the page."""
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        return self.render()

    @property
    def person(self) -> Any:
        """The signed-in person: the ``actor`` of a service, and whom selectors show things to."""
        return self.request.user

    def render(self, status: int = 200, **extra: Any) -> TemplateResponse:
        """The page, or its fragment where htmx asks for one."""
        self.request.nav_page = self.nav  # type: ignore[attr-defined] # read by the shell
        context = {
            "page": self,
            "title": self.title or self.heading(),
            "heading": self.heading(),
            "summary": self.summary(),
            "crumbs": self.crumbs(),
            "facts": self.facts(),
            "tabs": self.tabs(),
            **self.context(),
            **extra,
        }
        response = TemplateResponse(self.request, self.template_now(), context, status=status)
        if self.fragment_name:
            patch_vary_headers(response, ["HX-Request"])
        return response

    def template_now(self) -> str:
        return self.fragment_name if self.fragment_name and self.wants_fragment else self.template_name

    @property
    def wants_fragment(self) -> bool:
        htmx: Any = getattr(self.request, "htmx", None)
        return bool(htmx) and not htmx.boosted and not htmx.history_restore_request

    def leave(self, url: str, message: Text = "") -> HttpResponse:
        """Go to another page, with a message that stays eight seconds there."""
        if message:
            messages.success(self.request, str(message))
        if getattr(self.request, "htmx", False):
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)


class ActionView(View):
    """A button: POST only. ``perform`` calls one service and returns the message, or nothing.

    A refusal of the service becomes a message on the page the person came from; nothing is lost.
    """

    does: ClassVar[str | Mapping[str, str]]
    http_method_names: ClassVar[Sequence[str]] = ["post", "options"]  # type: ignore[misc] # narrower on purpose

    @property
    def person(self) -> Any:
        """The signed-in person: the ``actor`` of the service."""
        return self.request.user

    def perform(self) -> Text | None:
        """Call the service. Raises what the service raises."""
        raise NotImplementedError

    def back_url(self) -> str:
        """Where to go afterwards if the form named no ``next``."""
        return "/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        tone, text = "good", ""
        try:
            text = str(self.perform() or "")
        except PortalError as error:
            if error.status in {404, 500}:
                raise
            tone, text = "bad", error.detail
        return self._answer(request, tone, text)

    def _answer(self, request: HttpRequest, tone: str, text: str) -> HttpResponseBase:
        if getattr(request, "htmx", False) and not request.POST.get("next"):
            response = HttpResponse(status=204)
            response["HX-Trigger"] = json.dumps({"toast": {"tone": tone, "text": text}, "changed": True})
            return response
        if text:
            add = messages.error if tone == "bad" else messages.success
            add(request, text)
        return HttpResponseRedirect(safe_next(request, self.back_url()))


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """The address a form asked to go on to, if it is one of this portal."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return otherwise
