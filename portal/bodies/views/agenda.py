"""The agenda while it may change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.bodies import forms, services
from portal.bodies.selectors.agenda import proposals
from portal.bodies.views.base import OneSession, SessionAction
from portal.bodies.views.sessions import SessionForm


class AgendaPage(OneSession):
    """What is on the agenda, and what is proposed for it with the reason why."""

    title = gettext_lazy("Agenda")
    template_name = "bodies/agenda.html"

    def heading(self) -> str:
        return _("Agenda of %(title)s") % {"title": self.session.title}

    def summary(self) -> str:
        minutes = sum(item.minutes for item in self.session.items.all())
        told = {"minutes": minutes, "quorum": self.session.quorum}
        return _("%(minutes)s minutes are planned. It can change until the pack is frozen.") % told

    def context(self) -> Mapping[str, Any]:
        items = list(self.session.items.select_related("system", "case", "proposed_by"))
        return {
            "session": self.session,
            "items": [(item, item.declared_topic.title) for item in items],
            "proposals": proposals(self.session) if self.session.planning else (),
            "may_change": self.leads and self.session.planning,
        }


class AcceptProposals(SessionAction):
    """Put what is proposed on the agenda: what was ticked, or everything."""

    def perform(self) -> str:
        keys = self.request.POST.getlist("key")
        everything = "all" in self.request.POST
        made = services.accept_proposals(self.session, actor=self.person, keys=None if everything else keys)
        return ngettext("%(n)s item added.", "%(n)s items added.", len(made)) % {"n": len(made)}

    def back_url(self) -> str:
        return reverse("bodies:agenda", args=[self.session.ref])


class AddItem(SessionForm):
    """An item somebody proposes."""

    title = gettext_lazy("Propose an item")
    form_class = forms.ItemForm
    submit = gettext_lazy("Propose item")

    def summary(self) -> str:
        return _("Whoever proposes something has no vote on it.")

    def form_arguments(self) -> Mapping[str, Any]:
        return {"person": self.person}

    def act(self, given: Mapping[str, Any]) -> None:
        more = dict(given)
        services.add_item(self.session, more.pop("topic"), actor=self.person, **more)


class MoveItem(SessionAction):
    """Up or down by one: buttons in place of dragging."""

    def perform(self) -> str:
        places = -1 if self.request.POST.get("way") == "up" else 1
        services.move_item(self.item, places, actor=self.person)
        return ""

    def back_url(self) -> str:
        return reverse("bodies:agenda", args=[self.session.ref])


class DropItem(MoveItem):
    """Off the agenda."""

    def perform(self) -> str:
        title = self.item.title
        services.drop_item(self.item, actor=self.person)
        return _("%(title)s is off the agenda.") % {"title": title}
