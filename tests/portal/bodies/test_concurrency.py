"""Many at the same moment: every voice counts once, and an item is closed once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from portal.areas import Role
from portal.audit.models import Entry
from portal.bodies import services
from portal.bodies.models import Item, Session
from portal.errors import PortalError
from tests.portal.bodies.conftest import Cast, planned, seat
from tests.portal.cast import person


def at_once(works: list[Callable[[], object]]) -> list[str]:
    """What became of each, begun together."""
    together = Barrier(len(works))

    def one(work: Callable[[], object]) -> str:
        try:
            together.wait()
            work()
        except PortalError as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


@pytest.mark.real_commits
@pytest.mark.django_db
def test_votes_and_closing_at_the_same_moment_leave_one_outcome_that_its_votes_carry(cast: Cast) -> None:
    crowd = [person(f"voter{number}", Role.COMMITTEE, cast.root) for number in range(12)]
    for member in crowd:
        seat(cast, member)
    session = planned(cast)
    services.add_item(session, "question", actor=cast.maya, title="Now?")
    session = services.call_session(session, actor=cast.chen)
    for member in (cast.chen, *crowd):
        services.arrive(session, actor=member)
    session = services.start_session(session, actor=cast.chen)
    item = services.open_item(session.items.get(), actor=cast.chen)
    for member in crowd[:3]:
        services.cast_ballot(item, actor=member, choice="approve", reason="Early.")

    def voting(member: object) -> Callable[[], object]:
        return lambda: services.cast_ballot(item, actor=member, choice="approve", reason="Now.")  # type: ignore[arg-type] # a user

    closing = [lambda: services.close_item(item, actor=cast.chen)] * 3
    answers = at_once([*(voting(member) for member in crowd), *closing])
    assert answers[-3:].count("done") == 1
    item = Item.objects.get(pk=item.pk)
    assert (item.outcome, item.choice) == ("approved", "approve")
    voted = {vote for member, vote in zip(crowd, answers, strict=False) if member not in crowd[:3]}
    assert voted <= {"done", "Refused"}
    early = answers[: len(crowd)].count("done") + answers[:3].count("Refused")
    assert item.ballots.count() == early
    assert Entry.objects.filter(action="session.item_closed", object_id=str(item.pk)).count() == 1


@pytest.mark.real_commits
@pytest.mark.django_db
def test_two_planners_at_the_same_moment_plan_one_session(cast: Cast) -> None:
    body = services.change_body(cast.committee, actor=cast.chen, rhythm="quarter")
    now = timezone.now()
    assert at_once([lambda: services.plan_next(body, now)] * 4) == ["done"] * 4
    assert Session.objects.count() == 1
