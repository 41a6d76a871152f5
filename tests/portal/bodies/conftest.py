"""A committee with its people, and a session of it at every step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Role
from portal.bodies import services
from portal.bodies.models import Body, Function, Item, Session
from tests.portal import cast as portal_cast
from tests.portal.cast import LONG_AGO, person

FIRST_DAY = LONG_AGO.date()


@dataclass
class Cast(portal_cast.Cast):
    """Chen chairs the committee, Bob writes, Ann and Erin are members, Maya observes. Dara is on no body."""

    bob: User
    dara: User
    committee: Body


@pytest.fixture(autouse=True)
def yard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The case kinds of the yard are declared."""
    yield from portal_cast.declared_with(monkeypatch, "tests.portal.cases.yard")


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def make_cast() -> Cast:
    known = portal_cast.make_cast()
    bob = person("bob", Role.COMMITTEE, known.root)
    dara = person("dara", Role.ETHICS, known.root)
    committee = make_body(known.chen, known.root)
    found = Cast(**vars(known), bob=bob, dara=dara, committee=committee)
    seat(found, found.chen, Function.CHAIR)
    seat(found, bob, Function.SECRETARY)
    seat(found, found.ann)
    seat(found, found.erin)
    seat(found, found.maya, Function.OBSERVER)
    return found


def make_body(actor: User, unit: Any, **rules: Any) -> Body:
    settings: dict[str, Any] = {"slug": "ai-committee", "role": "committee", "quorum": 3, **rules}
    return services.create_body(settings.pop("name", "AI committee"), unit=unit, actor=actor, **settings)


def seat(cast: Cast, who: User, function: str = Function.MEMBER, **more: Any) -> Any:
    return services.add_seat(
        cast.committee, who, actor=cast.chen, function=function, started_on=FIRST_DAY, **more
    )


def planned(cast: Cast, **more: Any) -> Session:
    """A session that begins in an hour."""
    starts = timezone.now() + timedelta(hours=1)
    return services.create_session(
        cast.committee, actor=cast.chen, **{"title": "Review", "starts_at": starts, **more}
    )


def called(cast: Cast, **more: Any) -> Session:
    """A called session with an item about churn and one for information."""
    session = planned(cast, **more)
    services.add_item(session, "system", actor=cast.maya, title="Churn: continue?", system=cast.churn)
    services.add_item(session, "notice", actor=cast.maya, title="News")
    return services.call_session(session, actor=cast.chen)


def running(cast: Cast, present: str = "chen bob ann erin", **more: Any) -> Session:
    """A running session with those people present."""
    session = called(cast, **more)
    if not session.in_writing:
        for login in present.split():
            services.arrive(session, actor=getattr(cast, login))
    return services.start_session(session, actor=cast.chen)


def opened(cast: Cast, **more: Any) -> Item:
    """The item about churn, open for votes."""
    session = running(cast, **more)
    item = session.items.get(number=1)
    return item if item.open else services.open_item(item, actor=cast.chen)


def vote(cast: Cast, item: Item, **choices: str) -> None:
    """Each named person votes, e.g. ``chen="continue"``."""
    for login, choice in choices.items():
        services.cast_ballot(item, actor=getattr(cast, login), choice=choice, reason=f"{login} thinks so.")


def ended(cast: Cast) -> Session:
    """A closed session, in which churn was to continue."""
    item = opened(cast)
    vote(cast, item, chen="continue", bob="continue", ann="continue")
    services.close_item(item, actor=cast.chen)
    news = services.open_item(item.session.items.get(number=2), actor=cast.chen)
    services.close_item(news, actor=cast.chen)
    return services.close_session(item.session, actor=cast.chen)
