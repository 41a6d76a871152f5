"""One body: its rules, its seats, its sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import Unit
from portal.accounts.services import organisation
from portal.bodies import forms, services
from portal.bodies.calendar import next_sitting
from portal.bodies.models import Item, Seat
from portal.bodies.selectors.sessions import past, seats_on, upcoming
from portal.bodies.services.bodies import may_define
from portal.bodies.services.follow_up import actions_of
from portal.bodies.views.base import InOurZone, OneBody
from portal.cases.selectors.status import status_of
from portal.errors import Missing
from portal.web.pages import ConfirmPage, FormPage
from portal.web.parts import Crumb, Fact


class BodyPage(OneBody):
    """What a body is for, by which rules it decides, who sits on it, and its sessions."""

    template_name = "bodies/body.html"

    def heading(self) -> str:
        return self.body.name

    def summary(self) -> str:
        return self.body.purpose

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Sessions"), reverse("bodies:sessions")), Crumb(self.body.name))

    def facts(self) -> Sequence[Fact]:
        body = self.body
        facts = [
            Fact(_("Kind"), body.get_kind_display()),
            Fact(_("Unit"), body.unit),
            Fact(_("Quorum"), body.quorum, _("voices")),
            Fact(_("An outcome needs"), body.get_majority_display()),
            Fact(_("A tie"), body.get_tie_display()),
            Fact(_("Meets"), body.rhythm_words),
        ]
        if body.role:
            facts.append(Fact(_("Decides cases of"), body.get_role_display()))
        return facts

    def context(self) -> Mapping[str, Any]:
        today = organisation().today(self.now)
        actions = actions_of(self.body)[:20]
        may_change = may_define(self.body, self.person, self.now)
        add_seat = reverse("bodies:add-seat", args=[self.body.slug])
        return {
            "body": self.body,
            "seats": seats_on(self.body, today),
            "former": self.body.seats.filter(ended_on__lt=today).select_related("person"),
            "may_define": may_change,
            "add_seat_url": add_seat if may_change else "",
            "leads": self.leads,
            "upcoming": upcoming(self.body.sessions.all()),
            "past": past(self.body.sessions.all()),
            "actions": [(case, *status_of(case, today)) for case in actions],
            "reviews": Item.objects.filter(session__body=self.body, next_review_on__gte=today)
            .select_related("session")
            .order_by("next_review_on")[:10],
        }


class NewBody(InOurZone, FormPage):
    """A new body."""

    does = "bodies.define"
    nav = "bodies:sessions"
    title = gettext_lazy("New body")
    form_class = forms.BodyForm
    submit = gettext_lazy("Set up body")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Sessions"), reverse("bodies:sessions")), Crumb(str(self.title)))

    def form_arguments(self) -> Mapping[str, Any]:
        units = Unit.objects.none()
        for path in self.person.places("bodies.define"):
            units = units | Unit.objects.filter(path__startswith=path)
        return {"units": units}

    def perform(self, form: Any) -> str:
        given = dict(form.cleaned_data)
        given["slug"] = given["slug"] or slugify(given["name"])
        made = services.create_body(
            given.pop("name"), slug=given.pop("slug"), unit=given.pop("unit"), actor=self.person, **given
        )
        return made.get_absolute_url()


class BodyForm(FormPage, OneBody):
    """A form about a body; afterwards the person is back on its page."""

    does = "bodies.sit"

    def heading(self) -> str:
        return f"{self.title}: {self.body.name}"

    def perform(self, form: Any) -> str:
        self.act(form.cleaned_data)
        return self.body.get_absolute_url()

    def act(self, given: Mapping[str, Any]) -> None:
        """Call the service with what was given."""
        raise NotImplementedError


class EditBody(BodyForm):
    """Other rules."""

    title = gettext_lazy("Rules")
    form_class = forms.BodyForm
    submit = gettext_lazy("Save rules")

    def summary(self) -> str:
        return _("Sessions that are planned already keep the rules they were planned with.")

    def form_arguments(self) -> Mapping[str, Any]:
        return {"instance": self.body}

    def act(self, given: Mapping[str, Any]) -> None:
        services.change_body(self.body, actor=self.person, **given)


class AddSeat(BodyForm):
    """A person gets a seat."""

    title = gettext_lazy("Add a seat")
    form_class = forms.SeatForm
    submit = gettext_lazy("Add seat")

    def act(self, given: Mapping[str, Any]) -> None:
        services.add_seat(self.body, actor=self.person, **given)


class OneSeat(BodyForm):
    """A form about a seat."""

    @cached_property
    def seat(self) -> Seat:
        found = self.body.seats.filter(pk=self.kwargs["pk"]).select_related("body__unit", "person").first()
        if found is None:
            raise Missing
        return found

    def heading(self) -> str:
        return f"{self.title}: {self.seat.person.name}, {self.body.name}"


class EndSeat(ConfirmPage, OneSeat):
    """A term ends."""

    title = gettext_lazy("End the term")
    form_class = forms.EndSeatForm
    submit = gettext_lazy("End term")

    def summary(self) -> str:
        return _("Votes given stay on record. To sit again, the person gets a new seat.")

    def initial(self) -> Mapping[str, Any]:
        return {"last_day": organisation().today(self.now)}

    def act(self, given: Mapping[str, Any]) -> None:
        services.end_seat(self.seat, actor=self.person, last_day=given["last_day"])


class NameDeputy(OneSeat):
    """Who stands in on a seat."""

    title = gettext_lazy("Name a deputy")
    form_class = forms.DeputyForm
    submit = gettext_lazy("Save deputy")

    def summary(self) -> str:
        return _("A deputy votes on the seat in sessions to which the member sends them.")

    def initial(self) -> Mapping[str, Any]:
        return {"deputy": self.seat.deputy_id}

    def act(self, given: Mapping[str, Any]) -> None:
        services.name_deputy(self.seat, given["deputy"], actor=self.person)


class PlanSession(BodyForm):
    """A session, planned by hand."""

    title = gettext_lazy("New session")
    form_class = forms.SessionForm
    submit = gettext_lazy("Plan session")

    def initial(self) -> Mapping[str, Any]:
        found = next_sitting(self.body, self.now)
        tomorrow = organisation().today(self.now) + timedelta(days=1)
        starts = found.starts_at if found else datetime.combine(tomorrow, self.body.hour, organisation().zone)
        return {
            "mode": self.body.mode,
            "place": self.body.place,
            "starts_at": starts,
            "ends_at": starts + timedelta(minutes=self.body.duration_minutes),
        }

    def perform(self, form: Any) -> str:
        session = services.create_session(self.body, actor=self.person, **form.cleaned_data)
        return session.get_absolute_url()
