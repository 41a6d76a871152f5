"""What the page of a case shows beside its bench: what changed, the conditions, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.cases.models import Case, Condition, ConditionState, State
from portal.cases.selectors.bench import choice_named, in_words, people
from portal.cases.selectors.standing import changed_facts, is_stale, subject_of
from portal.cases.snapshots import Change
from portal.web.figures import day, unbroken
from portal.web.parts import Event, Fact
from portal.web.status import Tone

SHOWN_CHANGES = 12
SHOWN_EVENTS = 30


@dataclass(frozen=True, slots=True)
class StaleNotice:
    """A decision, or a question, that is about something else than what is there now."""

    title: str
    text: str
    case: Case
    changes: Sequence[Change]
    more: int


def stale_notice(case: Case) -> StaleNotice | None:
    """What to say above a case whose subject changed, or whose forerunner's approval no longer holds."""
    if case.state in (State.WITHDRAWN, State.EXPIRED):
        return None
    if case.state == State.DECIDED:
        return _approval_stale(case) if case.approved and is_stale(case) else None
    if is_stale(case):
        changes = changed_facts(case)
        return StaleNotice(
            _("The question is stale."),
            _("What is to be decided has changed since it was asked, so nobody can vote. Ask again."),
            case,
            changes[:SHOWN_CHANGES],
            max(0, len(changes) - SHOWN_CHANGES),
        )
    earlier = Case.objects.filter(
        kind=case.kind, subject_type=case.subject_type_id, subject_id=case.subject_id, state=State.DECIDED
    ).order_by("-closed_at", "-pk")
    last = earlier.first()
    return _approval_stale(last) if last is not None and last.approved and is_stale(last) else None


def _approval_stale(case: Case) -> StaleNotice:
    changes = changed_facts(case)
    assert case.closed_at is not None
    facts = ngettext("%(n)s fact has changed", "%(n)s facts have changed", len(changes))
    what = facts % {"n": in_words(len(changes)) if changes else _("its subject")}
    return StaleNotice(
        _("The approval of %(day)s is stale.") % {"day": day(case.closed_at)},
        _("It was given for something else: %(what)s since, so the gate closed again.") % {"what": what},
        case,
        changes[:SHOWN_CHANGES],
        max(0, len(changes) - SHOWN_CHANGES),
    )


# --- Facts, conditions, events --------------------------------------------------------------------------


def case_facts(case: Case, status: tuple[Tone, str], today: date) -> list[Fact]:
    """The row of facts under the title."""
    facts = [Fact(_("Status"), status[1], tone=status[0]), Fact(_("Kind"), _(case.declared_kind.title))]
    if case.system is not None:
        facts.append(Fact(_("System"), case.system, url=case.system.get_absolute_url()))
        if case.system.owner is not None:
            facts.append(Fact(_("Owner"), case.system.owner))
    facts += _subject(case)
    if case.owner is not None:
        facts.append(Fact(_("To be done by"), case.owner))
    if case.open:
        facts.append(Fact(_("Due"), day(case.due_on), _distance(case.due_on, today)))
    elif case.closed_at is not None:
        facts.append(Fact(_("Closed"), day(case.closed_at)))
    facts.append(Fact(_("Asked by"), case.opened_by or _("The portal"), day(case.opened_at)))
    return facts


def _subject(case: Case) -> list[Fact]:
    """What it is about, where that has a page of its own other than the system's. One query."""
    subject = subject_of(case)
    address = getattr(subject, "get_absolute_url", None)
    if address is None or subject == case.system:
        return []
    return [Fact(_("About"), getattr(subject, "ref", "") or subject, url=address())]


def _distance(due: date, today: date) -> str:
    days = (due - today).days
    if days == 0:
        return _("today")
    span = ngettext("%(n)s day", "%(n)s days", abs(days)) % {"n": abs(days)}
    return (_("in %(span)s") if days > 0 else _("%(span)s ago")) % {"span": span}


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition with its state in words and what this person may do about it."""

    condition: Condition
    tone: Tone
    word: str
    may_report: bool
    may_accept: bool


def condition_rows(case: Case, person: User, *, decides: bool, today: date) -> list[ConditionRow]:
    """The conditions of a case. One query."""
    rows = case.conditions.select_related("owner", "proposed_by", "evidence")
    return [
        ConditionRow(
            condition,
            *_condition_state(condition, today),
            may_report=condition.state == ConditionState.BINDING and condition.owner == person,
            may_accept=condition.state == ConditionState.BINDING and decides and condition.owner != person,
        )
        for condition in rows
    ]


def _condition_state(condition: Condition, today: date) -> tuple[Tone, str]:
    if condition.state == ConditionState.MET:
        return Tone.GOOD, _("Met")
    if condition.state == ConditionState.DROPPED:
        return Tone.NONE, _("Fell away")
    if condition.state == ConditionState.PROPOSED:
        return Tone.WAIT, _("Proposed")
    if condition.reported_at is not None:
        return Tone.INFO, _("Reported met")
    if condition.due_on is not None and condition.due_on < today:
        late = (today - condition.due_on).days
        return Tone.BAD, ngettext("%(n)s day late", "%(n)s days late", late) % {"n": late}
    return Tone.WAIT, _("Open")


def timeline(case: Case) -> list[Event]:
    """What happened, the newest first, as the audit tells it. Two queries."""
    keys = [str(key) for key in case.conditions.values_list("pk", flat=True)]
    about = Q(object_type="cases.case", object_id=str(case.pk))
    about |= Q(object_type="cases.condition", object_id__in=keys)
    entries = Entry.objects.filter(about, denied=False).select_related("actor")[:SHOWN_EVENTS]
    return [Event(at=entry.happened_at, text=_sentence(entry, case)) for entry in entries]


def _sentence(entry: Entry, case: Case) -> str:
    told = entry.told["facts"]
    who = entry.actor.short_name if entry.actor is not None else _("The portal")
    known = {"who": unbroken(who), "n": people(len(told.get("told", ()))), "text": told.get("text", "")}
    known["outcome"] = case.outcome_title.lower()
    choice = choice_named(case.declared_kind, told.get("choice", ""))
    if choice is not None:
        return _("%(who)s voted: %(choice)s.") % {**known, "choice": _(choice.title).lower()}
    return SENTENCES[entry.action]() % known if entry.action in SENTENCES else entry.action


SENTENCES = {
    "case.opened": lambda: _("%(who)s asked for this decision."),
    "case.voted": lambda: _("%(who)s voted."),
    "case.conflict": lambda: _("%(who)s declared a conflict of interest."),
    "case.condition": lambda: _("%(who)s named a condition. %(text)s"),
    "case.commented": lambda: _("%(who)s wrote a remark. %(text)s"),
    "case.postponed": lambda: _("%(who)s set a new day."),
    "case.round": lambda: _("The next round opened."),
    "case.reminded": lambda: _("A reminder went to %(n)s."),
    "case.escalated": lambda: _("It fell due, and went up to %(n)s."),
    "case.decided": lambda: _("Decided with the vote of %(who)s: %(outcome)s."),
    "case.withdrawn": lambda: _("%(who)s withdrew the case."),
    "case.expired": lambda: _("The case expired. Nothing was approved."),
    "case.stale": lambda: _("What was approved has changed: the decision became stale."),
    "case.condition_reported": lambda: _("%(who)s reported a condition as met."),
    "case.condition_met": lambda: _("%(who)s accepted that a condition is met."),
}
"""What the audit's actions say on the page of a case; translated when shown."""
