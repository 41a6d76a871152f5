"""Requests have names, entries say where they come from, and a refusal leaves one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from portal.accounts.models import User
from portal.audit.context import RequestContext, address_of
from portal.audit.models import Entry, PersonalValue
from portal.audit.origin import acting, current
from portal.audit.services import record, record_denial
from portal.errors import Denied
from tests.portal.audit.conftest import People

ANYBODY = AnonymousUser()
View = Callable[[HttpRequest], HttpResponse]


def ask(
    view: View,
    user: User | AnonymousUser = ANYBODY,
    path: str = "/page/",
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    request = RequestFactory().get(path, headers=headers)
    request.user = user
    response = RequestContext(view)(request)
    assert isinstance(response, HttpResponse)
    return response


def fine(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(current().request_id)


def refused(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=403)


@pytest.mark.parametrize("name", ["abcdefgh", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "A.b_c-12"])
def test_a_sane_name_of_a_request_is_kept_and_told(name: str) -> None:
    response = ask(fine, headers={"X-Request-ID": name})
    assert (response["X-Request-ID"], response.content.decode()) == (name, name)


@pytest.mark.parametrize(
    "name", ["", "short", "a" * 65, "has space in it", "new\nline-here", "<script>x", "ümlaut-xx"]
)
def test_any_other_name_is_replaced(name: str) -> None:
    response = ask(fine, headers={"X-Request-ID": name})
    assert response["X-Request-ID"] != name
    assert len(response["X-Request-ID"]) == 32


def test_nothing_of_a_request_outlives_it() -> None:
    ask(fine)
    assert current().request_id == ""
    assert current().via == "command"


def test_an_entry_says_where_it_comes_from(people: People) -> None:
    def work(_request: HttpRequest) -> HttpResponse:
        record("system.changed", people.churn, actor=people.erin)
        return HttpResponse()

    response = ask(work, people.erin, "/api/v1/systems/")
    entry = Entry.objects.get()
    assert (entry.via, entry.request_id) == ("api", response["X-Request-ID"])
    kept = PersonalValue.objects.get(entry=entry)
    assert (kept.value, kept.person_id) == ("127.0.0.1", people.erin.pk)
    assert entry.told["ip"] == {"commitment": kept.digest}


def test_a_job_says_which_run_it_is(people: People) -> None:
    with acting(request_id="run-4711", via="job"):
        entry = record("system.changed", people.churn, actor=None)
    assert (entry.via, entry.request_id, entry.told["ip"]) == ("job", "run-4711", None)


def test_behind_a_proxy_the_address_is_the_one_the_proxy_wrote(settings: Settings) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.7"})
    assert address_of(request) == "127.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert address_of(request) == "198.51.100.7"
    assert address_of(RequestFactory().get("/", headers={"X-Forwarded-For": "junk, '; DROP"})) == ""


def test_whoever_is_refused_leaves_an_entry(people: People) -> None:
    ask(refused, people.zoe, "/audit/%00/")
    entry = Entry.objects.get()
    assert (entry.action, entry.denied, entry.actor) == ("request.denied", True, people.zoe)
    assert entry.told["facts"] == {"method": "GET", "path": "/audit/\ufffd/"}


def test_the_entry_has_the_sentence_of_the_refusal(people: People) -> None:
    request = RequestFactory().post("/page/")
    request.user = people.zoe

    def view(request: HttpRequest) -> HttpResponse:
        surrounding.process_exception(request, Denied("Only for auditors."))
        return HttpResponse(status=403)

    surrounding = RequestContext(view)
    surrounding(request)
    assert Entry.objects.get().reason == "Only for auditors."


def test_a_refusal_that_a_service_has_recorded_is_not_recorded_again(people: People) -> None:
    def work(_request: HttpRequest) -> HttpResponse:
        record_denial("version.promoted", people.churn, actor=people.erin, reason="A gate is closed.")
        return HttpResponse(status=403)

    ask(work, people.erin)
    assert list(Entry.objects.values_list("action", flat=True)) == ["version.promoted"]


def test_strangers_cannot_fill_the_audit_by_being_refused(db: None) -> None:
    ask(refused)
    assert not Entry.objects.exists()


def test_what_succeeds_or_is_missing_leaves_no_entry_of_refusal(people: People) -> None:
    ask(fine, people.zoe)
    ask(lambda _request: HttpResponse(status=404), people.zoe)
    assert not Entry.objects.exists()


def test_an_exception_passes_through(people: People) -> None:
    def broken(_request: HttpRequest) -> HttpResponse:
        raise PermissionDenied

    with pytest.raises(PermissionDenied):
        ask(broken, people.zoe)
    assert current().request_id == ""
