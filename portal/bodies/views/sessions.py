"""The list of sessions, one session, and what is done with it as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.models import User
from portal.bodies import forms, services
from portal.bodies.models import Body, Reply, Seat, Session, State
from portal.bodies.selectors.agenda import proposals
from portal.bodies.selectors.sessions import (
    SessionRow,
    agenda_rows,
    attendance_rows,
    in_days,
    past,
    readiness,
    session_facts,
    upcoming,
)
from portal.bodies.views.base import InOurZone, OneSession, SessionAction
from portal.errors import Missing
from portal.rights import may
from portal.web.figures import moment
from portal.web.pages import ConfirmPage, FormPage, Page
from portal.web.parts import Crumb, Fact


class SessionsPage(InOurZone, Page):
    """What is ahead, what was decided, and the bodies that decide."""

    does = "bodies.read"
    title = gettext_lazy("Sessions")
    template_name = "bodies/sessions.html"

    @cached_property
    def coming(self) -> list[SessionRow]:
        return upcoming(Session.objects.visible_to(self.person))

    @cached_property
    def first(self) -> Session | None:
        """The next session of a body the person sits on, else the next of any."""
        seats = Seat.objects.on(timezone.now().date()).held_by(self.person)
        mine = set(seats.values_list("body", flat=True))
        rows = [row.session for row in self.coming]
        return next((row for row in rows if row.body_id in mine), rows[0] if rows else None)

    def heading(self) -> str:
        first = self.first
        if first is None:
            return _("Sessions: none is planned")
        told = {"title": first.title, "body": first.body, "when": in_days(first, timezone.now())}
        return _("Next: %(title)s of %(body)s, %(when)s") % told

    def summary(self) -> str:
        first = self.first
        if first is None:
            return _("A body with a rhythm plans its sessions itself.")
        return moment(first.starts_at) + (f", {first.place}" if first.place else "")

    def context(self) -> Mapping[str, Any]:
        bodies = Body.objects.visible_to(self.person).active().select_related("unit")
        return {
            "upcoming": self.coming,
            "past": past(Session.objects.visible_to(self.person)),
            "bodies": bodies,
            "may_define": may(self.person, "bodies.define"),
        }


class SessionPage(OneSession):
    """A session from its first plan to its minutes: agenda, attendance, and the next step."""

    template_name = "bodies/session.html"

    def heading(self) -> str:
        return f"{self.session.title}, {self.body.name}"

    def summary(self) -> str:
        session = self.session
        if session.state == State.CANCELLED:
            return _("Cancelled: %(why)s") % {"why": session.cancelled_because}
        if session.running:
            left = sum(not row.item.closed for row in self.agenda)
            return ngettext("%(n)s item is left.", "%(n)s items are left.", left) % {"n": left}
        if session.state == State.CLOSED:
            decided = sum(row.item.takes_votes and row.item.outcome != "postponed" for row in self.agenda)
            return ngettext("%(n)s decision was made.", "%(n)s decisions were made.", decided) % {
                "n": decided
            }
        return _("It begins %(when)s.") % {"when": in_days(session, self.now)}

    def crumbs(self) -> Sequence[Crumb]:
        return (*super().crumbs()[:2], Crumb(self.session.title))

    @cached_property
    def agenda(self) -> Any:
        items = self.session.items.select_related("case", "system", "proposed_by")
        rows = list(items)
        for row in rows:
            row.session = self.session
        return agenda_rows(rows)

    @cached_property
    def seats(self) -> Any:
        return attendance_rows(self.session, marks=self.leads and self.session.near(self.now))

    def facts(self) -> Sequence[Fact]:
        voting = sum(row.seat.votes for row in self.seats)
        present = sum(row.word == _("Present") for row in self.seats)
        return session_facts(self.session, present, voting)

    def context(self) -> Mapping[str, Any]:
        session = self.session
        waiting = len(proposals(session)) if session.planning and self.leads else 0
        own = session.attendance.filter(seat__person=self.person).first()
        sits = [row.seat for row in self.seats if self.person.pk in (row.seat.person_id, row.seat.deputy_id)]
        present = session.attendance.filter(attended_by=self.person).exists()
        takes = session.state in (State.CALLED, State.FROZEN, State.RUNNING)
        return {
            "session": session,
            "agenda": self.agenda,
            "agenda_link": self.url("agenda") if session.planning else "",
            "seats": self.seats,
            "leads": self.leads,
            "waiting": waiting,
            "readiness": readiness(session, waiting) if session.ahead else (),
            "replies": [(value, label) for value, label in Reply.choices if value],
            "own": own,
            "may_answer": own is not None and session.ahead and session.state != State.DRAFT,
            "near": session.in_writing or session.near(self.now),
            "may_arrive": bool(sits) and takes and session.near(self.now) and not present,
            "current": next((row.item for row in self.agenda if row.item.open), None),
            "following": next((row.item for row in self.agenda if row.item.state == "planned"), None),
            "all_closed": all(row.item.closed for row in self.agenda),
            "pack": getattr(session, "pack", None),
            "minutes": session.minutes.last(),
            "may_propose": bool(sits) and session.planning,
        }


class CallSession(SessionAction):
    """Invite everybody."""

    def perform(self) -> str:
        services.call_session(self.session, actor=self.person)
        return _("Invitations are on their way.")


class FreezePack(SessionAction):
    """Freeze the pack before the session begins."""

    def perform(self) -> str:
        services.freeze_pack(self.session, actor=self.person)
        return _("The pack is frozen.")


class StartSession(SessionAction):
    """Begin."""

    def perform(self) -> str:
        services.start_session(self.session, actor=self.person)
        return _("The session has begun.")


class Arrive(SessionAction):
    """Mark oneself, or for who leads the body somebody, as present."""

    def perform(self) -> str:
        login = self.request.POST.get("person", "")
        person = User.objects.filter(username=login).first() if login else None
        if login and person is None:
            raise Missing
        services.arrive(self.session, actor=self.person, person=person)
        return ""


class Answer(SessionAction):
    """Answer the invitation."""

    def perform(self) -> str:
        services.answer_invitation(self.session, actor=self.person, reply=self.request.POST.get("reply", ""))
        return _("Your answer is noted.")


class CloseSession(SessionAction):
    """End the session."""

    def perform(self) -> str:
        services.close_session(self.session, actor=self.person)
        return _("The session is closed and its minutes are written.")

    def back_url(self) -> str:
        self.session.refresh_from_db()
        page = "bodies:minutes" if self.session.state == State.CLOSED else "bodies:session"
        return reverse(page, args=[self.session.ref])


class SessionForm(FormPage, OneSession):
    """A form about a session; afterwards the person is back on its page."""

    does = "bodies.sit"

    def heading(self) -> str:
        return f"{self.title}: {self.session.title}"

    def perform(self, form: Any) -> str:
        self.act(form.cleaned_data)
        return self.session.get_absolute_url()

    def act(self, given: Mapping[str, Any]) -> None:
        """Call the service with what was given."""
        raise NotImplementedError


class MoveSession(SessionForm):
    """Another day, hour or place."""

    title = gettext_lazy("Move the session")
    form_class = forms.MoveForm
    submit = gettext_lazy("Move session")

    def summary(self) -> str:
        return _("Whoever was invited is invited anew.")

    def initial(self) -> Mapping[str, Any]:
        return forms.initial_of(self.session)

    def act(self, given: Mapping[str, Any]) -> None:
        services.move_session(self.session, actor=self.person, **given)


class CancelSession(ConfirmPage, SessionForm):
    """Call it off."""

    title = gettext_lazy("Cancel the session")
    form_class = forms.CancelForm
    submit = gettext_lazy("Cancel session")

    def summary(self) -> str:
        return _("Everybody is told. What waits for a decision is proposed for the next session.")

    def act(self, given: Mapping[str, Any]) -> None:
        services.cancel_session(self.session, actor=self.person, reason=given["reason"])


class ExtendSession(SessionForm):
    """A later deadline for votes in writing."""

    title = gettext_lazy("Set a later deadline")
    form_class = forms.ExtendForm
    submit = gettext_lazy("Set deadline")

    def initial(self) -> Mapping[str, Any]:
        return {"ends_at": self.session.ends_at}

    def act(self, given: Mapping[str, Any]) -> None:
        services.extend(self.session, given["ends_at"], actor=self.person, reason=given["reason"])
