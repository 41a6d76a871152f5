"""What the pages of sessions and bodies show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.bodies.models import Body, Item, ItemState, Reply, Seat, Session, State
from portal.bodies.models.sessions import AHEAD
from portal.errors import Missing
from portal.web.figures import moment
from portal.web.parts import Fact, GateRow
from portal.web.status import Tone

STATES: dict[str, tuple[Tone, str]] = {
    State.DRAFT: (Tone.WAIT, "Draft"),
    State.CALLED: (Tone.INFO, "Called"),
    State.FROZEN: (Tone.INFO, "Pack frozen"),
    State.RUNNING: (Tone.INFO, "In session"),
    State.CLOSED: (Tone.GOOD, "Closed"),
    State.CANCELLED: (Tone.NONE, "Cancelled"),
}


def session_named(ref: str, user: User) -> Session:
    """The session of a reference such as SES-4, if this person may read it. Raises Missing."""
    found = Session.objects.visible_to(user).with_ref(ref).select_related("body__unit", "pack").first()
    if found is None:
        raise Missing
    return found


def body_named(slug: str, user: User) -> Body:
    """The body of a slug, if this person may read it. Raises Missing."""
    found = Body.objects.visible_to(user).filter(slug=slug).select_related("unit").first()
    if found is None:
        raise Missing
    return found


def state_of(session: Session) -> tuple[Tone, str]:
    """How far a session has come, in a tone and a word; a closed one says whether its minutes hold."""
    tone, word = STATES[session.state]
    if session.state != State.CLOSED:
        return tone, _(word)
    written = list(session.minutes.all())
    if not written or written[-1].approved_at is None:
        return Tone.WAIT, _("Minutes to approve")
    return tone, _("Minutes approved")


# --- Lists ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in a list: how it stands, and how much is on its agenda."""

    session: Session
    tone: Tone
    word: str
    items: int
    decided: int


def upcoming(sessions: QuerySet[Session]) -> list[SessionRow]:
    """What is planned or running, the next first. Two queries."""
    return _rows(sessions.filter(state__in=[*AHEAD, State.RUNNING]).order_by("starts_at", "pk"))


def past(sessions: QuerySet[Session], limit: int = 12) -> list[SessionRow]:
    """What is over, the newest first. Two queries."""
    return _rows(sessions.filter(state__in=[State.CLOSED, State.CANCELLED]).order_by("-starts_at")[:limit])


def _rows(sessions: QuerySet[Session]) -> list[SessionRow]:
    rows = sessions.select_related("body").prefetch_related("minutes")
    counted = rows.annotate(
        items_on=Count("items", distinct=True),
        decided=Count(
            "items", filter=Q(items__takes_votes=True, items__state=ItemState.CLOSED), distinct=True
        ),
    )
    return [SessionRow(row, *state_of(row), items=row.items_on, decided=row.decided) for row in counted]


def in_days(session: Session, now: datetime) -> str:
    """How far ahead a session lies, in words of days."""
    ours = organisation()
    days = (ours.today(session.starts_at) - ours.today(now)).days
    if days <= 0:
        return _("today") if days == 0 else _("its day is over")
    return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}


# --- One session ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """A line of the agenda at the left: the item, its mark and what stands under it."""

    item: Item
    tone: Tone
    word: str
    detail: str


def agenda_rows(items: Iterable[Item]) -> list[AgendaRow]:
    return [_agenda_row(item) for item in items]


def _agenda_row(item: Item) -> AgendaRow:
    if item.closed:
        tone = Tone.NONE if item.outcome == "postponed" else Tone.GOOD
        return AgendaRow(item, tone, _("closed"), item.outcome_title)
    if item.open:
        return AgendaRow(item, Tone.INFO, _("open"), _("being discussed"))
    minutes = ngettext("%(n)s min", "%(n)s min", item.minutes) % {"n": item.minutes}
    return AgendaRow(item, Tone.WAIT, _("planned"), minutes)


def session_facts(session: Session, present: int, seats: int) -> list[Fact]:
    """The row of facts under the title of a session."""
    tone, word = state_of(session)
    when = (
        Fact(_("Votes until"), moment(session.ends_at))
        if session.in_writing
        else Fact(_("Begins"), moment(session.starts_at))
    )
    facts = [Fact(_("State"), word, tone=tone), when]
    if session.place:
        facts.append(Fact(_("Place"), session.place))
    facts.append(Fact(_("Quorum"), session.quorum, _("of %(n)s votes") % {"n": seats} if seats else ""))
    facts.append(Fact(_("Decides"), session.get_majority_display()))
    facts.append(Fact(_("A tie"), session.get_tie_display()))
    if session.running or session.state == State.CLOSED:
        facts.append(Fact(_("Took part"), present))
    return facts


@dataclass(frozen=True, slots=True)
class SeatRow:
    """Who is invited, what they answered, and whether they are there."""

    seat: Seat
    tone: Tone
    word: str
    detail: str
    may_mark: bool


def attendance_rows(session: Session, *, marks: bool) -> list[SeatRow]:
    """The seats of a session. One query."""
    rows = session.attendance.select_related("seat__person", "seat__deputy", "attended_by")
    found = []
    for row in rows.order_by("seat"):
        tone, word = _presence(row.reply, row.attended_by, session)
        detail = row.seat.get_function_display()
        if row.attended_by is not None and row.attended_by_id != row.seat.person_id:
            detail += f", {_('sat in by')} {row.attended_by.short_name}"
        elif row.seat.deputy is not None:
            detail += f", {_('deputy')} {row.seat.deputy.short_name}"
        if not row.seat.votes:
            detail += f", {_('no vote')}"
        takes = session.state in (State.CALLED, State.FROZEN, State.RUNNING)
        found.append(SeatRow(row.seat, tone, word, detail, marks and takes and row.attended_by is None))
    return found


def _presence(reply: str, attended_by: User | None, session: Session) -> tuple[Tone, str]:
    if attended_by is not None:
        return Tone.GOOD, _("Present")
    if session.state in (State.CLOSED, State.CANCELLED):
        return Tone.NONE, _("Absent")
    return {
        Reply.ACCEPTED.value: (Tone.INFO, _("Comes")),
        Reply.DEPUTY.value: (Tone.INFO, _("Sends the deputy")),
        Reply.DECLINED.value: (Tone.NONE, _("Does not come")),
    }.get(reply, (Tone.WAIT, _("No answer")))


def readiness(session: Session, waiting: int) -> list[GateRow]:
    """What a session still needs before it can begin."""
    rows = session.attendance.select_related("seat")
    votes = [row for row in rows if row.seat.votes]
    coming = sum(row.reply in (Reply.ACCEPTED, Reply.DEPUTY) for row in votes)
    items = session.items.count()
    told = {"n": coming, "quorum": session.quorum}
    return [
        GateRow(
            _("Agenda"),
            Tone.GOOD if items else Tone.WAIT,
            ngettext("%(n)s item", "%(n)s items", items) % {"n": items},
            ngettext("%(n)s more is proposed", "%(n)s more are proposed", waiting) % {"n": waiting}
            if waiting
            else "",
        ),
        GateRow(
            _("Invitation"),
            Tone.WAIT if session.state == State.DRAFT else Tone.GOOD,
            _("not sent yet") if session.state == State.DRAFT else _("sent"),
        ),
        GateRow(
            _("Quorum"),
            Tone.GOOD if coming >= session.quorum else Tone.WAIT,
            _("%(n)s of %(quorum)s have accepted") % told,
        ),
        GateRow(
            _("Pack"),
            Tone.GOOD if session.state == State.FROZEN else Tone.WAIT,
            _("frozen")
            if session.state == State.FROZEN
            else _("frozen when the session begins, at the latest"),
        ),
    ]


def seats_on(body: Body, day: date) -> Sequence[Seat]:
    """The seats of a body on a day, the chair first. One query."""
    order = {"chair": 0, "secretary": 1, "member": 2, "observer": 3}
    rows = body.seats.on(day).select_related("person", "deputy")
    return sorted(rows, key=lambda seat: (order[seat.function], seat.person.name))
