"""The committee and the ethics board of the simulated organisation, with sessions behind and ahead."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import Role, Story
from portal.bodies import services
from portal.bodies.calendar import sitting_of
from portal.bodies.models import Body, Function, Item, Kind, Reply, Rhythm, Session
from portal.bodies.services import Demand
from portal.cases.models import Case
from portal.cases.services import cast_vote, report_done
from portal.registry.models import System


def simulate(story: Story) -> None:
    """A committee that meets every quarter, with decisions, minutes and actions, and a board."""
    begun = datetime.combine(story.start, time(8), organisation().zone)
    committee = _committee(story, begun)
    _board(story, begun)
    first, second = _quarters(committee, story)
    _first_review(committee, story, first)
    _second_review(committee, story, second)
    _next_review(committee, story)


def _committee(story: Story, begun: datetime) -> Body:
    people = story.people
    body = services.create_body(
        "AI committee",
        slug="ai-committee",
        unit=story.units["organisation"],
        actor=people["chen"],
        kind=Kind.COMMITTEE,
        purpose="Decides every quarter which systems go on, under which conditions, and which end.",
        role=Role.COMMITTEE,
        quorum=3,
        rhythm=Rhythm.QUARTER,
        month=3,
        week=2,
        weekday=1,
        hour=time(10),
        place="Room Skagen and on line",
        at=begun,
    )
    for login, function in (
        ("chen", Function.CHAIR),
        ("bob", Function.SECRETARY),
        ("ann", Function.MEMBER),
        ("dara", Function.MEMBER),
        ("fay", Function.MEMBER),
        ("maya", Function.OBSERVER),
        ("rex", Function.OBSERVER),
    ):
        services.add_seat(
            body,
            people[login],
            actor=people["chen"],
            function=function,
            deputy=people["eli"] if login == "dara" else None,
            started_on=story.start,
            at=begun,
        )
    return body


def _board(story: Story, begun: datetime) -> None:
    people = story.people
    body = services.create_body(
        "Ethics board",
        slug="ethics-board",
        unit=story.units["organisation"],
        actor=people["dara"],
        kind=Kind.BOARD,
        purpose="Gives its opinion on systems that decide or prepare decisions on people.",
        role=Role.ETHICS,
        quorum=2,
        rhythm=Rhythm.MONTH,
        week=1,
        weekday=3,
        hour=time(14),
        duration_minutes=60,
        place="On line",
        at=begun,
    )
    for login, function in (
        ("dara", Function.CHAIR),
        ("eli", Function.SECRETARY),
        ("rex", Function.MEMBER),
        ("otto", Function.OBSERVER),
    ):
        services.add_seat(
            body, people[login], actor=people["dara"], function=function, started_on=story.start, at=begun
        )
    services.plan_next(body, _now(story))


def _quarters(body: Body, story: Story) -> tuple[datetime, datetime]:
    """The beginnings of the reviews of the two quarters before the present one."""
    ours, now = organisation(), _now(story)
    found: list[datetime] = []
    day = story.today
    while len(found) < 2:
        sitting = sitting_of(body, day, ours)
        if sitting.starts_at < now - timedelta(days=14):
            found.append(sitting.starts_at)
        day = sitting.period - timedelta(days=1)
    return found[1], found[0]


def _held(body: Body, story: Story, starts_at: datetime, items: tuple[tuple[str, str], ...]) -> Session:
    """A session with questions about systems, called two weeks ahead and begun with everybody but one."""
    people = story.people
    before = starts_at - timedelta(days=14)
    session = services.create_session(
        body, actor=people["chen"], starts_at=starts_at, title=_title(body, starts_at), at=before
    )
    services.accept_proposals(session, actor=people["bob"], at=before)
    for key, why in items:
        system: System = story.systems[key]
        services.add_item(
            session,
            "system",
            actor=people["maya"],
            title=f"{system}: continue?",
            why=why,
            system=system,
            at=before,
        )
    session = services.call_session(session, actor=people["bob"], at=before)
    for login in ("chen", "bob", "ann", "dara"):
        services.answer_invitation(
            session, actor=people[login], reply=Reply.ACCEPTED, at=before + timedelta(days=2)
        )
    services.answer_invitation(
        session, actor=people["fay"], reply=Reply.DECLINED, at=before + timedelta(days=3)
    )
    for login in ("chen", "bob", "ann", "dara"):
        services.arrive(session, actor=people["bob"], person=people[login], at=starts_at)
    return services.start_session(session, actor=people["chen"], at=starts_at)


def _decide(
    item: Item,
    story: Story,
    at: datetime,
    votes: dict[str, tuple[str, str]],
    *,
    demands: tuple[Demand, ...] = (),
    note: tuple[str, str] | None = None,
    resolution: str = "",
    review_in: int = 180,
) -> datetime:
    """Take an item up, vote, and close it ten minutes later; answers when."""
    people: dict[str, User] = story.people
    services.open_item(item, actor=people["chen"], at=at)
    if note is not None:
        services.add_note(item, actor=people[note[0]], text=note[1], at=at + timedelta(minutes=3))
    for demand in demands:
        services.propose_condition(item, demand, actor=people["bob"], at=at + timedelta(minutes=5))
    for login, (choice, reason) in votes.items():
        services.cast_ballot(
            item, actor=people[login], choice=choice, reason=reason, at=at + timedelta(minutes=8)
        )
    over = at + timedelta(minutes=10)
    day = organisation().today(at) + timedelta(days=review_in) if item.topic == "system" else None
    services.close_item(item, actor=people["chen"], resolution=resolution, next_review_on=day, at=over)
    return over


def _note_rest(session: Session, story: Story, at: datetime) -> datetime:
    """Close what is for information."""
    for item in session.items.filter(state="planned", takes_votes=False):
        services.open_item(item, actor=story.people["chen"], at=at)
        at += timedelta(minutes=5)
        services.close_item(item, actor=story.people["chen"], at=at)
    return at


def _first_review(body: Body, story: Story, starts_at: datetime) -> None:
    session = _held(
        body, story, starts_at, (("claims-triage", "First review since it went into operation."),)
    )
    at = _note_rest(session, story, starts_at)
    item = session.items.get(topic="system")
    due = organisation().today(starts_at) + timedelta(days=45)
    at = _decide(
        item,
        story,
        at,
        {
            "chen": ("conditions", "The gain is real; we owe people an explanation."),
            "bob": ("conditions", "Only with reasons shown to the adjuster."),
            "ann": ("continue", "The error rate is below that of people."),
            "dara": ("conditions", "Who is turned down must learn why."),
        },
        demands=(
            Demand("Show the adjuster the three main reasons of each triage.", story.people["zoe"], due),
        ),
        note=("dara", "Asks what a policy holder is told whose claim is not settled at once."),
        resolution="Claims triage goes on; adjusters see reasons by the day named.",
    )
    services.close_session(session, actor=story.people["chen"], at=at)
    action = Case.objects.get(kind="session-action", title__startswith="Show the adjuster")
    done = starts_at + timedelta(days=30)
    report_done(
        action, actor=story.people["zoe"], how="Reasons are on the adjuster's page since today.", at=done
    )
    cast_vote(
        action,
        actor=story.people["ann"],
        choice="done",
        reason="I saw them on three claims.",
        at=done + timedelta(days=2),
    )


def _second_review(body: Body, story: Story, starts_at: datetime) -> None:
    session = _held(
        body,
        story,
        starts_at,
        (
            ("credit-limit", "A new version reads income from account flows."),
            ("reply-assistant", "Costs grew faster than answers."),
        ),
    )
    people, at = story.people, starts_at
    minutes = session.items.get(topic="minutes")
    agreed = dict.fromkeys(("chen", "bob", "ann", "dara"), ("approve", "As it was."))
    at = _note_rest(session, story, _decide(minutes, story, at, agreed))
    credit, assistant = session.items.filter(topic="system").order_by("number")
    due = story.today + timedelta(days=12)
    at = _decide(
        credit,
        story,
        at,
        {
            "chen": ("conditions", "Go on, and measure every age group before the next version."),
            "bob": ("conditions", "Small groups must not vanish in the average."),
            "ann": ("conditions", "A fairness report per version, no exception."),
            "dara": ("pause", "I would stop new versions until that report is there."),
        },
        demands=(Demand("Report fairness for each age group with every version.", people["erin"], due),),
        note=("bob", "Erin Okafor answered questions as owner and did not vote."),
        resolution="Credit limit scoring goes on; no version without a fairness report by age group.",
        review_in=90,
    )
    at = _decide(
        assistant,
        story,
        at,
        {
            "chen": ("continue", "It answers a third of all letters."),
            "bob": ("deprioritise", "The money is better spent on routing."),
            "ann": ("continue", "Customers rate its answers higher."),
            "dara": ("abstain", "No opinion on the costs."),
        },
        resolution="Reply assistant goes on; finance reports its cost per answer.",
        review_in=75,
    )
    services.close_session(session, actor=people["chen"], at=at)
    text = session.minutes.get().text + "\nThe session ended earlier than planned.\n"
    services.edit_minutes(
        session,
        actor=people["bob"],
        text=text,
        reason="Added how it ended.",
        at=at + timedelta(days=1),
    )


def _next_review(body: Body, story: Story) -> None:
    now = _now(story)
    session = services.plan_next(body, now)
    assert session is not None
    people = story.people
    services.accept_proposals(session, actor=people["bob"], at=now)
    services.add_item(
        session,
        "question",
        actor=people["maya"],
        title="Publish our register of systems?",
        why="Customers and the works council ask what we use.",
        at=now,
    )
    services.call_session(session, actor=people["bob"], at=now)
    services.answer_invitation(session, actor=people["chen"], reply=Reply.ACCEPTED, at=now)
    services.answer_invitation(session, actor=people["dara"], reply=Reply.DEPUTY, at=now)


def _title(body: Body, starts_at: datetime) -> str:
    ours = organisation()
    return sitting_of(body, ours.today(starts_at), ours).title


def _now(story: Story) -> datetime:
    return datetime.combine(story.today, time(8), organisation().zone)
