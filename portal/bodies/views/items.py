"""One item: its paper, the vote on it, what is said, and its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Prefetch, prefetch_related_objects
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.bodies import forms, services
from portal.bodies.models import Ballot, Conflict, Pack
from portal.bodies.selectors.bench import approval_view, tally, tie_words, why_no_ballot
from portal.bodies.selectors.sessions import agenda_rows, state_of
from portal.bodies.views.base import OneItem, SessionAction
from portal.evidence.selectors import as_items, evidence_of
from portal.web.markdown import as_html
from portal.web.pages import FormPage


class ItemPage(FormPage, OneItem):
    """The guided session: agenda at the left, the item and its evidence, the vote at the right."""

    does = {"get": "bodies.read", "post": "bodies.sit"}
    template_name = "bodies/item.html"
    fragment_name = "bodies/vote.html"
    form_class = forms.BallotForm
    submit = gettext_lazy("Cast vote")

    def heading(self) -> str:
        item = self.item
        if not item.closed:
            return str(item)
        if item.title.endswith("?"):
            return f"{item} {item.outcome_title}"
        return f"{item}: {item.outcome_title[:1].lower()}{item.outcome_title[1:]}"

    def summary(self) -> str:
        return self.item.why

    def form_arguments(self) -> Mapping[str, Any]:
        return {"item": self.item}

    def initial(self) -> Mapping[str, Any]:
        own = self.own
        return {"choice": own.choice, "reason": own.reason} if own is not None else {}

    @cached_property
    def own(self) -> Ballot | None:
        return self.item.ballots.filter(voter=self.person).first()

    @cached_property
    def blocked(self) -> str:
        """Why there is no form for this person; empty where there is one."""
        item = self.item
        if item.closed or not item.takes_votes:
            return ""
        if not item.open:
            return _("Votes are given once the item is open.")
        if item.session.over(self.now):
            return _("The deadline for votes has passed.")
        why = why_no_ballot(item, self.person, self.now)
        if why == _("You are not marked as present.") and item.session.in_writing:
            return ""
        return why

    @cached_property
    def paper(self) -> Sequence[tuple[str, str]]:
        """What the frozen pack says of the item; before it is frozen, what the records say now."""
        if self.pack is not None:
            data = json.loads(self.pack.data)
            for item in data["items"]:
                if item["number"] == self.item.number:
                    return [(fact["label"], fact["value"]) for fact in item["facts"]]
        topic = self.item.declared_topic
        return topic.paper(self.item) if topic.paper is not None else ()

    @cached_property
    def pack(self) -> Pack | None:
        return getattr(self.session, "pack", None)

    def clock(self) -> str:
        """How the open item stands to its time; a word, not a colour."""
        item = self.item
        if item.session.in_writing or not item.open or item.opened_at is None:
            return ""
        over = int((self.now - item.opened_at).total_seconds() // 60) - item.minutes
        if over > 0:
            return _("%(n)s min over") % {"n": over}
        return _("%(n)s min left") % {"n": -over}

    def context(self) -> Mapping[str, Any]:
        item, session = self.item, self.session
        about = item.case or item.system
        rows = list(session.items.select_related("case"))
        for row in rows:
            row.session = session
        prefetch_related_objects([item], Prefetch("conflicts", Conflict.objects.select_related("person")))
        seats = session.attendance.filter(seat__votes=True)
        counts = seats.aggregate(voting=Count("pk"), present=Count("attended_by"))
        may_vote = item.open and item.takes_votes and not self.blocked
        sits = self.leads or session.attendance.filter(seat__person=self.person).exists()
        text = next(
            (value for label, value in self.paper if item.topic == "minutes" and label == _("Text")), ""
        )
        may_condition = may_vote and any(choice.outcome == "conditions" for choice in item.choices)
        counted = tally(item) if item.open and item.takes_votes else None
        return {
            "item": item,
            "session": session,
            "state": state_of(session),
            "agenda": agenda_rows(rows),
            **counts,
            "clock": self.clock(),
            "count": len(rows),
            "paper": [(label, value) for label, value in self.paper if value != text or not text],
            "text": as_html(text) if text else "",
            "evidence": as_items(evidence_of(about).filter(private=False)) if about is not None else (),
            "notes": item.notes.select_related("author"),
            "conflicts": item.conflicts.all(),
            "conditions": item.conditions.select_related("owner", "proposed_by", "follow_up"),
            "ballots": item.ballots.select_related("voter", "seat__person") if item.closed else (),
            "titles": {choice.slug: choice.title for choice in item.choices},
            "approval": approval_view(item, self.person, self.blocked) if item.takes_votes else None,
            "tie": tie_words(item) if item.takes_votes else "",
            "own": self.own,
            "may_vote": may_vote,
            "may_conflict": may_vote or (sits and item.takes_votes and item.state == "planned"),
            "may_note": sits and session.running and not item.closed,
            "may_condition": may_condition,
            "condition_link": self.url("condition", item.number) if may_condition else "",
            "paper_note": _("of the frozen pack") if self.pack is not None else "",
            "leads": self.leads,
            "counted": counted,
            "pack": self.pack,
            "next": next((row for row in rows if row.number > item.number and not row.closed), None),
            "may_open": self.leads and session.running and item.state == "planned",
            "may_close": self.leads and session.running and not item.closed,
        }

    def perform(self, form: Any) -> str:
        given = form.cleaned_data
        services.cast_ballot(
            self.item,
            actor=self.person,
            choice=given["choice"],
            reason=given["reason"],
        )
        return self.item.get_absolute_url()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return _("Your vote is in. You can change it until the item is closed.")


class ItemForm(FormPage, OneItem):
    """A form about an item; afterwards the person is back on its page."""

    does = "bodies.sit"

    def heading(self) -> str:
        return f"{self.title}: {self.item.title}"

    def perform(self, form: Any) -> str:
        self.act(form)
        return self.item.get_absolute_url()

    def act(self, form: Any) -> None:
        """Call the service with what was given."""
        raise NotImplementedError


class DeclareConflict(ItemForm):
    """Step aside from an item."""

    title = gettext_lazy("Declare a conflict")
    form_class = forms.ConflictForm
    submit = gettext_lazy("Declare conflict")

    def summary(self) -> str:
        return _("You then have no vote on this item, and the count leaves you out. It cannot be taken back.")

    def act(self, form: Any) -> None:
        services.declare_conflict(self.item, actor=self.person, reason=form.cleaned_data["reason"])


class NameCondition(ItemForm):
    """A condition, named while the item is open."""

    title = gettext_lazy("Name a condition")
    form_class = forms.ConditionForm
    submit = gettext_lazy("Name condition")

    def act(self, form: Any) -> None:
        services.propose_condition(self.item, form.demand, actor=self.person)


class CloseItem(ItemForm):
    """The chair closes an item: votes are counted and shown."""

    title = gettext_lazy("Close the item")
    form_class = forms.CloseForm
    submit = gettext_lazy("Close item")

    def summary(self) -> str:
        item = self.item
        if not item.takes_votes:
            return _("It is for information: it is closed as noted.")
        if not item.open:
            return _("It has not been opened, so it can only be postponed.")
        counted = tally(item)
        if not counted.choice:
            return f"{counted.why} {_('It can be postponed.')}"
        voices = ngettext("%(n)s voice is in", "%(n)s voices are in", counted.voices) % {"n": counted.voices}
        return _("%(voices)s. Closing shows the votes and lets the outcome take effect.") % {"voices": voices}

    def initial(self) -> Mapping[str, Any]:
        item = self.item
        undecided = item.takes_votes and (not item.open or not tally(item).choice)
        return {"postpone": undecided}

    def act(self, form: Any) -> None:
        services.close_item(self.item, actor=self.person, **form.cleaned_data)


class ItemAction(SessionAction):
    """A button on an item."""

    def back_url(self) -> str:
        return self.item.get_absolute_url()


class OpenItem(ItemAction):
    """Take it up."""

    def perform(self) -> str:
        services.open_item(self.item, actor=self.person)
        return ""


class AddNote(ItemAction):
    """Note what was said."""

    def perform(self) -> str:
        services.add_note(self.item, actor=self.person, text=self.request.POST.get("text", ""))
        return ""
