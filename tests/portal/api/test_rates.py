"""Of N requests allowed, N pass: however many come at once, from however many threads."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from portal.api.models import RateCounter
from portal.api.rates import Allowance, purge_rate_counters, spend
from tests.portal.api.conftest import Cast, make_cast
from tests.portal.api.parallel import at_once

SYSTEMS = "/api/v1/systems/"
pytestmark = pytest.mark.real_commits


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.mark.parametrize("limit", [1, 5, 39])
def test_of_forty_parallel_requests_exactly_the_limit_passes(cast: Cast, settings: Any, limit: int) -> None:
    settings.PORTAL_RATE_TOKEN = f"{limit}/hour"
    forty = cast.clients(cast.erin, 40)
    answers = at_once([partial(client.get, SYSTEMS) for client in forty])
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (limit, 40 - limit)
    waits = {int(answer["Retry-After"]) for answer in answers if answer.status_code == 429}
    assert waits
    assert all(3500 < wait <= 3600 for wait in waits)


def test_a_refused_request_is_told_in_the_one_error_body(cast: Cast, settings: Any) -> None:
    settings.PORTAL_RATE_TOKEN = "1/minute"
    client = cast.client(cast.erin)
    client.get(SYSTEMS)
    refused = client.get(SYSTEMS)
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "/api/problems/throttled/"


def test_tokens_are_counted_apart_and_addresses_together(cast: Cast, settings: Any) -> None:
    settings.PORTAL_RATE_TOKEN = "2/hour"
    settings.PORTAL_RATE_ADDRESS = "3/hour"
    one, other = cast.client(cast.erin), cast.client(cast.erin)
    assert [one.get(SYSTEMS).status_code for _ in range(3)] == [200, 200, 429]
    assert other.get(SYSTEMS).status_code == 429
    assert other.get(SYSTEMS, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_wrong_tokens_are_counted_for_their_address(cast: Cast, settings: Any) -> None:
    settings.PORTAL_RATE_STRANGER = "5/hour"
    guesses = [APIClient(headers={"Authorization": f"Bearer aip_{number}"}) for number in range(40)]
    answers = at_once([partial(client.get, SYSTEMS) for client in guesses])
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (5, 35)
    assert cast.client(cast.erin).get(SYSTEMS).status_code == 200


def test_whoever_may_not_is_counted_too(cast: Cast, settings: Any) -> None:
    settings.PORTAL_RATE_TOKEN = "2/hour"
    client = cast.client(cast.lee)
    assert [client.get(SYSTEMS).status_code for _ in range(3)] == [403, 403, 429]


def test_a_new_period_starts_anew(cast: Cast) -> None:
    allowed = [("token 1", Allowance(2, 3600))]
    assert [spend(allowed) for _ in range(2)] == [0, 0]
    assert 0 < spend(allowed) <= 3600
    RateCounter.objects.update(ends_at=timezone.now())
    assert [spend(allowed) for _ in range(2)] == [0, 0]
    assert spend(allowed) > 0


def test_behind_a_proxy_the_address_is_the_one_the_proxy_wrote(cast: Cast, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    APIClient().get(SYSTEMS, headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.4"})
    APIClient().get(SYSTEMS, headers={"X-Forwarded-For": "no address"})
    subjects = set(RateCounter.objects.values_list("subject", flat=True))
    assert subjects == {"stranger 198.51.100.4", "stranger unknown"}


def test_counters_of_the_silent_are_forgotten(cast: Cast) -> None:
    spend([("token 1", Allowance(1, 60)), ("address ::1", Allowance(1, 60))])
    assert purge_rate_counters() == 0
    assert purge_rate_counters(timezone.now() + timedelta(days=2)) == 2


@pytest.mark.parametrize("text", ["", "5", "five/minute", "-1/minute", "5/week", "5/minute/2"])
def test_a_rate_has_a_form(text: str) -> None:
    with pytest.raises(ValueError, match="600/minute"):
        Allowance.parse(text)
