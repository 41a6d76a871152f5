"""The bench of a round: who sits on it, who has voted, what is missing until the quorum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import User
from portal.areas import CaseKind, Choice, Stance
from portal.cases.models import Case, ConflictOfInterest, Round, Vote
from portal.web.figures import unbroken
from portal.web.parts import ApprovalView, Voter
from portal.web.status import Tone

TONES = {Stance.FOR: Tone.GOOD, Stance.AGAINST: Tone.BAD, Stance.ABSTAIN: Tone.NONE}


@dataclass(frozen=True, slots=True)
class Bench:
    """Everybody who has to do with a round, and what each of them has done."""

    case: Case
    kind: CaseKind
    round: Round
    seats: Sequence[User]
    votes: Sequence[Vote]
    conflicts: Sequence[ConflictOfInterest]

    @property
    def counted(self) -> int:
        """Voices for and against: what the quorum counts."""
        return sum(vote.stance != Stance.ABSTAIN for vote in self.votes)

    @property
    def away(self) -> set[int | None]:
        return {self.case.opened_by_id, *(conflict.person_id for conflict in self.conflicts)}

    @property
    def waiting(self) -> list[User]:
        """Who may vote and has not."""
        done = {vote.voter_id for vote in self.votes} | self.away
        return [person for person in self.seats if person.pk not in done]

    @property
    def tied(self) -> bool:
        stances = [vote.stance for vote in self.votes]
        return stances.count(Stance.FOR) == stances.count(Stance.AGAINST)

    def own_vote(self, person: User) -> Vote | None:
        return next((vote for vote in self.votes if vote.voter_id == person.pk), None)


def bench(case: Case) -> Bench:
    """The round being voted on, or the last one of a closed case. Four queries."""
    rounds = list(case.rounds.all())
    current = next((r for r in rounds if r.started_at and not r.ended_at), None)
    shown = current or [r for r in rounds if r.started_at][-1]
    shown.case = case
    return Bench(
        case=case,
        kind=case.declared_kind,
        round=shown,
        seats=list(shown.voters(case.closed_at)),
        votes=list(case.votes.filter(round=shown).select_related("voter")),
        conflicts=list(case.conflicts.select_related("person")),
    )


def approval_view(seen: Bench, person: User, blocked: str) -> ApprovalView:
    """The panel beside the request, as this person sees it."""
    return ApprovalView(
        voters=[_voter(seen, member, person) for member in _members(seen)],
        cast=seen.counted,
        entitled=max(len([seat for seat in seen.seats if seat.pk not in seen.away]), seen.counted),
        quorum=seen.round.quorum,
        rule=_("simple majority"),
        note=quorum_sentence(seen, person),
        blocked=blocked,
    )


def quorum_sentence(seen: Bench, person: User) -> str:
    """What is missing until the quorum, and who could be asked."""
    if not seen.case.open:
        return ""
    missing = seen.round.quorum - seen.counted
    others = [member for member in seen.waiting if member != person]
    if missing <= 0:
        return _("The votes are tied. One more voice decides.") if seen.tied else ""
    if missing > len(seen.waiting):
        left = _("%(people)s may still vote, too few for the quorum.") % {"people": people(len(seen.waiting))}
        return f"{capfirst(left)} {_('Give the role to more people, or withdraw the case.')}"
    needed = ngettext("%(n)s more vote needed.", "%(n)s more votes needed.", missing)
    ask = _("Ask %(name)s.") % {"name": unbroken(others[0].short_name)} if others else ""
    return f"{needed % {'n': in_words(missing).capitalize()}} {ask}".strip()


def people(count: int) -> str:
    if count == 0:
        return _("nobody")
    return ngettext("%(n)s person", "%(n)s people", count) % {"n": in_words(count)}


def in_words(count: int) -> str:
    """Numbers up to ten as words."""
    names = (
        _("no"),
        _("one"),
        _("two"),
        _("three"),
        _("four"),
        _("five"),
        _("six"),
        _("seven"),
        _("eight"),
        _("nine"),
        _("ten"),
    )
    return names[count] if 0 <= count < len(names) else str(count)


def votes_open(case: Case, kind: CaseKind) -> bool:
    """Whether votes are shown: a secret kind shows them once the case is closed."""
    return not (kind.secret and case.open)


def choice_named(kind: CaseKind, slug: str) -> Choice | None:
    return next((choice for choice in kind.choices if choice.slug == slug), None)


def _members(seen: Bench) -> list[User]:
    """Seats, then those who voted or stepped aside without sitting there any more."""
    known = {person.pk: person for person in seen.seats}
    for vote in seen.votes:
        known.setdefault(vote.voter_id, vote.voter)
    for conflict in seen.conflicts:
        if conflict.declared:
            known.setdefault(conflict.person_id, conflict.person)
    return list(known.values())


def _voter(seen: Bench, member: User, person: User) -> Voter:
    role = _("you") if member == person else ""
    vote = seen.own_vote(member)
    if vote is not None:
        choice = choice_named(seen.kind, vote.choice)
        if votes_open(seen.case, seen.kind) and choice is not None:
            return Voter(member.short_name, TONES[Stance(vote.stance)], _(choice.title), role)
        return Voter(member.short_name, Tone.GOOD, _("Voted"), role)
    if member.pk == seen.case.opened_by_id:
        return Voter(member.short_name, Tone.NONE, _("Asked"), role)
    if any(conflict.person_id == member.pk for conflict in seen.conflicts):
        return Voter(member.short_name, Tone.NONE, _("Conflict"), role)
    if seen.case.open:
        return Voter(member.short_name, Tone.WAIT, _("Not yet"), role)
    return Voter(member.short_name, Tone.NONE, _("No vote"), role)
