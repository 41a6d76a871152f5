"""The pack as a page, as JSON and as PDF; the minutes and their versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from portal.accounts.models import User
from portal.bodies import forms, services
from portal.bodies.models import Minutes, Pack
from portal.bodies.paper import pack_pdf
from portal.bodies.selectors.sessions import session_named
from portal.bodies.views.base import OneSession
from portal.bodies.views.sessions import SessionForm
from portal.errors import Missing
from portal.web.figures import short_digest
from portal.web.markdown import as_html


class PackPage(OneSession):
    """What the members had before them, frozen, decisions first."""

    title = gettext_lazy("Pack")
    template_name = "bodies/pack.html"

    @cached_property
    def pack(self) -> Pack:
        return pack_of(self.session.ref, self.person)

    @cached_property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.pack.data)
        return found

    def heading(self) -> str:
        return str(self.data["headline"])

    def summary(self) -> str:
        told = {
            "body": self.data["body"],
            "title": self.session.title,
            "digest": short_digest(self.pack.digest),
        }
        return _("Pack of %(title)s, %(body)s. Digest %(digest)s") % told

    def context(self) -> Mapping[str, Any]:
        items = self.data["items"]
        return {
            "session": self.session,
            "pack": self.pack,
            "data": self.data,
            "before": [
                row | {"decided_on": date.fromisoformat(row["decided_on"])}
                for row in self.data["decisions_before"]
            ],
            "asked": [item for item in items if item["choices"]],
            "noted": [item for item in items if not item["choices"]],
        }


def pack_of(ref: str, user: User) -> Pack:
    """The pack of a session this person may read. Raises Missing before it is frozen."""
    found = Pack.objects.filter(session=session_named(ref, user)).first()
    if found is None:
        raise Missing("The pack of this session is not frozen yet.")
    return found


class PackJson(View):
    """The frozen data as it was hashed."""

    does = "bodies.read"
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        pack = pack_of(ref, cast("User", request.user))
        return _download(pack.data.encode(), "application/json", f"pack-{ref}.json", pack.digest)


class PackPdf(View):
    """The same data on paper; the same bytes each time."""

    does = "bodies.read"
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        pack = pack_of(ref, cast("User", request.user))
        return _download(pack_pdf(pack), "application/pdf", f"pack-{ref}.pdf", pack.digest)


def _download(body: bytes, kind: str, name: str, digest: str) -> HttpResponse:
    headers = {"Content-Disposition": f'inline; filename="{name}"', "ETag": f'"{digest}"'}
    return HttpResponse(body, content_type=kind, headers=headers)


class MinutesPage(OneSession):
    """The minutes that count, and the versions before."""

    title = gettext_lazy("Minutes")
    template_name = "bodies/minutes.html"

    @cached_property
    def versions(self) -> list[Minutes]:
        rows = self.session.minutes.select_related("written_by", "approved_in__session").order_by("-number")
        return list(rows)

    @cached_property
    def shown(self) -> Minutes:
        wanted = self.request.GET.get("version", "")
        found = next((row for row in self.versions if str(row.number) == wanted), None)
        if found is None and self.versions and not wanted:
            found = self.versions[0]
        if found is None:
            raise Missing("This session has no such minutes.")
        return found

    def heading(self) -> str:
        told = {"title": self.session.title}
        if self.shown.approved_at is not None:
            return _("Minutes of %(title)s, approved") % told
        return _("Minutes of %(title)s, not approved yet") % told

    def summary(self) -> str:
        if self.shown.approved_in is not None:
            return _("Approved in %(title)s.") % {"title": self.shown.approved_in.session.title}
        return _("The next session approves them or sends them back.")

    def context(self) -> Mapping[str, Any]:
        return {
            "session": self.session,
            "shown": self.shown,
            "versions": self.versions,
            "text": as_html(self.shown.text),
            "may_edit": self.leads,
        }


class EditMinutes(SessionForm):
    """A corrected version."""

    title = gettext_lazy("Correct the minutes")
    form_class = forms.MinutesForm
    submit = gettext_lazy("Save as a new version")

    def summary(self) -> str:
        return _("The present version stays. The new one waits for the approval of the next session.")

    def initial(self) -> Mapping[str, Any]:
        last = self.session.minutes.last()
        if last is None:
            raise Missing("This session has no minutes yet.")
        return {"text": last.text}

    def perform(self, form: Any) -> str:
        services.edit_minutes(self.session, actor=self.person, **form.cleaned_data)
        return self.url("minutes")
