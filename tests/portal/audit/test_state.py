"""How things stood on a day, read from what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.audit.selectors import entries_for, readiness, state_as_of
from portal.audit.services import erase_person, seal_pending, snapshot
from portal.registry.models import System
from tests.portal.audit.conftest import People

Write = Callable[..., Entry]
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def history(people: People, write: Write) -> People:
    """Day 0: churn is made. Day 2: it is renamed. Day 4: its tier rises. Day 6: it ends. Routing stays."""
    churn = people.churn
    write("system.created", after=snapshot(churn), at=START)
    write("system.created", people.routing, after=snapshot(people.routing), at=START + DAY)
    before, churn.name = snapshot(churn, ["name"]), "Churn risk"
    write("system.renamed", before=before, after=snapshot(churn, ["name"]), at=START + 2 * DAY)
    before, churn.risk_tier = snapshot(churn), "high"
    write("system.changed", before=before, after=snapshot(churn), at=START + 4 * DAY)
    write("system.reviewed", at=START + 5 * DAY)
    write("system.ended", before=snapshot(churn), at=START + 6 * DAY)
    return people


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-1, None),
        (0, ("Churn", "limited")),
        (1.5, ("Churn", "limited")),
        (2, ("Churn risk", "limited")),
        (4, ("Churn risk", "high")),
        (5.5, ("Churn risk", "high")),
        (6, None),
    ],
)
def test_a_row_stood_as_its_last_entries_up_to_then_say(
    history: People, day: float, expected: tuple[str, str] | None
) -> None:
    state = state_as_of(System, START + day * DAY).get(history.churn.pk)
    assert (state and (state["name"], state["risk_tier"])) == expected


def test_a_change_that_is_recorded_later_but_took_effect_earlier_does_not_win(
    history: People, write: Write
) -> None:
    late = snapshot(history.routing) | {"name": "Routes"}
    write("system.changed", history.routing, after=late, at=START + DAY / 2)
    assert state_as_of(System, START + 3 * DAY)[history.routing.pk]["name"] == "Routing"
    assert state_as_of(System, START + DAY * 0.7)[history.routing.pk]["name"] == "Routes"


def test_of_two_changes_at_one_instant_the_later_entry_wins(people: People, write: Write) -> None:
    for name in ("One", "Two"):
        write(after=snapshot(people.churn) | {"name": name}, at=START)
    assert state_as_of(System, START)[people.churn.pk]["name"] == "Two"


def test_only_the_wanted_rows_are_read(history: People) -> None:
    assert set(state_as_of(System, START + 5 * DAY)) == {history.churn.pk, history.routing.pk}
    assert set(state_as_of(System, START + 5 * DAY, [history.routing.pk])) == {history.routing.pk}
    assert state_as_of(System, START + 5 * DAY, []) == {}


def test_it_costs_two_queries_however_many_rows(
    history: People, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        state_as_of(System, START + 5 * DAY)


def test_personal_values_come_back_until_they_are_erased(people: People, write: Write) -> None:
    write("user.created", people.lee, after=snapshot(people.lee), at=START)
    assert state_as_of(User, START)[people.lee.pk]["name"] == "Lee Fenn"
    erase_person(people.lee, actor=people.ada, reason="She asked for it.")
    assert state_as_of(User, START)[people.lee.pk]["name"] is None


def test_the_timeline_of_a_system_has_all_that_belongs_to_it(
    people: People, write: Write, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = write("system.changed")
    other = write("system.changed", people.routing)
    membership = people.lee.memberships.get()
    membership.audit_system_id = people.churn.pk  # type: ignore[attr-defined] # as a row of a system has it
    second = write("membership.changed", membership)
    with django_assert_num_queries(1):
        assert [str(entry.actor) for entry in entries_for(people.churn)] == [str(people.erin)] * 2
    assert [entry.pk for entry in entries_for(people.churn)] == [second.pk, first.pk]
    assert [entry.pk for entry in entries_for(membership)] == [second.pk]
    assert [entry.pk for entry in entries_for(people.churn, limit=1)] == [second.pk]
    assert [entry.pk for entry in entries_for(people.routing)] == [other.pk]


def test_readiness_tells_what_waits(write: Write) -> None:
    assert readiness() == {"audit_waiting": 0, "audit_waiting_seconds": 0}
    write()
    assert readiness()["audit_waiting"] == 1
    seal_pending()
    assert readiness()["audit_waiting"] == 0
