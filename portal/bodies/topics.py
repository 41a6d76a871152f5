"""What the kernel itself puts on agendas: minutes, actions, the scorecard, cases, systems and free items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from portal.accounts.services import organisation
from portal.areas import ABSTAIN, APPROVE, REJECT, Choice, Proposal, Role, Stance, Topic
from portal.audit.canonical import canonical
from portal.bodies.models import Body, Item, Minutes, Session, State
from portal.bodies.services.follow_up import actions_of
from portal.bodies.services.minutes import approve_minutes
from portal.cases.models import Case, Round
from portal.cases.models import State as CaseState
from portal.cases.selectors.status import status_of
from portal.cases.snapshots import facts
from portal.metrics.selectors import scorecard
from portal.web.figures import day, quantity
from portal.web.status import Tone

COURSES = (
    Choice("continue", "Continue", Stance.FOR, "continue"),
    Choice(
        "conditions",
        "Continue with conditions",
        Stance.FOR,
        "conditions",
        "Name them; each becomes a case with an owner and a day.",
    ),
    Choice("pause", "Pause until mended", Stance.AGAINST, "pause"),
    Choice("deprioritise", "Deprioritise", Stance.AGAINST, "deprioritise"),
    Choice("stop", "Stop", Stance.AGAINST, "stop"),
    ABSTAIN,
)
"""What a body can say of a system, the strictest last."""

CORRECT = Choice("correct", "Send back to be corrected", Stance.AGAINST, "rejected")


# --- What waits -----------------------------------------------------------------------------------------


def minutes_waiting(body: Body, _day: date) -> Iterator[Proposal]:
    """The newest minutes of each closed session, unless they are approved."""
    for session in body.sessions.filter(state=State.CLOSED).order_by("starts_at").prefetch_related("minutes"):
        written = list(session.minutes.all())
        if written and written[-1].approved_at is None:
            why = _("Written after the session; they hold once another session has approved them.")
            yield Proposal(_("Minutes: %(title)s") % {"title": session.title}, why, subject=written[-1])


def actions_waiting(body: Body, day: date) -> Iterator[Proposal]:
    """One item for all actions that are open on the day."""
    actions = [action for action in actions_of(body) if action.open]
    if actions:
        late = sum(action.due_on < day for action in actions)
        told = {"open": len(actions), "late": late}
        yield Proposal(_("Actions"), _("%(open)s open, %(late)s of them late on the day") % told)


def scorecard_waiting(body: Body, day: date) -> Iterator[Proposal]:
    """The scorecard, for committees, once there is one."""
    if body.role != Role.COMMITTEE:
        return
    tones = [kpi.status for pillar in scorecard(_end_of(day)) for kpi in pillar.kpis]
    if tones:
        off, risk = tones.count(Tone.BAD), tones.count(Tone.WARN)
        told = {"n": len(tones), "off": off, "risk": risk}
        why = _("Of %(n)s KPIs %(off)s off track and %(risk)s at risk") % told
        yield Proposal(_("Scorecard"), why)


def cases_waiting(body: Body, _day: date) -> Iterator[Proposal]:
    """The open cases that the body's role decides now, in its unit or below; never private ones."""
    if not body.role:
        return
    rounds = Round.objects.filter(
        roles__contains=[body.role], started_at__isnull=False, ended_at=None
    ).values("case")
    cases = (
        Case.objects.filter(
            pk__in=rounds, state=CaseState.OPEN, private=False, unit__path__startswith=body.unit.path
        )
        .exclude(owner__isnull=False)
        .select_related("system", "subject_type")
        .order_by("due_on", "pk")
    )
    today = organisation().today()
    for case in cases:
        late = case.due_on < today
        due = _("was due %(day)s") if late else _("due %(day)s")
        why = f"{case.ref}, {due % {'day': plain_day(case.due_on)}}"
        yield Proposal(case.title, why, subject=case, system=case.system, case=case)


def systems_waiting(body: Body, day: date) -> Iterator[Proposal]:
    """The systems this body wanted to see again by the day, by its latest decision on each."""
    decided = Item.objects.filter(session__body=body, state="closed", topic="system", system__isnull=False)
    latest: dict[int | None, Item] = {}
    for item in decided.select_related("system", "session").order_by("closed_at"):
        latest[item.system_id] = item
    for item in latest.values():
        if item.next_review_on is not None and item.next_review_on <= day:
            told = {"day": plain_day(item.next_review_on), "outcome": item.outcome_title.lower()}
            why = _("Review date %(day)s; last time: %(outcome)s") % told
            yield Proposal(str(item.system), why, subject=item.system, system=item.system)


def postponed_waiting(body: Body, _day: date) -> Iterator[Proposal]:
    """What the last session put off without a case, a system or minutes of its own to bring it back."""
    last = body.sessions.filter(state=State.CLOSED).order_by("-starts_at").first()
    if last is None:
        return
    for item in last.items.filter(outcome="postponed", topic="question"):
        yield Proposal(item.title, _("Postponed in %(title)s") % {"title": last.title}, system=item.system)


# --- Papers ---------------------------------------------------------------------------------------------


def paper_of_minutes(item: Item) -> Sequence[tuple[str, str]]:
    found = item.subject
    if not isinstance(found, Minutes):
        return ()
    return ((_("Version"), str(found.number)), (_("Digest"), found.digest), (_("Text"), found.text))


def paper_of_actions(item: Item) -> Sequence[tuple[str, str]]:
    today = organisation().today(item.session.starts_at)
    return [
        (action.title, _action_words(action, today))
        for action in actions_of(item.session.body)
        if action.open or (action.closed_at and action.closed_at >= _since(item.session))
    ]


def _action_words(case: Case, today: date) -> str:
    owner = case.owner.short_name if case.owner else ""
    return f"{owner}, {plain_day(case.due_on)}, {status_of(case, today)[1].lower()}".replace("\u00a0", " ")


def paper_of_scorecard(item: Item) -> Sequence[tuple[str, str]]:
    kpis = [kpi for pillar in scorecard(item.session.starts_at) for kpi in pillar.kpis]
    return [
        (
            kpi.name,
            f"{quantity(kpi.value, kpi.unit, kpi.places)} ({kpi.target_text or '—'}), {kpi.word.lower()}",
        )
        for kpi in kpis
    ]


def paper_of_case(item: Item) -> Sequence[tuple[str, str]]:
    case = item.case
    if case is None:
        return ()
    asked = case.opened_by.short_name if case.opened_by else _("The portal")
    return [
        (_("Case"), case.ref),
        (_("Asked by"), asked.replace("\u00a0", " ")),
        (_("Why"), case.reason or "—"),
        *facts(canonical(_brief(json.loads(case.snapshot)))),
    ]


def _brief(value: Any) -> Any:
    """A picture for a paper: of a list of things their names alone; the case has the whole."""
    if isinstance(value, dict):
        return {key: _brief(inner) for key, inner in value.items()}
    if (
        isinstance(value, list)
        and value
        and all(isinstance(inner, dict) and "name" in inner for inner in value)
    ):
        return [inner["name"] for inner in value]
    return value


def paper_of_system(item: Item) -> Sequence[tuple[str, str]]:
    system = item.system
    if system is None:
        return ()
    told = [
        (_("Purpose"), system.purpose or "—"),
        (_("People affected"), system.population or "—"),
        (_("Owner"), system.owner.name if system.owner else "—"),
        (_("Unit"), str(system.unit)),
        (_("Risk tier"), system.get_risk_tier_display()),
        (_("Stage"), system.get_stage_display()),
    ]
    before = (
        Item.objects.filter(session__body=item.session.body, system=system, state="closed", takes_votes=True)
        .exclude(session=item.session)
        .order_by("-closed_at")
        .first()
    )
    if before is not None and before.closed_at is not None:
        told.append((_("Last decision"), f"{before.outcome_title}, {plain_day(before.closed_at)}"))
    open_findings = system.findings.unclosed().count() if hasattr(system.findings, "unclosed") else 0
    told.append((_("Open findings"), str(open_findings)))
    return told


def plain_day(value: date) -> str:
    """A day in plain spaces: what is frozen is compared byte by byte and read by programs."""
    return day(value).replace("\u00a0", " ")


def _since(session: Session) -> datetime:
    """When the session before this one began, or the beginning of time."""
    earlier = session.body.sessions.filter(state=State.CLOSED, starts_at__lt=session.starts_at)
    last = earlier.order_by("-starts_at").first()
    return last.starts_at if last is not None else session.body.created_at


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, organisation().zone)


MINUTES = Topic(
    "minutes",
    "Minutes",
    proposes=minutes_waiting,
    choices=(APPROVE, CORRECT, ABSTAIN),
    paper=paper_of_minutes,
    on_closed=approve_minutes,
    minutes=5,
    order=10,
)
ACTIONS = Topic("actions", "Actions", proposes=actions_waiting, paper=paper_of_actions, order=20)
SCORECARD = Topic("scorecard", "Scorecard", proposes=scorecard_waiting, paper=paper_of_scorecard, order=30)
CASE = Topic("case", "Case", proposes=cases_waiting, paper=paper_of_case, minutes=15, order=40)
SYSTEM = Topic(
    "system",
    "System",
    proposes=systems_waiting,
    choices=COURSES,
    paper=paper_of_system,
    minutes=15,
    order=50,
    by_hand=True,
)
QUESTION = Topic(
    "question",
    "Question to decide",
    proposes=postponed_waiting,
    choices=(APPROVE, REJECT, ABSTAIN),
    order=60,
    by_hand=True,
)
NOTICE = Topic("notice", "For information", minutes=5, order=70, by_hand=True)

TOPICS = (MINUTES, ACTIONS, SCORECARD, CASE, SYSTEM, QUESTION, NOTICE)
