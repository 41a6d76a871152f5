"""A viewset shows what a person may see, in pages, and changes only what the caller has really read."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from portal.api.viewsets import number_of
from portal.errors import Missing
from portal.registry.models import RegisteredModel, System
from tests.portal.api.conftest import Cast, make_cast
from tests.portal.api.parallel import at_once

SYSTEMS = "/api/v1/systems/"


def add_systems(cast: Cast, count: int) -> None:
    System.objects.bulk_create(
        System(name=f"system {number:04}", unit=cast.churn.unit) for number in range(count)
    )


def names(client: APIClient, query: str) -> list[str]:
    return [row["name"] for row in client.get(f"{SYSTEMS}{query}").json()["results"]]


def test_a_list_holds_what_one_person_may_see(cast: Cast) -> None:
    assert names(cast.client(cast.erin), "") == ["churn"]
    assert names(cast.client(cast.zoe), "") == ["credit"]


def test_pages_join_without_gap_or_overlap(cast: Cast) -> None:
    add_systems(cast, 109)
    client, address, seen = cast.client(cast.erin), f"{SYSTEMS}?sort=-name&limit=25", []
    while address:
        page = client.get(address).json()
        assert page["count"] == 110
        seen += [row["name"] for row in page["results"]]
        address = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 110


def test_a_page_has_fifty_rows_unless_asked(cast: Cast) -> None:
    add_systems(cast, 60)
    page = cast.client(cast.erin).get(SYSTEMS).json()
    assert (len(page["results"]), page["count"]) == (50, 61)
    assert page["next"].endswith("limit=50&offset=50")


def test_a_page_past_the_end_is_empty_and_says_how_many_there_are(cast: Cast) -> None:
    assert cast.client(cast.erin).get(f"{SYSTEMS}?offset=70").json() == {
        "results": [],
        "next": None,
        "count": 1,
    }


def test_ties_in_the_order_are_settled_by_the_key(cast: Cast) -> None:
    add_systems(cast, 20)
    client = cast.client(cast.erin)
    both = names(client, "?sort=unit&limit=10") + names(client, "?sort=unit&limit=20&offset=10")
    assert len(set(both)) == 21


def test_an_order_by_a_column_without_gaps_can_use_its_index(cast: Cast) -> None:
    client = cast.client(cast.erin)
    with CaptureQueriesContext(connection) as queries:
        client.get("/api/v1/models/?sort=-updated_at")
    ordered = next(query["sql"] for query in queries if "LIMIT 50" in query["sql"])
    assert '"updated_at" DESC, ' in ordered
    assert "NULLS" not in ordered


def test_filters_narrow_and_the_view_reads_parameters_of_its_own(cast: Cast) -> None:
    System.objects.create(name="x-ray", unit=cast.churn.unit, risk_tier="high")
    client = cast.client(cast.erin)
    assert names(client, "?risk_tier=high") == ["x-ray"]
    assert names(client, "?without=x-ray") == ["churn"]


def test_a_register_answers_as_of_an_instant_and_as_of_a_day(cast: Cast) -> None:
    client = cast.client(cast.erin)
    yesterday = timezone.now() - timedelta(days=1)
    System.objects.filter(pk=cast.churn.pk).update(created_at=yesterday)
    before, after = (yesterday + timedelta(seconds=s) for s in (-1, 1))
    assert names(client, f"?as_of={before:%Y-%m-%dT%H:%M:%SZ}") == []
    assert names(client, f"?as_of={after:%Y-%m-%dT%H:%M:%S%%2B00:00}") == ["churn"]
    assert names(client, f"?as_of={yesterday:%Y-%m-%d}") == ["churn"]
    assert names(client, f"?as_of={yesterday - timedelta(days=1):%Y-%m-%d}") == []


def test_a_fast_list_takes_three_queries_however_many_rows(cast: Cast) -> None:
    client = cast.client(cast.erin)
    RegisteredModel.objects.bulk_create(
        RegisteredModel(name=f"m{number}", system=cast.churn) for number in range(200)
    )
    client.get("/api/v1/models/")
    counts = []
    for limit in (10, 200):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(f"/api/v1/models/?limit={limit}").json()
        counts.append(len(queries))
        assert page["count"] == 201
        assert page["results"][0] == {"name": "churn-model", "system": "churn"}
    assert counts[0] == counts[1] <= 6


def test_creating_answers_with_the_row_its_address_and_its_etag(cast: Cast) -> None:
    client = cast.client(cast.erin)
    made = client.post(SYSTEMS, {"name": "pricing"}, "json")
    assert made.status_code == 201
    read = client.get(made["Location"])
    assert read.json() == made.json()
    assert read["ETag"] == made["ETag"]


def test_a_change_needs_the_etag_of_what_stands(cast: Cast) -> None:
    client, address = cast.client(cast.erin), f"{SYSTEMS}{cast.churn.pk}/"
    read = client.get(address)
    changed = client.patch(address, {"purpose": "a"}, "json", headers={"If-Match": read["ETag"]})
    assert (changed.status_code, changed.json()["purpose"]) == (200, "a")
    stale = client.patch(address, {"purpose": "b"}, "json", headers={"If-Match": read["ETag"]})
    assert stale.status_code == 412
    assert client.get(address).json()["purpose"] == "a"


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_every_changing_method_looks_at_the_etag(cast: Cast, method: str) -> None:
    spare = System.objects.create(name="spare", unit=cast.churn.unit)
    client, address = cast.client(cast.erin), f"{SYSTEMS}{spare.pk}/"
    body = {"name": "spare"}
    change = getattr(client, method)
    assert change(address, body, "json", headers={"If-Match": '"stale"'}).status_code == 412
    assert change(address, body, "json", headers={"If-Match": 'W/"x", "stale"'}).status_code == 412
    assert change(address, body, "json", headers={"If-Match": "stale"}).status_code == 400
    assert change(address, body, "json", headers={"If-Match": "*"}).status_code in {200, 204}


def test_what_is_known_already_is_not_sent_again(cast: Cast) -> None:
    client, address = cast.client(cast.erin), f"{SYSTEMS}{cast.churn.pk}/"
    etag = client.get(address)["ETag"]
    known = client.get(address, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", etag)
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_patch_changes_what_is_named_and_put_asks_for_the_whole(cast: Cast) -> None:
    client, address = cast.client(cast.erin), f"{SYSTEMS}{cast.churn.pk}/"
    assert client.patch(address, {"purpose": "p"}, "json").json()["name"] == "churn"
    refused = client.put(address, {"purpose": "p"}, "json")
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/name"]


def test_what_others_depend_on_is_not_deleted(cast: Cast) -> None:
    assert cast.client(cast.erin).delete(f"{SYSTEMS}{cast.churn.pk}/").status_code == 409


def test_nobody_changes_what_they_may_not_see(cast: Cast) -> None:
    client, address = cast.client(cast.erin), f"{SYSTEMS}{cast.credit.pk}/"
    for change in (client.patch, client.put, client.delete):
        assert change(address, {"name": "mine"}, "json").status_code == 404
    cast.credit.refresh_from_db()
    assert cast.credit.name == "credit"


def test_answers_are_not_kept_by_caches(cast: Cast) -> None:
    client = cast.client(cast.erin)
    for response in (client.get(SYSTEMS), cast.client().get(SYSTEMS), client.get(f"{SYSTEMS}0/")):
        assert response["Cache-Control"] == "no-store"


def test_a_head_request_is_judged_as_the_get_it_stands_for(cast: Cast) -> None:
    address = "/api/v1/models/churn-model/"
    assert cast.client(cast.lee).head(address).status_code == 403
    assert cast.client(cast.erin).head(address).status_code == 200


@pytest.mark.real_commits
def test_of_many_changes_to_the_same_state_one_is_made(db: None) -> None:
    cast = make_cast()
    address = f"{SYSTEMS}{cast.churn.pk}/"
    clients = cast.clients(cast.erin, 8)
    etag = clients[0].get(address)["ETag"]
    headers = {"If-Match": etag}
    answers = at_once(
        [partial(client.patch, address, {"purpose": "mine"}, "json", headers=headers) for client in clients]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


@pytest.mark.parametrize("ref", ["12", "SYS-", "sys-12", "SYS--1", "SYS-1.5", "SYS-" + "9" * 19, "SYS-１２"])
def test_a_reference_that_is_none_is_missing(ref: str) -> None:
    assert number_of("SYS-12", "SYS") == 12
    with pytest.raises(Missing):
        number_of(ref, "SYS")
