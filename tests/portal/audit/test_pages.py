"""What people see of the audit: the entries of their systems, auditors all, administrators the outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.audit.panels import AUDIT_STATE
from portal.audit.services import (
    erase_person,
    record_denial,
    record_verification,
    seal_pending,
    snapshot,
)
from portal.audit.verifier import Problem, Report
from tests.portal.audit.conftest import People

Write = Callable[..., Entry]
Entries = dict[str, Entry]
MOST_QUERIES = 25


def ask(user: User, url: str, **query: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(url, query)


def page(user: User, url: str, **query: str) -> str:
    response = ask(user, url, **query)
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text


@pytest.fixture
def entries(people: People, write: Write) -> Entries:
    """One entry of each system, one of a person, one refusal; all but the last are sealed."""
    before, people.churn.name = snapshot(people.churn), "Churn risk"
    made = {
        "churn": write(before=before, after=snapshot(people.churn), reason="A better name."),
        "routing": write(obj=people.routing, actor=people.zoe, after=snapshot(people.routing)),
        "lee": write("user.changed", people.lee, actor=people.ada, after=snapshot(people.lee)),
    }
    seal_pending()
    made["refused"] = record_denial(
        "version.promoted", people.churn, actor=people.erin, reason="A gate is closed."
    )
    return made


@pytest.fixture
def seen(entries: Entries) -> Callable[..., set[str]]:
    """Which of the entries a person finds in the list."""

    def names(user: User, **query: str) -> set[str]:
        text = page(user, reverse("audit:entries"), **query)
        return {name for name, entry in entries.items() if f'href="/audit/{entry.pk}/"' in text}

    return names


def test_everybody_sees_the_entries_of_their_systems(people: People, seen: Callable[..., set[str]]) -> None:
    assert seen(people.otto) == {"churn", "routing", "lee", "refused"}
    assert seen(people.ada) == {"churn", "routing", "lee", "refused"}
    assert seen(people.erin) == {"churn", "refused"}
    assert seen(people.zoe) == {"routing"}


def test_whoever_has_no_part_in_it_sees_no_list(people: People) -> None:
    assert ask(people.lee, reverse("audit:entries")).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "zoe"}, {"routing"}),
        ({"actor": "Ada"}, {"lee"}),
        ({"action": "user."}, {"lee"}),
        ({"system": "rout"}, {"routing"}),
        ({"q": "CHURN"}, {"churn", "refused"}),
        ({"denied": "true"}, {"refused"}),
        ({"via": "command"}, {"churn", "routing", "lee", "refused"}),
        ({"via": "web"}, set()),
        ({"since": "2099-01-01"}, set()),
        ({"until": "2000-01-01"}, set()),
        ({"since": "2000-01-01", "until": "2099-12-31"}, {"churn", "routing", "lee", "refused"}),
    ],
)
def test_the_list_is_narrowed(
    people: People, seen: Callable[..., set[str]], query: dict[str, str], found: set[str]
) -> None:
    assert seen(people.otto, **query) == found


def test_a_system_is_found_by_its_reference_and_a_request_by_its_name(
    people: People, seen: Callable[..., set[str]], entries: Entries
) -> None:
    assert seen(people.otto, system=people.routing.ref) == {"routing"}
    assert seen(people.otto, system=str(people.churn.pk)) == {"churn", "refused"}
    assert seen(people.otto, system="SYS-" + "9" * 30) == set()
    assert seen(people.otto, q="no-such-request") == set()


def test_the_list_says_up_to_when_it_is_sealed_and_verified(people: People, entries: Entries) -> None:
    text = page(people.otto, reverse("audit:entries"))
    assert "seal 1. 1 entry waits." in text
    assert "Not verified yet" in text
    record_verification(Report(entries=3, seals=1, last_seal=1))
    assert "Everything holds" in page(people.otto, reverse("audit:entries"))
    record_verification(Report(entries=3, seals=1, last_seal=1, problems=[Problem("seal 1", "is missing")]))
    assert "Does not hold" in page(people.otto, reverse("audit:entries"))


def test_an_entry_shows_what_changed_why_and_that_it_stands(people: People, entries: Entries) -> None:
    text = page(people.erin, entries["churn"].get_absolute_url())
    for said in (
        "A better name.",
        '<td class="wrap">Churn</td><td class="wrap">Churn risk</td>',
        "Stands as sealed",
    ):
        assert said in text
    assert "Waits for a seal" in page(people.erin, entries["refused"].get_absolute_url())


def test_an_entry_of_another_unit_is_missing_like_one_that_never_was(
    people: People, entries: Entries
) -> None:
    foreign = ask(people.erin, entries["routing"].get_absolute_url())
    never = ask(people.erin, reverse("audit:entry", args=[10**12]))
    assert (foreign.status_code, never.status_code) == (404, 404)


def test_an_administrator_sees_that_it_happened_and_not_its_content(people: People, entries: Entries) -> None:
    text = page(people.ada, entries["churn"].get_absolute_url())
    assert "not its content" in text
    assert "A better name." not in text
    assert "What changed" not in text
    assert page(people.otto, entries["churn"].get_absolute_url()).count("A better name.") == 1


def test_a_personal_value_is_shown_until_it_is_erased(people: People, entries: Entries) -> None:
    assert "lee@example.org" in page(people.otto, entries["lee"].get_absolute_url())
    erase_person(people.lee, actor=people.ada, reason="She asked for it.")
    text = page(people.otto, entries["lee"].get_absolute_url())
    assert "lee@example.org" not in text
    assert "erased" in text
    assert "Stands as sealed" in text


def test_hostile_text_stays_text(people: People, write: Write) -> None:
    entry = write(reason="<script>alert(1)</script>", note={"<b>": ["<img src=x>"]})
    text = page(people.otto, entry.get_absolute_url())
    assert "<script>alert" not in text
    assert "<img src=x>" not in text


def test_an_object_that_is_gone_leaves_its_entries_readable(people: People, write: Write) -> None:
    membership = people.lee.memberships.get()
    entry = write("membership.ended", membership, before=snapshot(membership))
    membership.delete()
    assert "Membership ended: Employee in " in page(people.otto, entry.get_absolute_url())


def test_seals_are_listed(people: People, entries: Entries) -> None:
    text = page(people.otto, reverse("audit:seals"))
    assert "1 to 1 of 1 seal" in text


def test_auditors_take_the_verifier_away(people: People) -> None:
    response: Any = ask(people.otto, reverse("audit:verifier"))
    assert b"def main(" in b"".join(response.streaming_content)
    assert ask(people.erin, reverse("audit:verifier")).status_code == 403


def test_pages_cost_the_same_with_ten_times_the_entries(
    people: People, write: Write, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        entry = write(after=snapshot(people.churn))
    seal_pending()
    for user in (people.otto, people.erin):
        client = Client()
        client.force_login(user)
        for url in (reverse("audit:entries"), entry.get_absolute_url(), reverse("audit:seals")):
            with django_assert_max_num_queries(MOST_QUERIES):
                assert client.get(url).status_code == 200


def test_the_list_leaves_as_a_file(people: People, entries: Entries) -> None:
    response: Any = ask(people.otto, reverse("audit:entries"), export="csv")
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 5
    assert "System changed" in lines[-1]


def test_the_home_of_an_auditor_says_how_the_audit_stands(people: People, entries: Entries) -> None:
    shown = AUDIT_STATE.context(people.otto, None)
    assert shown is not None
    text = render_to_string(AUDIT_STATE.template, {"panel": shown})
    assert "Not verified yet" in text
    assert "seal 1" in text
    assert AUDIT_STATE.context(people.lee, None) is None
