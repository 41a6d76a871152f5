"""A refusal becomes a page that says what happened and what to do, with the status it stands for."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars

from portal.areas import Role
from portal.errors import (
    Busy,
    Conflict,
    Denied,
    GateClosed,
    Invalid,
    Missing,
    PortalError,
    Problem,
    Stale,
    TooLarge,
    Unprocessable,
)
from portal.web.errors import PortalErrors, csrf_failure
from tests.portal.web.conftest import Requests

By = Callable[..., Requests]


def answer(request: HttpRequest, error: Exception) -> HttpResponse | None:
    middleware = PortalErrors(lambda _request: HttpResponse())
    return middleware.process_exception(request, error)


@pytest.mark.parametrize(
    "error",
    [
        PortalError(),
        Conflict("Other content under this key."),
        Stale(),
        Invalid("Not valid."),
        Unprocessable("Refused."),
        Denied("Not you."),
        Missing(),
        TooLarge("Over the cap."),
        Busy("Try again."),
    ],
)
def test_each_refusal_is_a_page_with_its_status_and_its_sentence(by: By, error: PortalError) -> None:
    page = answer(by(Role.ENGINEER).get("/models/"), error)
    assert page is not None
    assert page.status_code == error.status
    text = page.content.decode()
    assert f"<h1>{error.title}</h1>" in text
    assert error.detail in text


def test_a_closed_gate_lists_its_answers_and_where_to_mend_them(by: By) -> None:
    gates = [{"gate": "fairness", "state": "failed", "reason": "0.74 is under 0.80", "fix_url": "/fix/"}]
    page = answer(by().get(), GateClosed("One gate is closed.", gates=gates, help_url="/models/churn/gate/"))
    assert page is not None
    text = page.content.decode()
    assert "0.74 is under 0.80" in text
    assert 'href="/fix/"' in text
    assert 'href="/models/churn/gate/"' in text


def test_problems_name_their_place_and_no_markup_passes(by: By) -> None:
    page = answer(by().get(), Invalid("<b>bad</b>", errors=[Problem("/rows/3/name", "Too long.")]))
    assert page is not None
    text = page.content.decode()
    assert "/rows/3/name" in text
    assert "&lt;b&gt;bad" in text


def test_a_busy_portal_says_when_to_come_back(by: By) -> None:
    page = answer(by().get(), Busy(seconds=7))
    assert page is not None
    assert page["Retry-After"] == "7"


def test_a_fragment_keeps_the_page_and_gets_a_toast(by: By) -> None:
    page = answer(by().get(fragment=True), Conflict("Decided already."))
    assert page is not None
    assert page.status_code == 409
    assert page["HX-Reswap"] == "none"
    assert json.loads(page["HX-Trigger"]) == {"toast": {"tone": "bad", "text": "Decided already."}}


def test_the_page_names_the_reference_that_stands_in_the_log(by: By) -> None:
    with bound_contextvars(request_id="9f2c4e07"):
        page = answer(by().get(), Conflict("Decided already."))
    assert page is not None
    assert "<code>9f2c4e07</code>" in page.content.decode()


def test_defects_and_the_api_are_left_alone(by: By) -> None:
    assert answer(by().get(), ZeroDivisionError()) is None
    assert answer(by().get("/api/v1/models/"), Missing()) is None


def test_a_form_from_elsewhere_is_refused_in_words(by: By) -> None:
    page = csrf_failure(by().post())
    assert page.status_code == 403
    assert "load the page again" in page.content.decode()
