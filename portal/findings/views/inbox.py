"""The inbox: what needs me, what I watch, what is done; and how I want to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import View

from portal.accounts.services import organisation
from portal.areas import Severity
from portal.errors import Missing
from portal.findings import selectors, services
from portal.findings.forms import RouteForm, SnoozeForm, TriageForm
from portal.findings.models import AlertRoute, Channel, Finding, Notification
from portal.findings.readings import reading_rows, trend_chart
from portal.rights import SIGNED_IN, may
from portal.web.pages import ActionView, FormPage, Page
from portal.web.parts import Crumb, Tab

SHOWN = 200
"""Lines of the inbox on one page: whoever has more has other troubles than a page."""


class InboxPage(Page):
    """The inbox and its tabs."""

    does = SIGNED_IN
    nav = "findings:inbox"
    title = gettext_lazy("Inbox")
    template_name = "findings/inbox.html"
    tab = "inbox"

    @cached_property
    def today(self) -> date:
        return organisation().today()

    def lines(self) -> QuerySet[Notification]:
        """What this tab shows."""
        raise NotImplementedError

    def tabs(self) -> Sequence[Tab]:
        person = self.person
        known: list[tuple[str, str, QuerySet[Any]]] = [(_("Needs you"), "inbox", selectors.needs_me(person))]
        if may(person, "findings.answer"):
            known.append((_("Findings to triage"), "triage", selectors.to_triage(person)))
        known += [
            (_("Watching"), "watching", selectors.watched(person)),
            (_("Done"), "done", selectors.done(person)),
        ]
        return [
            Tab(title, reverse(f"findings:{name}"), current=name == self.tab, count=rows.count())
            for title, name, rows in known
        ]

    def context(self) -> Mapping[str, Any]:
        rows = [
            (
                line,
                selectors.time_left(line.due_on, self.today),
                bool(line.due_on and line.due_on < self.today),
            )
            for line in self.lines()[:SHOWN]
        ]
        return {"rows": rows, "tab": self.tab}


class Inbox(InboxPage):
    """What needs this person now."""

    def lines(self) -> QuerySet[Notification]:
        return selectors.needs_me(self.person)

    def heading(self) -> str:
        count = selectors.needs_me(self.person).count()
        return (
            ngettext("%d thing needs you", "%d things need you", count) % count
            if count
            else _("Nothing needs you")
        )


class Watching(InboxPage):
    """What this person watches, and what they snoozed."""

    tab = "watching"

    def lines(self) -> QuerySet[Notification]:
        return selectors.watched(self.person)


class Done(InboxPage):
    """What is settled."""

    tab = "done"

    def lines(self) -> QuerySet[Notification]:
        return selectors.done(self.person)


class Triage(InboxPage):
    """The findings that wait for this person's answer, and the one that is open beside them."""

    does = "findings.read"
    template_name = "findings/triage.html"
    tab = "triage"

    @cached_property
    def waiting(self) -> list[Finding]:
        return list(selectors.to_triage(self.person)[:SHOWN])

    @cached_property
    def chosen(self) -> Finding | None:
        """The finding of ``?open=F-12``, else the first."""
        wanted = self.request.GET.get("open", "")
        return next(
            (each for each in self.waiting if each.ref == wanted), self.waiting[0] if self.waiting else None
        )

    def heading(self) -> str:
        return selectors.triage_sentence(self.person)

    def lines(self) -> QuerySet[Notification]:
        return selectors.needs_me(self.person)

    def context(self) -> Mapping[str, Any]:
        chosen, person = self.chosen, self.person
        groups = [
            (severity, [(each, selectors.time_left(each.due_on, self.today)) for each in mine])
            for severity, mine in self._by_severity()
        ]
        answers = chosen is not None and may(person, "findings.answer")
        return {
            "groups": groups,
            "chosen": chosen,
            "tab": self.tab,
            "readings": reading_rows(chosen.detail.get("readings", [])) if chosen else [],
            "trend": trend_chart(chosen.detail) if chosen else None,
            "similar": selectors.similar(chosen) if chosen else [],
            "triage": TriageForm(finding=chosen, user=person) if chosen and answers else None,
            "here": self.request.get_full_path(),
        }

    def _by_severity(self) -> list[tuple[Severity, list[Finding]]]:
        worst_first = sorted(Severity, key=list(Severity).index, reverse=True)
        found = [(severity, [f for f in self.waiting if f.severity == severity]) for severity in worst_first]
        return [(severity, mine) for severity, mine in found if mine]


class OneLine(View):
    """A view about one line of the person's own inbox."""

    @cached_property
    def line(self) -> Notification:
        found = Notification.objects.filter(pk=self.kwargs["pk"], user=self.request.user.pk).first()
        if found is None:
            raise Missing
        return found

    def back_url(self) -> str:
        return reverse("findings:inbox")


class Finish(OneLine, ActionView):
    does = SIGNED_IN

    def perform(self) -> None:
        services.finish(self.line, actor=self.person)


class Snooze(OneLine, FormPage):
    """Out of sight until a day."""

    does = SIGNED_IN
    title = gettext_lazy("Snooze")
    nav = "findings:inbox"
    form_class = SnoozeForm
    submit = gettext_lazy("Snooze")

    def summary(self) -> str:
        return self.line.title

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Inbox"), self.back_url()), Crumb(str(self.title)))

    def perform(self, form: Any) -> str:
        until = datetime.combine(form.cleaned_data["until"], time(), organisation().zone)
        services.snooze(self.line, until=until, actor=self.person)
        return self.back_url()


class Alerts(FormPage):
    """How this person hears of findings."""

    does = "findings.read"
    title = gettext_lazy("Alerts")
    nav = "findings:inbox"
    template_name = "findings/alerts.html"
    form_class = RouteForm
    submit = gettext_lazy("Set alert")

    def summary(self) -> str:
        return _("Your own findings reach your inbox and a daily mail, unless you say otherwise.")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Inbox"), reverse("findings:inbox")), Crumb(str(self.title)))

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person}

    def context(self) -> Mapping[str, Any]:
        return {"routes": AlertRoute.objects.filter(user=self.person).select_related("system")}

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        day = data["muted_until"]
        services.set_route(
            self.person,
            channel=Channel(data["channel"]),
            kind=data["kind"],
            system=data["system"],
            severity=Severity(data["severity"]),
            muted_until=datetime.combine(day, time(), organisation().zone) if day else None,
        )
        return reverse("findings:alerts")


class StopAlert(ActionView):
    does = "findings.read"

    def perform(self) -> None:
        route = AlertRoute.objects.filter(pk=self.kwargs["pk"], user=self.person).first()
        if route is None:
            raise Missing
        services.stop_route(route, actor=self.person)

    def back_url(self) -> str:
        return reverse("findings:alerts")
