"""A prepared query finds what the query it was made from finds, each time with its own values."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from portal.api.prepared import Given, Prepared, among
from portal.registry.models import RegisteredModel
from tests.portal.api.conftest import Cast

pytestmark = pytest.mark.django_db

BY_NAME = Prepared(
    lambda: RegisteredModel.objects.select_related("system__unit", "created_by").filter(name=Given("name"))
)
BY_ID = Prepared(lambda: RegisteredModel.objects.filter(pk__in=among("ids")).order_by("-name"))


def test_rows_come_as_objects_with_what_they_lead_to(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    RegisteredModel.objects.create(name="tagged", system=cast.credit, tags={"a": "1"}, created_by=cast.zoe)
    with django_assert_num_queries(2):
        found = [BY_NAME.first(name=name) for name in ("tagged", "churn-model")]
        told = [(each.tags, each.system.unit.name, each.created_by) for each in found if each is not None]
    assert told == [({"a": "1"}, "Lending", cast.zoe), ({}, "Retail", None)]
    assert found == [RegisteredModel.objects.get(name=name) for name in ("tagged", "churn-model")]


def test_each_call_asks_the_database_again(cast: Cast) -> None:
    assert BY_NAME.first(name="later") is None
    RegisteredModel.objects.create(name="later", system=cast.churn)
    assert BY_NAME.first(name="later") is not None


def test_a_list_is_given_whole_and_may_be_empty(cast: Cast) -> None:
    made = [RegisteredModel.objects.create(name=name, system=cast.churn) for name in ("a", "b", "c")]
    assert [each.name for each in BY_ID(ids=[made[0].pk, made[2].pk])] == ["c", "a"]
    assert BY_ID(ids=[]) == []


def test_a_value_is_never_part_of_the_text(cast: Cast) -> None:
    assert BY_NAME(name="' OR 'a' = 'a") == []
    assert BY_NAME(name="%s") == []


def test_a_value_left_out_is_an_error(cast: Cast) -> None:
    with pytest.raises(KeyError, match="name"):
        BY_NAME()
