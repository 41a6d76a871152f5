"""What was in production on a day has an answer: on a page, as a file and over the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from portal.registry.models import AssignmentRole, Environment, Mode
from portal.registry.services import assign, promote, register_version
from tests.portal.cast import Cast, browser, program

SPRING = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANGE = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
"""Half past one on 2 June, in the zone of the organisation."""
API = "/api/v1/environments/production/assignments/"


@pytest.fixture
def history(cast: Cast) -> Cast:
    """Version 1 serves from 1 March, version 2 from 2 June; a shadow runs beside it since."""
    Environment.objects.update(mode=Mode.OBSERVES)
    promote(cast.churn_v1, "production", actor=cast.erin, at=SPRING)
    second = register_version(cast.churn_v1.model, actor=cast.erin, at=SPRING)
    promote(second, "production", actor=cast.erin, at=CHANGE)
    third = register_version(cast.churn_v1.model, actor=cast.erin, at=CHANGE)
    assign(third, "production", role=AssignmentRole.SHADOW, share=0, actor=cast.erin, at=CHANGE)
    return cast


def page(cast: Cast, who: str = "erin", **query: str) -> str:
    answer = browser(getattr(cast, who)).get(reverse("registry:in-production"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def served(cast: Cast, who: str = "erin", **query: str) -> list[str]:
    """The versions that the page names, in its order."""
    answer = browser(getattr(cast, who)).get(reverse("registry:in-production"), query)
    return [str(row.record.version) for row in answer.context["table"].rows]


def test_a_day_of_the_past_is_answered_by_what_served_then(history: Cast) -> None:
    assert served(history, on="2026-04-15") == ["churn v1"]
    assert served(history, on="2026-06-15") == ["churn v2", "churn v3"]
    assert "What served in production on 15\u00a0Apr\u00a02026" in page(history, on="2026-04-15")


def test_a_day_of_change_names_both_and_is_one_of_the_organisations_zone(history: Cast) -> None:
    assert served(history, on="2026-06-01") == ["churn v1"]
    assert served(history, on="2026-06-02") == ["churn v1", "churn v2", "churn v3"]


def test_without_a_day_it_is_today_in_production(history: Cast) -> None:
    assert served(history) == ["churn v2", "churn v3"]
    assign(history.churn_v1, "staging", role=AssignmentRole.CANARY, share=0.1, actor=history.erin)
    assert served(history) == ["churn v2", "churn v3"]
    assert served(history, environment="") == ["churn v2", "churn v3", "churn v1"]


def test_a_day_before_everything_or_to_come_is_an_empty_answer_with_the_day_picker(history: Cast) -> None:
    for day in ("2020-01-01", "2999-01-01"):
        text = page(history, on=day)
        assert "Nothing fits these filters" in text
        assert f'value="{day}"' in text


def test_before_anything_was_promoted_the_page_says_how_it_comes_to_be(cast: Cast) -> None:
    assert "Nothing has served yet" in page(cast)


def test_what_is_no_day_is_said_at_the_field_and_loses_nothing(history: Cast) -> None:
    text = page(history, on="yesterday", q="churn")
    assert "This day cannot be read" in text
    assert 'value="churn"' in text


def test_it_is_exported_as_shown(history: Cast) -> None:
    answer = browser(history.otto).get(
        reverse("registry:in-production"), {"on": "2026-04-15", "export": "csv"}
    )
    head, line = b"".join(answer).decode("utf-8-sig").splitlines()
    assert head.replace('"', "").split(",")[:4] == ["Version", "Unit", "Environment", "Role"]
    assert line.replace('"', "").split(",")[:4] == ["churn v1", "Marketing", "Production", "Primary"]


def test_people_of_other_units_see_none_of_it(history: Cast) -> None:
    assert served(history, who="zoe", on="2026-04-15") == []
    assert "churn" not in page(history, who="zoe", on="2026-04-15")


def test_the_list_of_models_and_the_page_of_a_version_lead_there(history: Cast) -> None:
    erin = browser(history.erin)
    assert reverse("registry:in-production") in erin.get(reverse("registry:models")).content.decode()
    text = erin.get(history.churn_v1.get_absolute_url()).content.decode()
    assert f'action="{reverse("registry:in-production")}"' in text


def test_a_page_takes_few_queries_however_much_served(
    history: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        version = register_version(history.churn_v1.model, actor=history.erin, at=SPRING)
        assign(version, "production", role=AssignmentRole.SHADOW, share=0, actor=history.erin)
        assert version.number == number + 4
    erin = browser(history.erin)
    with django_assert_max_num_queries(25):
        erin.get(reverse("registry:in-production"))


def test_programs_ask_as_of_an_instant(history: Cast) -> None:
    erin = program(history.erin)

    def told(**query: str) -> list[tuple[int, str]]:
        return [(row["version"], row["role"]) for row in erin.get(API, query).json()["results"]]

    assert told(as_of="2026-04-15T00:00:00Z") == [(1, "primary")]
    assert told(as_of=CHANGE.isoformat(), role="primary") == [(2, "primary")]
    assert told(as_of=(CHANGE - timedelta(seconds=1)).isoformat()) == [(1, "primary")]
    assert told(as_of="2020-01-01") == []
    assert sorted(told()) == [(2, "primary"), (3, "shadow")]
    assert erin.get(API, {"as_of": "some day"}).status_code == 400
    assert program(history.zoe).get(API, {"as_of": "2026-04-15T00:00:00Z"}).json()["results"] == []
