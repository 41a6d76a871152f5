"""Addresses for calendar programs, and the file they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from portal.bodies import forms, services
from portal.bodies.models import Session
from portal.bodies.selectors.feed import calendar_of
from portal.bodies.selectors.sessions import upcoming
from portal.bodies.views.base import InOurZone
from portal.errors import Missing
from portal.rights import PUBLIC
from portal.web.pages import ActionView, FormPage
from portal.web.parts import Crumb


class Calendars(InOurZone, FormPage):
    """What is ahead, and the addresses under which a calendar program reads it."""

    does = "bodies.read"
    nav = "bodies:sessions"
    title = gettext_lazy("Calendar")
    template_name = "bodies/calendar.html"
    form_class = forms.FeedForm
    submit = gettext_lazy("Make an address")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Sessions"), reverse("bodies:sessions")), Crumb(str(self.title)))

    def summary(self) -> str:
        return _(
            "Subscribe to the days that concern you. The address needs no password, so it can be revoked."
        )

    def form_arguments(self) -> Mapping[str, Any]:
        return {"person": self.person}

    def initial(self) -> Mapping[str, Any]:
        return {"body": self.request.GET.get("body", "")}

    def context(self) -> Mapping[str, Any]:
        return {
            "feeds": self.person.feeds.filter(revoked_at=None).select_related("body"),
            "upcoming": upcoming(Session.objects.visible_to(self.person)),
            "address": "",
        }

    def perform(self, form: Any) -> HttpResponse:
        _feed, key = services.issue_feed(self.person, body=form.cleaned_data["body"], actor=self.person)
        address = f"{settings.PORTAL_PUBLIC_URL}{reverse('bodies:feed', args=[key])}"
        return self.show_once(
            form=self.make_form(), submit=self.submit, address=address, cancel=self.cancel_url()
        )


class RevokeFeed(ActionView):
    """End one of one's own addresses."""

    does = "bodies.read"

    def perform(self) -> str:
        feed = self.person.feeds.filter(pk=self.kwargs["pk"]).first()
        if feed is None:
            raise Missing
        services.revoke_feed(feed, actor=self.person)
        return _("The address is revoked.")

    def back_url(self) -> str:
        return reverse("bodies:calendar")


class CalendarFile(View):
    """The days, for whoever knows the address; a revoked one answers like one that never was."""

    does = PUBLIC
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG002 - Django's signature
        feed = services.feed_of(key)
        if feed is None:
            raise Missing
        headers = {
            "Content-Disposition": 'inline; filename="portal.ics"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(calendar_of(feed), content_type="text/calendar; charset=utf-8", headers=headers)
