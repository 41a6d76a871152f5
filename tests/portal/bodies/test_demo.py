"""The committee of the simulated organisation: a past it can show, and a next session to prepare."""

from __future__ import annotations

from datetime import date

from portal.accounts import demo as people
from portal.areas import Story
from portal.bodies.demo import simulate
from portal.bodies.models import Body, Minutes, Session, State
from portal.bodies.selectors.agenda import proposals
from portal.cases.models import Case
from portal.registry import demo as systems


def test_a_committee_with_a_past_and_a_next_session_is_simulated(db: None) -> None:
    story = Story(today=date(2026, 11, 24), password="simulated")
    for part in (people.simulate, systems.simulate, simulate):
        part(story)
    committee = Body.objects.get(slug="ai-committee")
    first, second, coming = committee.sessions.order_by("starts_at")
    assert [session.title[-7:] for session in (first, second, coming)] == ["Q2 2026", "Q3 2026", "Q4 2026"]
    assert [first.state, second.state, coming.state] == [State.CLOSED, State.CLOSED, State.CALLED]
    assert first.minutes.get().approved_in in second.items.all()
    assert [text.approved_at for text in second.minutes.all()] == [None, None]
    assert [item.topic for item in coming.items.all()] == [
        "minutes",
        "actions",
        "system",
        "system",
        "system",
        "question",
    ]
    assert coming.items.get(topic="minutes").subject == second.minutes.last()
    done, open_ = Case.objects.filter(kind="session-action").order_by("pk")
    assert (done.outcome, open_.state, open_.owner) == ("done", "open", story.people["erin"])
    assert proposals(coming) == []
    assert Session.objects.filter(body__slug="ethics-board", state=State.DRAFT).count() == 1
    assert Minutes.objects.count() == 3
