"""The same key and body have one effect and one answer, in parallel, after a crash and for any body."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from portal.accounts.models import Membership
from portal.api.idempotency import DigestingStream, purge_idempotency_keys
from portal.api.models import IdempotencyKey
from portal.areas import Role
from portal.registry.models import System
from tests.portal.api import probe
from tests.portal.api.conftest import Cast, make_cast
from tests.portal.api.parallel import Call, at_once

SYSTEMS = "/api/v1/systems/"
pytestmark = pytest.mark.real_commits


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def post(client: APIClient, body: Any, key: str, address: str = SYSTEMS) -> Any:
    return client.post(address, body, "json", headers={"Idempotency-Key": key})


def test_a_repeated_post_gives_the_first_answer_and_no_second_effect(cast: Cast) -> None:
    client = cast.client(cast.erin)
    first = post(client, {"name": "pricing"}, "k1")
    again = post(client, {"name": "pricing"}, "k1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert [first[name] for name in ("Location", "ETag", "Content-Type")] == [
        again[name] for name in ("Location", "ETag", "Content-Type")
    ]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert System.objects.filter(name="pricing").count() == 1


def test_another_body_or_another_address_is_refused(cast: Cast) -> None:
    client = cast.client(cast.erin)
    post(client, {"name": "pricing"}, "k1")
    for response in (
        post(client, {"name": "other"}, "k1"),
        post(client, {"name": "pricing"}, "k1", f"{SYSTEMS}?x=1"),
        post(client, {"name": "pricing"}, "k1", f"{SYSTEMS}{cast.churn.pk}/archive/"),
    ):
        assert response.status_code == 422
        assert response.json()["type"] == "/api/problems/key-reused/"
    assert set(System.objects.values_list("name", flat=True)) == {"churn", "credit", "pricing"}


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(cast: Cast) -> None:
    answers = [post(cast.client(person), {"name": person.username}, "k1") for person in (cast.erin, cast.zoe)]
    assert [answer.json()["name"] for answer in answers] == ["erin", "zoe"]


def test_whoever_lost_the_right_does_not_get_the_old_answer(cast: Cast) -> None:
    client = cast.client(cast.erin)
    post(client, {"name": "pricing"}, "k1")
    Membership.objects.filter(user=cast.erin).update(role=Role.EMPLOYEE)
    assert post(client, {"name": "pricing"}, "k1").status_code == 403


def test_twenty_at_once_have_one_effect(cast: Cast) -> None:
    twenty = cast.clients(cast.erin, 20)
    answers = at_once([partial(post, client, {"name": "pricing"}, "k1") for client in twenty])
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] >= 1
    assert statuses[201] + statuses[409] == 20
    assert {answer["Retry-After"] for answer in answers if answer.status_code == 409} <= {"1"}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert System.objects.filter(name="pricing").count() == 1
    assert post(twenty[0], {"name": "pricing"}, "k1").status_code == 201


def test_while_the_first_runs_the_second_is_told_to_wait(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client, entered, leave = cast.client(cast.erin), threading.Event(), threading.Event()
    create = probe.create_system

    def slow(data: Any, *, actor: Any) -> System:
        entered.set()
        leave.wait(30)
        return create(data, actor=actor)

    monkeypatch.setattr(probe, "create_system", slow)
    first = Call(partial(post, client, {"name": "slow"}, "k1"))
    assert entered.wait(30)
    meanwhile = post(client, {"name": "slow"}, "k1")
    leave.set()
    assert (meanwhile.status_code, meanwhile["Retry-After"]) == (409, "1")
    assert meanwhile.json()["type"] == "/api/problems/still-running/"
    assert first.answer.status_code == 201
    assert post(client, {"name": "slow"}, "k1").content == first.answer.content


def test_a_refusal_leaves_the_key_free(cast: Cast) -> None:
    client = cast.client(cast.erin)
    assert post(client, {"nme": "pricing"}, "k1").status_code == 400
    assert post(client, {"name": "pricing"}, "k1").status_code == 201


def test_a_defect_leaves_neither_an_effect_nor_a_key(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = cast.client(cast.erin)
    with monkeypatch.context() as patched:
        patched.setattr(probe.SystemOutput, "data", property(lambda _: 1 / 0))
        assert post(client, {"name": "pricing"}, "k1").status_code == 500
    assert not System.objects.filter(name="pricing").exists()
    assert post(client, {"name": "pricing"}, "k1").status_code == 201


def test_what_a_service_does_on_commit_happens_once_and_after_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, create, kept = cast.client(cast.erin), probe.create_system, []

    def rings(data: Any, *, actor: Any) -> System:
        transaction.on_commit(lambda: kept.append(IdempotencyKey.objects.get().status))
        return create(data, actor=actor)

    monkeypatch.setattr(probe, "create_system", transaction.atomic(rings))
    for _ in range(2):
        post(client, {"name": "pricing"}, "k1")
    assert kept == [201]


class Killed(BaseException):
    """Ends a request as the end of its process would: nothing catches it, nothing is committed."""


def test_a_process_that_dies_leaves_a_key_that_can_be_claimed_after_its_lease(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = cast.client(cast.erin)

    def dies(data: Any, *, actor: Any) -> System:
        System.objects.create(name="half", unit=cast.churn.unit)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(probe, "create_system", dies)
        with pytest.raises(Killed):
            post(client, {"name": "pricing"}, "k1")
    assert not System.objects.filter(name="half").exists()
    assert post(client, {"name": "pricing"}, "k1").status_code == 409
    IdempotencyKey.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert post(client, {"name": "pricing"}, "k1").status_code == 201


def test_a_process_that_slept_through_its_lease_undoes_its_work(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, create = cast.client(cast.erin), probe.create_system
    second: list[Any] = []

    def sleeps(data: Any, *, actor: Any) -> System:
        monkeypatch.setattr(probe, "create_system", create)
        made = create({"name": "of the sleeper"}, actor=actor)
        second.append(Call(takes_over).answer)
        return made

    def takes_over() -> Any:
        IdempotencyKey.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        return post(client, {"name": "pricing"}, "k1")

    monkeypatch.setattr(probe, "create_system", sleeps)
    late = post(client, {"name": "pricing"}, "k1")
    assert second[0].status_code == 201
    assert late.status_code == 409
    assert set(System.objects.values_list("name", flat=True)) == {"churn", "credit", "pricing"}
    assert post(client, {"name": "pricing"}, "k1").content == second[0].content


def test_answers_do_not_stand_in_the_database_in_clear(cast: Cast) -> None:
    post(cast.client(cast.erin), {"name": "pricing"}, "k1")
    assert b"pricing" not in bytes(IdempotencyKey.objects.get().body)


def test_an_answer_that_can_no_longer_be_read_is_not_made_twice(cast: Cast, settings: Any) -> None:
    client = cast.client(cast.erin)
    post(client, {"name": "pricing"}, "k1")
    settings.SECRET_KEY = "another one"
    assert post(client, {"name": "pricing"}, "k1").status_code == 409
    assert System.objects.filter(name="pricing").count() == 1


def test_an_upload_is_recognised_though_its_boundary_is_new(cast: Cast) -> None:
    client = cast.client(cast.erin)

    def upload(content: bytes, boundary: str) -> Any:
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'.encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        content_type = f"multipart/form-data; boundary={boundary}"
        headers = {"Idempotency-Key": "k1"}
        return client.post("/api/v1/uploads/", body, content_type=content_type, headers=headers)

    large = b"a,b\n" * 800_000
    assert upload(large, "first-boundary").json() == {"size": 3_200_000}
    assert upload(large, "second-boundary")["Idempotency-Replayed"] == "true"
    assert upload(large + b"x", "third-boundary").status_code == 422


def test_a_browser_upload_with_a_key_is_read_once(cast: Cast) -> None:
    response = cast.client(cast.erin).post(
        "/api/v1/uploads/",
        {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")},
        format="multipart",
        headers={"Idempotency-Key": "k1"},
    )
    assert response.json() == {"size": 8}


@pytest.mark.parametrize("key", ["", " ", "two words", "ä", "x" * 256, "tab\tbed"])
def test_a_key_has_a_form(cast: Cast, key: str) -> None:
    response = post(cast.client(cast.erin), {"name": "pricing"}, key)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "Idempotency-Key"


def test_keys_are_forgotten_after_a_day(cast: Cast) -> None:
    client = cast.client(cast.erin)
    post(client, {"name": "pricing"}, "k1")
    assert purge_idempotency_keys() == 0
    assert purge_idempotency_keys(timezone.now() + timedelta(hours=25)) == 1


@given(
    st.lists(st.sampled_from([b"--", b"BOUND", b"BO", b"UND", b"x"]), max_size=12),
    st.lists(st.integers(1, 7), min_size=1, max_size=30),
)
def test_the_digest_does_not_depend_on_how_the_body_is_read(pieces: list[bytes], sizes: list[int]) -> None:
    body = b"".join(pieces)
    whole = DigestingStream(BytesIO(body), b"", b"BOUND")
    by_chunks = DigestingStream(BytesIO(body), b"", b"BOUND")
    for size in sizes:
        by_chunks.read(size)
    renamed = DigestingStream(BytesIO(body.replace(b"BOUND", b"EDGE")), b"", b"EDGE")
    assert whole.digest() == by_chunks.digest()
    assert b"EDGE" in body or whole.digest() == renamed.digest()
