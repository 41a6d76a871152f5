"""The minutes as the record has them: the same record gives the same text, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from portal.accounts.services import organisation
from portal.bodies.models import Function, Item, Majority, Session, Tie
from portal.cases.models import Condition

RULES = {Majority.SIMPLE: "most voices decide", Majority.TWO_THIRDS: "two thirds of the voices decide"}
TIES = {Tie.CHAIR: "a tie by the chair's voice", Tie.POSTPONED: "a tie puts the item off"}


def minutes_text(session: Session) -> str:
    """The minutes of a session in Markdown, in the organisation's zone and in plain spaces."""
    return "\n".join(_lines(session)).replace("\u00a0", " ").replace("\u202f", " ").rstrip() + "\n"


def _lines(session: Session) -> Iterator[str]:
    yield f"# {session.title}"
    yield ""
    yield f"{session.body}, {session.ref}. {_when(session)}"
    yield ""
    yield from _who(session)
    yield f"Quorum {session.quorum}; {RULES[Majority(session.majority)]}, {TIES[Tie(session.tie)]}."
    pack = getattr(session, "pack", None)
    if pack is not None:
        yield f"Decided on the pack frozen {_moment(pack.frozen_at)}, SHA-256 {pack.digest}."
    for item in session.items.select_related("case", "system", "proposed_by"):
        yield ""
        yield from _item(item)


def _when(session: Session) -> str:
    begun, closed = session.begun_at or session.starts_at, session.closed_at or session.ends_at
    if session.in_writing:
        return f"In writing, from {_moment(begun)} to {_moment(closed)}."
    place = f" {session.place}." if session.place else ""
    return f"From {_moment(begun)} to {_moment(closed)}.{place}"


def _who(session: Session) -> Iterator[str]:
    rows = session.attendance.select_related("seat__person", "attended_by").order_by("seat")
    present, absent = [], []
    for row in rows:
        function = row.seat.get_function_display().lower()
        words = f" ({function})" if row.seat.function != Function.MEMBER else ""
        if row.attended_by is None:
            absent.append(f"{row.seat.person.name}{words}")
        elif row.attended_by_id == row.seat.person_id:
            present.append(f"{row.seat.person.name}{words}")
        else:
            present.append(f"{row.attended_by.name} for {row.seat.person.name}{words}")
    yield f"Present: {', '.join(present) or 'nobody'}."
    if absent:
        yield f"Absent: {', '.join(absent)}."
    yield ""


def _item(item: Item) -> Iterator[str]:
    yield f"## {item}"
    yield ""
    if item.why:
        yield f"{item.why.rstrip('.')}."
        yield ""
    for note in item.notes.select_related("author"):
        yield f"* {note.author.name}: {' '.join(note.text.split())}"
    for conflict in item.conflicts.select_related("person"):
        yield f"* Conflict, not counted: {conflict.person.name}. {conflict.reason.rstrip('.')}."
    if item.notes.exists() or item.conflicts.exists():
        yield ""
    yield from _outcome(item)


def _outcome(item: Item) -> Iterator[str]:
    case = f" ({item.case.ref})" if item.case is not None else ""
    yield f"**{item.outcome_title}{case}.** {item.resolution}".rstrip()
    titles = {choice.slug: choice.title for choice in item.choices} if item.takes_votes else {}
    ballots = list(item.ballots.select_related("voter", "seat__person"))
    if ballots:
        yield ""
    for ballot in ballots:
        who = ballot.voter.name
        if ballot.voter_id != ballot.seat.person_id:
            who = f"{who} for {ballot.seat.person.name}"
        yield f"* {who}: {titles.get(ballot.choice, ballot.choice)}. {' '.join(ballot.reason.split())}"
    conditions = _conditions(item)
    if conditions:
        yield ""
        yield "Conditions:"
        yield ""
        yield from conditions
    if item.next_review_on is not None:
        yield ""
        yield f"To be reviewed on {item.next_review_on:%-d %b %Y}."


def _conditions(item: Item) -> list[str]:
    """What must be done, by whom and when; of a case as it stands there."""
    if item.outcome != "conditions":
        return []
    if item.case is not None:
        rows = Condition.objects.filter(case=item.case).select_related("owner")
        return [f"* {row.text} {row.owner.name}, {_by(row.due_on)}." for row in rows]
    own = item.conditions.select_related("owner", "follow_up")
    return [
        f"* {row.text} {row.owner.name}, {_by(row.due_on)}, {row.follow_up.ref if row.follow_up else '—'}."
        for row in own
    ]


def _by(day: object) -> str:
    return f"by {day:%-d %b %Y}" if day is not None else "before it takes effect"


def _moment(value: datetime) -> str:
    return f"{timezone.localtime(value, organisation().zone):%-d %b %Y, %H:%M %Z}"
