"""Every log line of a request or a run carries the name that its answer and its audit entries have."""

from __future__ import annotations

import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from portal.areas import JobKind
from portal.audit.context import acting
from portal.jobs.models import Run
from portal.jobs.services.watch import LogTail, Watch
from tests.portal.log_lines import Lines

logger = logging.getLogger("portal.test")


def talks(_request: HttpRequest) -> HttpResponse:
    logger.warning("said on a page")
    return HttpResponse()


def breaks(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the page is on fire")


talks.does = breaks.does = "public"  # type: ignore[attr-defined]  # what the route gate reads
urlpatterns = [path("talks/", talks), path("breaks/", breaks)]


class Talkative(Watch):
    """Watches over a run by saying something."""

    def _beat(self) -> None:
        logger.warning("said beside a job")


@pytest.fixture
def visitor(db: None, settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "words", "host"),
    [
        ("/talks/", "said on a page", "testserver"),
        ("/breaks/", "Internal Server Error: /breaks/", "testserver"),
        ("/talks/", "Invalid HTTP_HOST header", "elsewhere.example"),
    ],
)
def test_a_line_of_a_page_carries_the_name_its_answer_tells(
    visitor: Client, lines: Lines, address: str, words: str, host: str
) -> None:
    answer = visitor.get(address, headers={"host": host})
    (line,) = [line for line in lines() if words in line["event"]]
    assert line["request_id"] == answer["X-Request-ID"]


def test_a_name_that_the_caller_gave_stands_in_the_lines(visitor: Client, lines: Lines) -> None:
    visitor.get("/talks/", headers={"X-Request-ID": "trace-4711"})
    assert [line["request_id"] for line in lines()] == ["trace-4711"]


def test_a_line_outside_of_any_request_carries_no_name(visitor: Client, lines: Lines) -> None:
    visitor.get("/talks/")
    logger.warning("said by a command")
    assert "request_id" not in lines()[-1]


def test_a_line_of_the_thread_beside_a_run_carries_the_name_of_the_run(lines: Lines) -> None:
    kind = JobKind("talk", "Talk", run=lambda _run: None)
    with acting(request_id="run-4711", via="job"), Talkative(Run(pk=1), kind, LogTail(), limited=False):
        pass
    assert [line["request_id"] for line in lines()] == ["run-4711"]
