"""Who votes on an item, what the votes say, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import Stance
from portal.bodies.models import Attendance, Ballot, Function, Item, Majority, Tie
from portal.cases.selectors.bench import in_words
from portal.cases.selectors.seats import why_no_vote
from portal.web.figures import unbroken
from portal.web.parts import ApprovalView, Voter
from portal.web.status import Tone


def why_no_ballot(item: Item, person: User, at: datetime) -> str:
    """The sentence why this person cannot vote on the item, empty for whoever can."""
    session = item.session
    row = session.attendance.select_related("seat__person").filter(attended_by=person).first()
    if row is None:
        held = session.body.seats.on(organisation().today(at)).held_by(person).exists()
        return (
            _("You are not marked as present.")
            if held
            else _("You have no seat on %(body)s.") % {"body": session.body}
        )
    if not row.seat.votes:
        return _("You sit here as an observer, without a vote.")
    if item.proposed_by_id in (person.pk, row.seat.person_id):
        return _("You proposed this item, so you have no vote on it.")
    both = (person.pk, row.seat.person_id)
    close = next((conflict for conflict in item.conflicts.all() if conflict.person_id in both), None)
    if close is not None:
        return _("You have a conflict of interest: %(reason)s.") % {"reason": close.reason.rstrip(".")}
    return _why_not_on_the_case(item, person, at)


def _why_not_on_the_case(item: Item, person: User, at: datetime) -> str:
    case = item.case
    if case is None:
        return ""
    current = case.current_round
    if current is None:
        return _("%(ref)s is closed already.") % {"ref": case.ref}
    if person.pk in item.early_votes:
        return _("You have voted on %(ref)s already.") % {"ref": case.ref}
    return why_no_vote(case, current, case.declared_kind, person, at)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the ballots of an item say: the choice they carry or, without one, why they carry none."""

    voices: int
    counts: Counter[str]
    choice: str
    why: str


def tally(item: Item) -> Tally:
    """Count the ballots: a quorum of voices, most of them for one choice, a tie by the session's rule."""
    session = item.session
    ballots = list(item.ballots.select_related("seat"))
    counts = Counter(ballot.choice for ballot in ballots if ballot.counts)
    voices = counts.total()
    earlier = sum(stance != Stance.ABSTAIN for stance in item.early_votes.values())
    if voices + earlier < session.quorum:
        missing = session.quorum - voices - earlier
        told = ngettext("%(n)s more voice makes the quorum.", "%(n)s more voices make the quorum.", missing)
        return Tally(voices, counts, "", told % {"n": in_words(missing).capitalize()})
    if item.case is not None:
        return Tally(voices, counts, "case", "")
    leading = [choice for choice, count in counts.items() if count == max(counts.values())]
    if len(leading) > 1:
        chair = _voice_of_chair(ballots)
        if session.tie != Tie.CHAIR or chair not in leading:
            return Tally(voices, counts, "", _("The votes are tied."))
        leading = [chair]
    if session.majority == Majority.TWO_THIRDS and counts[leading[0]] * 3 < voices * 2:
        return Tally(voices, counts, "", _("No choice has two thirds of the voices."))
    return Tally(voices, counts, leading[0], "")


def _voice_of_chair(ballots: Sequence[Ballot]) -> str:
    return next((b.choice for b in ballots if b.counts and b.seat.function == Function.CHAIR), "")


# --- The panel beside an item ---------------------------------------------------------------------------


def rule_words(item: Item) -> str:
    """The rule of decision, before anybody votes."""
    return {Majority.SIMPLE: _("most voices"), Majority.TWO_THIRDS: _("two thirds")}[
        Majority(item.session.majority)
    ]


def tie_words(item: Item) -> str:
    """What a tie means, before anybody votes."""
    if item.case is not None:
        return _("A tie leaves the case open until one more voice comes.")
    if item.session.tie == Tie.CHAIR:
        return _("A tie is decided by the chair’s voice.")
    return _("A tie puts the item on the next agenda.")


@dataclass(frozen=True, slots=True)
class _Bench:
    """The seats of an item with what each has done."""

    item: Item
    rows: list[Attendance]
    ballots: dict[int, Ballot]
    away: set[int | None]
    early: set[int]
    """Who has voted on the page of the case already."""

    def close(self, row: Attendance) -> bool:
        """Whether who holds the seat, or sits on it, stands too close."""
        return bool({row.attended_by_id, row.seat.person_id} & self.away)


def approval_view(item: Item, person: User, blocked: str) -> ApprovalView:
    """Who has voted and who has not; what each chose stands elsewhere once it is closed. Three queries."""
    rows = item.session.attendance.select_related("seat__person", "attended_by").filter(seat__votes=True)
    seen = _Bench(
        item,
        list(rows),
        {ballot.seat_id: ballot for ballot in item.ballots.all()},
        {item.proposed_by_id, *(conflict.person_id for conflict in item.conflicts.all())} - {None},
        set(item.early_votes),
    )
    entitled = sum(row.attended_by_id is not None and not seen.close(row) for row in seen.rows)
    cast = len(seen.ballots) + len(seen.early)
    missing = item.session.quorum - sum(ballot.counts for ballot in seen.ballots.values()) - len(seen.early)
    note = tie_words(item)
    if item.open and missing > 0:
        needed = ngettext("%(n)s more voice makes the quorum.", "%(n)s more voices make the quorum.", missing)
        note = f"{note} {needed % {'n': in_words(missing).capitalize()}}"
    return ApprovalView(
        voters=[_voter(seen, row, person) for row in seen.rows],
        cast=cast,
        entitled=max(entitled, cast, 1),
        quorum=item.session.quorum,
        rule=rule_words(item),
        note=note,
        blocked=blocked,
    )


def _voter(seen: _Bench, row: Attendance, person: User) -> Voter:
    sits = row.attended_by or row.seat.person
    role = _("you") if sits == person else ""
    if row.attended_by is not None and row.attended_by_id != row.seat.person_id:
        role = _("for %(name)s") % {"name": unbroken(row.seat.person.short_name)}
    elif not role and row.seat.function in (Function.CHAIR, Function.SECRETARY):
        role = row.seat.get_function_display().lower()
    tone, word = _state(seen, row)
    return Voter(unbroken(sits.short_name), tone, word, role)


def _state(seen: _Bench, row: Attendance) -> tuple[Tone, str]:
    item, ballot = seen.item, seen.ballots.get(row.seat_id)
    if ballot is not None and item.closed and not ballot.counts:
        return Tone.NONE, _("Abstained")
    if ballot is not None or {row.seat.person_id, row.attended_by_id} & seen.early:
        return Tone.GOOD, _("Voted")
    if seen.close(row):
        proposed = row.seat.person_id == item.proposed_by_id
        return Tone.NONE, _("Proposed it") if proposed else _("Conflict")
    if row.attended_by_id is None and (item.closed or not item.session.in_writing):
        return Tone.NONE, _("Absent")
    return (Tone.NONE, _("No vote")) if item.closed else (Tone.WAIT, _("Not yet"))
