"""What the pages of bodies and sessions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import View

from portal.accounts.services import organisation
from portal.bodies.models import Body, Item, Session
from portal.bodies.selectors.sessions import body_named, session_named
from portal.bodies.services.guards import leads
from portal.errors import Missing
from portal.web.pages import ActionView, Page
from portal.web.parts import Crumb


class InOurZone(View):
    """Hours are read and written in the organisation's zone: people meet where they are."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(organisation().zone):
            response = super().dispatch(request, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response


class OneBody(InOurZone, Page):
    """A page about a body, fetched from what the person may read."""

    does: ClassVar[str | Mapping[str, str]] = "bodies.read"
    nav = "bodies:sessions"

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    @cached_property
    def body(self) -> Body:
        return body_named(self.kwargs["slug"], self.person)

    @cached_property
    def leads(self) -> bool:
        """Whether the person chairs the body or writes its minutes today."""
        return leads(self.body, self.person, self.now)

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Sessions"), reverse("bodies:sessions")),
            Crumb(self.body.name, self.body.get_absolute_url()),
            *([Crumb(str(self.title))] if self.title else []),
        )


class OneSession(OneBody):
    """A page about a session."""

    @cached_property
    def session(self) -> Session:
        return session_named(self.kwargs["ref"], self.person)

    @cached_property
    def body(self) -> Body:
        return self.session.body

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Sessions"), reverse("bodies:sessions")),
            Crumb(self.body.name, self.body.get_absolute_url()),
            Crumb(self.session.title, self.session.get_absolute_url()),
            *([Crumb(str(self.title))] if self.title else []),
        )

    def url(self, page: str, *more: Any) -> str:
        return reverse(f"bodies:{page}", args=[self.session.ref, *more])


class OneItem(OneSession):
    """A page about an item of an agenda."""

    @cached_property
    def item(self) -> Item:
        return item_numbered(self.session, self.kwargs["number"])

    def crumbs(self) -> Sequence[Crumb]:
        head = super().crumbs()[:3]
        if not self.title:
            return (*head, Crumb(str(self.item)))
        return (*head, Crumb(str(self.item), self.item.get_absolute_url()), Crumb(str(self.title)))


def item_numbered(session: Session, number: int) -> Item:
    """The item of a number on the agenda of a session. Raises Missing."""
    rows = session.items.select_related("system", "case__system", "case__unit", "proposed_by", "subject_type")
    found = rows.filter(number=number).first() if number < 32_768 else None
    if found is None:
        raise Missing
    found.session = session
    return found


class SessionAction(ActionView):
    """A button on a session. The service says who may press it."""

    does = "bodies.sit"

    @cached_property
    def session(self) -> Session:
        return session_named(self.kwargs["ref"], self.person)

    @cached_property
    def item(self) -> Item:
        return item_numbered(self.session, self.kwargs["number"])

    def back_url(self) -> str:
        return self.session.get_absolute_url()
