"""Pages of the ledger: who sees which run, how a run tells about itself, and the buttons."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from portal.areas import Window
from portal.jobs.models import AllowedTarget, Delivery, DeliveryState, Run, RunState
from portal.jobs.services import (
    claim,
    dispatch,
    enqueue_mail,
    enqueue_webhook,
    execute,
    finish,
    progress,
    request,
)
from portal.jobs.webhooks.call import secret_of
from tests.portal.cast import Cast
from tests.portal.jobs.yard.work import DAILY, NOTE, TROUBLE

pytestmark = pytest.mark.django_db
DAY = Window.day_of(datetime(2026, 11, 3, tzinfo=UTC))
HTMX = {"HX-Request": "true"}


@pytest.fixture
def erin(cast: Cast, client: Client) -> Client:
    client.force_login(cast.erin)
    return client


@pytest.fixture
def ada(cast: Cast) -> Client:
    browser = Client()
    browser.force_login(cast.ada)
    return browser


def page_of(run: Run, name: str = "run") -> str:
    return reverse(f"jobs:{name}", args=[run.pk])


def text(browser: Client, url: str, status: int = 200, **extra: object) -> str:
    response = browser.get(url, **extra)  # type: ignore[arg-type]
    assert response.status_code == status
    return response.content.decode()


def failed(cast: Cast) -> Run:
    run = request(TROUBLE, cast.churn, DAY, arguments={"how": "refuse"})
    taken = claim("host:1", run=run)
    assert taken is not None
    execute(taken)
    return Run.objects.get(pk=run.pk)


def test_the_list_shows_what_a_person_may_see_and_says_what_needs_attention(cast: Cast, erin: Client) -> None:
    failed(cast)
    foreign, own, internal = request(NOTE, cast.routing), request(NOTE, cast.churn_v1, DAY), request(NOTE)
    shown = text(erin, reverse("jobs:runs"))
    assert "1 run needs attention" in shown
    assert page_of(own) in shown
    assert page_of(foreign) not in shown
    assert page_of(internal) not in shown
    assert "churn/1" in shown
    assert "3\xa0Nov\xa02026" in shown


def test_an_administrator_and_an_auditor_see_the_portals_own_runs(cast: Cast, ada: Client) -> None:
    internal = request(NOTE)
    assert page_of(internal) in text(ada, reverse("jobs:runs"))
    ada.force_login(cast.otto)
    assert page_of(internal) in text(ada, reverse("jobs:runs"))


def test_who_asked_for_a_run_sees_it_whatever_it_belongs_to(cast: Cast, erin: Client) -> None:
    assert text(erin, page_of(request(NOTE, actor=cast.erin)))


def test_a_list_costs_as_many_statements_for_many_runs_as_for_few(
    cast: Cast, erin: Client, django_assert_max_num_queries: object
) -> None:
    for n in range(25):
        request(NOTE, cast.churn_v1 if n % 2 else cast.churn, arguments={"n": n})
    text(erin, reverse("jobs:runs"))
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        assert text(erin, reverse("jobs:runs")).count("/runs/") > 25


def test_filters_find_by_job_state_and_need_of_attention(cast: Cast, erin: Client) -> None:
    run, other = failed(cast), request(NOTE, cast.churn)
    for query in ("attention=true", "state=failed", "job=trouble"):
        shown = text(erin, f"{reverse('jobs:runs')}?{query}")
        assert page_of(run) in shown
        assert page_of(other) not in shown


def test_a_run_of_another_unit_is_not_there(cast: Cast, erin: Client) -> None:
    foreign = request(NOTE, cast.routing)
    for name in ("run", "progress", "dismiss"):
        text(erin, page_of(foreign, name), 404)
    assert erin.post(page_of(foreign, "replay")).status_code == 404


def test_a_running_run_renders_its_live_part_again_ever_more_slowly(cast: Cast, erin: Client) -> None:
    run = request(NOTE, cast.churn)
    taken = claim("host:1")
    assert taken is not None
    progress(taken, 3, 10, "Reading row groups")
    page = text(erin, page_of(run))
    assert 'hx-trigger="load delay:2s"' in page
    assert "Reading row groups" in page
    assert page.count("load delay") == 1
    part = erin.get(f"{page_of(run)}?delay=8", headers=HTMX)
    assert "delay:8s" in part.content.decode()
    assert "delay=10" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Refresh" not in part.headers


def test_when_a_run_has_ended_its_page_is_asked_for_anew(cast: Cast, erin: Client) -> None:
    run = request(NOTE, cast.churn)
    taken = claim("host:1")
    assert taken is not None
    finish(taken, lambda: {"psi": 0.12}, log="all <well>")
    part = erin.get(page_of(run), headers=HTMX)
    assert part.headers["HX-Refresh"] == "true"
    page = text(erin, page_of(run))
    assert "load delay" not in page
    assert "&quot;psi&quot;: 0.12" in page
    assert "all &lt;well&gt;" in page
    assert "Run it again" in page


@pytest.mark.parametrize("delay", ["", "x", "-5", "99999999999999999999", "\u0665"])
def test_a_delay_that_makes_no_sense_is_two_seconds_or_ten(cast: Cast, erin: Client, delay: str) -> None:
    run = request(NOTE, cast.churn)
    shown = erin.get(page_of(run, "progress"), {"delay": delay}).content.decode()
    assert 'delay:2s"' in shown


def test_progress_on_any_page_ends_with_a_message(cast: Cast, erin: Client) -> None:
    run = request(NOTE, cast.churn)
    waiting = text(erin, page_of(run, "progress"))
    assert "Waits for a worker" in waiting
    assert f"{page_of(run, 'progress')}?delay=4" in waiting
    taken = claim("host:1")
    assert taken is not None
    finish(taken, None)
    ended = text(erin, page_of(run, "progress"))
    assert "hx-get" not in ended
    assert 'hx-swap-oob="beforeend:#toasts"' in ended
    assert "Take a note: Done" in ended


def test_a_failed_run_says_why_and_can_be_tried_again(cast: Cast, erin: Client) -> None:
    run = failed(cast)
    page = text(erin, page_of(run))
    assert "Column age is missing." in page
    assert "host:1" in page
    answer = erin.post(page_of(run, "replay"))
    assert answer.headers["Location"] == page_of(run)
    assert Run.objects.get(pk=run.pk).state == RunState.QUEUED


def test_a_failed_run_is_dismissed_with_a_reason(cast: Cast, erin: Client) -> None:
    run = failed(cast)
    assert erin.post(page_of(run, "dismiss"), {"reason": ""}).status_code == 422
    assert erin.post(page_of(run, "dismiss"), {"reason": "The file was withdrawn"}).status_code == 302
    assert "E.\xa0Fenn dismissed it: The file was withdrawn" in text(erin, page_of(run))
    assert "No run needs attention" in text(erin, reverse("jobs:runs"))


def test_an_auditor_reads_and_changes_nothing(cast: Cast, erin: Client) -> None:
    run = failed(cast)
    erin.force_login(cast.otto)
    page = text(erin, page_of(run))
    assert page_of(run, "replay") not in page
    assert erin.post(page_of(run, "replay")).status_code == 403
    assert erin.get(reverse("jobs:new")).status_code == 403


def test_a_job_is_run_by_hand(cast: Cast, erin: Client) -> None:
    form = {
        "job": "daily",
        "subject": f"{cast.churn.ref}",
        "window": "2026-11-03/2026-11-04",
        "variant": "drift",
    }
    answer = erin.post(reverse("jobs:new"), form)
    run = Run.objects.get(job=DAILY.slug)
    assert answer.headers["Location"] == page_of(run)
    assert (run.subject, run.window, run.variant, run.requested_by) == (cast.churn, DAY, "drift", cast.erin)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("window", "yesterday", "START/END"),
        ("window", "2026-11-04/2026-11-03", "ends after it starts"),
        ("window", "2026-11-03T00:00:00/2026-11-04T00:00:00", "time zone"),
        ("subject", "", "one subject"),
        ("subject", "churn/1", "on a System"),
        ("variant", "cost", "drift, bias"),
        ("job", "unknown", "unknown"),
    ],
)
def test_what_cannot_be_run_is_said_beside_the_form(
    cast: Cast, erin: Client, field: str, value: str, said: str
) -> None:
    form = {"job": "daily", "subject": cast.churn.ref, "window": "", "variant": "drift", field: value}
    answer = erin.post(reverse("jobs:new"), form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Run.objects.exists()


def test_a_subject_of_another_unit_is_as_unknown_as_one_that_is_not_there(cast: Cast, erin: Client) -> None:
    answers = [
        erin.post(reverse("jobs:new"), {"job": "note", "subject": name})
        for name in (cast.routing.ref, "SYS-99999999", "nothing/3", "registry.system:x", "no.such:1")
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert erin.post(reverse("jobs:new"), {"job": "note"}).status_code == 403


# --- Deliveries -----------------------------------------------------------------------------------------


def test_deliveries_are_for_administrators_and_auditors(cast: Cast, erin: Client, ada: Client) -> None:
    enqueue_mail("ann@example.org", "Two votes needed", "In confidence", "key-1")
    delivery = Delivery.objects.get()
    url = reverse("jobs:delivery", args=[delivery.pk])
    assert erin.get(reverse("jobs:deliveries")).status_code == 403
    assert "ann@example.org" in text(ada, reverse("jobs:deliveries"))
    assert "In confidence" not in text(ada, url)
    ada.force_login(cast.otto)
    assert "In confidence" not in text(ada, url)
    assert ada.post(reverse("jobs:send-again", args=[delivery.pk])).status_code == 403


def test_a_receiver_inside_is_allowed_and_the_delivery_sent_again(cast: Cast, ada: Client) -> None:
    hook = "http://127.0.0.1:9/hook"
    enqueue_webhook(hook, "finding.raised", {"id": 7}, "finding-7")
    dispatch()
    delivery = Delivery.objects.get()
    page = text(ada, reverse("jobs:delivery", args=[delivery.pk]))
    assert "goes over https" in page
    assert secret_of(hook) in page.replace("&#x2B;", "+")
    refused = ada.post(reverse("jobs:allow-target"), {"host": "127.0.0.1", "port": 9, "reason": ""})
    assert refused.status_code == 422
    ada.post(reverse("jobs:allow-target"), {"host": "127.0.0.1", "port": 9, "reason": "Ours"})
    ada.post(reverse("jobs:send-again", args=[delivery.pk]))
    assert Delivery.objects.get().state == DeliveryState.QUEUED
    target = AllowedTarget.objects.get()
    assert "127.0.0.1:9" in text(ada, reverse("jobs:deliveries"))
    ada.post(reverse("jobs:withdraw-target", args=[target.pk]))
    assert not AllowedTarget.objects.exists()
