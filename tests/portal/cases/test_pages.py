"""What each person meets on the pages of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.cases.models import Case, State
from portal.cases.panels import decisions_waiting
from portal.cases.services import ask_waiver, cast_vote, comment, open_case
from portal.cases.services.voting import Wish
from portal.evidence.services import store
from portal.findings.models import Notification
from portal.registry.services import update_system
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import PRIVATE, REVIEW, SECRET


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def case(cast: Cast) -> Case:
    return open_case(REVIEW, cast.churn, actor=cast.dave, reason="Ready to be built.")


def page(user: User, case: Case) -> str:
    return browser(user).get(case.get_absolute_url()).content.decode().replace("\u00a0", " ")


def test_a_member_votes_from_the_page_of_the_case(cast: Cast, case: Case) -> None:
    answer = browser(cast.chen).post(case.get_absolute_url(), {"choice": "approve", "reason": "Useful."})
    assert (answer.status_code, answer["Location"]) == (302, case.get_absolute_url())
    assert case.votes.get().voter == cast.chen


def test_a_vote_without_a_reason_comes_back_with_what_was_typed(cast: Cast, case: Case) -> None:
    answer = browser(cast.chen).post(case.get_absolute_url(), {"choice": "reject", "reason": ""})
    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
    assert 'value="reject"' in answer.content.decode()
    assert not case.votes.exists()


def test_conditions_are_named_with_the_vote(cast: Cast, case: Case) -> None:
    told = {
        "choice": "conditions",
        "reason": "Only so.",
        "condition": "Audit the groups first",
        "condition_owner": cast.erin.pk,
    }
    browser(cast.chen).post(case.get_absolute_url(), told)
    assert case.conditions.get().text == "Audit the groups first"


def test_the_page_says_what_is_missing_and_whom_to_ask(cast: Cast, case: Case) -> None:
    shown = page(cast.chen, case)
    assert "Two more votes needed. Ask A. Fenn." in shown
    assert "No votes are in, two more make the quorum." in shown
    assert "Whom to call before they leave" in shown


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ("dave", "You asked for this decision, so you have no vote on it."),
        ("erin", "You have a conflict of interest: Owner of Churn."),
        ("otto", "This round is decided by the role committee for Marketing."),
    ],
)
def test_the_page_says_why_there_is_no_form(cast: Cast, case: Case, login: str, sentence: str) -> None:
    shown = page(getattr(cast, login), case)
    assert sentence in shown
    assert 'name="choice"' not in shown


def test_a_vote_by_whoever_has_none_is_forbidden(cast: Cast, case: Case) -> None:
    for login, status in (("dave", 403), ("erin", 403), ("otto", 403), ("zoe", 404), ("lee", 404)):
        told = {"choice": "approve", "reason": "Let me."}
        answer = browser(getattr(cast, login)).post(case.get_absolute_url(), told)
        assert (login, answer.status_code) == (login, status)
    assert not case.votes.exists()


def test_people_of_another_unit_see_no_case(cast: Cast, case: Case) -> None:
    assert browser(cast.zoe).get(case.get_absolute_url()).status_code == 404
    assert "Churn" not in browser(cast.zoe).get(reverse("cases:cases")).content.decode()


def test_a_private_case_is_read_by_its_opener_and_those_who_decide(cast: Cast) -> None:
    case = open_case(PRIVATE, cast.churn, actor=cast.lee)
    readers = {
        login: browser(getattr(cast, login)).get(case.get_absolute_url()).status_code
        for login in ("lee", "dara", "erin", "chen", "otto", "ada", "maya")
    }
    assert readers == {
        "lee": 200,
        "dara": 200,
        "erin": 404,
        "chen": 404,
        "otto": 404,
        "ada": 404,
        "maya": 404,
    }


def test_a_private_case_leaves_no_words_where_others_read(cast: Cast) -> None:
    case = open_case(PRIVATE, cast.churn, actor=cast.lee, title="A grievance", reason="My manager did it.")
    comment(case, actor=cast.dara, text="Which manager?")
    file = store(b"A letter.", title="Letter of Lee", subject=case, actor=cast.lee)
    cast_vote(case, actor=cast.dara, approve=True, reason="It is true.")
    told = "".join(Entry.objects.values_list("body", flat=True))
    for words in ("My manager did it", "Which manager", "Letter of Lee", "It is true", "A grievance"):
        assert words not in told
    assert {line.user for line in Notification.objects.of(case).unsettled()} == {cast.lee}
    assert browser(cast.erin).get(file.get_absolute_url()).status_code == 404
    through_the_case = reverse("cases:file", args=[case.ref, file.pk])
    assert through_the_case in page(cast.dara, case)
    answer: Any = browser(cast.dara).get(through_the_case)
    assert b"".join(answer.streaming_content) == b"A letter."
    assert browser(cast.otto).get(through_the_case).status_code == 404


def test_secret_votes_are_shown_once_the_case_is_decided(cast: Cast) -> None:
    case = open_case(SECRET, cast.churn, actor=cast.dave)
    cast_vote(case, actor=cast.chen, approve=False, reason="A weak case for it.")
    assert "A weak case for it." not in page(cast.ann, case)
    cast_vote(case, actor=cast.ann, approve=False, reason="Agreed.")
    assert "A weak case for it." in page(cast.bob, case)


def test_a_stale_approval_shows_both_versions_of_what_changed(cast: Cast, case: Case) -> None:
    for member in (cast.chen, cast.ann):
        cast_vote(case, actor=member, approve=True, reason="Useful.")
    update_system(cast.churn, actor=cast.erin, purpose="Rank everybody")
    shown = page(cast.maya, case)
    assert "is stale." in shown
    assert "one fact has changed since" in shown
    assert "<td>Whom to call before they leave</td><td><strong>Rank everybody</strong></td>" in shown
    again = open_case(REVIEW, cast.churn, actor=cast.dave)
    assert case.ref in page(cast.maya, again)


def test_an_overdue_case_says_so_and_takes_a_new_day(cast: Cast) -> None:
    asked = timezone.now() - timedelta(days=9)
    case = open_case(REVIEW, cast.churn, actor=cast.dave, title="Build churn", at=asked)
    assert "Build churn: the decision was due 2 days ago" in page(cast.chen, case)
    day = (timezone.now() + timedelta(days=5)).date()
    told = {"due_on": day.isoformat(), "reason": "The pack came late."}
    assert browser(cast.chen).post(reverse("cases:day", args=[case.ref]), told).status_code == 302
    assert 'name="choice"' in page(cast.chen, case)


def test_a_member_steps_aside_with_a_reason(cast: Cast, case: Case) -> None:
    url = reverse("cases:conflict", args=[case.ref])
    assert browser(cast.chen).post(url, {"reason": "My brother sells it."}).status_code == 302
    assert "My brother sells it." in page(cast.ann, case)


def test_whoever_asked_withdraws_after_a_confirmation(cast: Cast, case: Case) -> None:
    url = reverse("cases:withdraw", args=[case.ref])
    assert "Withdraw case" in browser(cast.dave).get(url).content.decode()
    browser(cast.dave).post(url, {"reason": "Not ready."})
    case.refresh_from_db()
    assert case.state == State.WITHDRAWN


def test_a_remark_stands_on_the_page(cast: Cast, case: Case) -> None:
    url = reverse("cases:comment", args=[case.ref])
    browser(cast.erin).post(url, {"text": "Who tells the customers? <script>alert(1)</script>"})
    assert "Who tells the customers? &lt;script&gt;" in page(cast.chen, case)
    assert browser(cast.otto).post(url, {"text": "I only read."}).status_code == 403


def test_evidence_is_added_to_a_case(cast: Cast, case: Case) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415

    file = SimpleUploadedFile("audit.txt", b"All groups within limits.")
    told = {"file": file, "title": "Audit", "claim": "Groups are within limits"}
    answer = browser(cast.erin).post(reverse("cases:evidence", args=[case.ref]), told)
    assert answer.status_code == 302
    assert "Groups are within limits" in page(cast.chen, case)


def test_a_condition_is_reported_and_accepted_on_pages(cast: Cast, case: Case) -> None:
    wish = Wish("Audit the groups first", cast.erin)
    cast_vote(case, actor=cast.chen, choice="conditions", reason="Only so.", conditions=[wish])
    cast_vote(case, actor=cast.ann, approve=True, reason="Fine.")
    condition = case.conditions.get()
    assert "Report as met" in page(cast.erin, case)
    report = reverse("cases:report-condition", args=[case.ref, condition.pk])
    assert browser(cast.erin).post(report, {"how": "Audited."}).status_code == 302
    assert "Accept as met" in page(cast.bob, case)
    accept = reverse("cases:accept-condition", args=[case.ref, condition.pk])
    assert browser(cast.erin).post(accept, {"how": "Trust me."}).status_code == 403
    assert browser(cast.bob).post(accept, {"how": "Seen."}).status_code == 302
    condition.refresh_from_db()
    assert condition.state == "met"


def test_a_waiver_is_asked_for_on_a_page(cast: Cast) -> None:
    url = reverse("cases:ask-waiver", args=["churn", 1])
    assert "Yard review" in browser(cast.erin).get(f"{url}?gate=yard-review").content.decode()
    told = {
        "gate": "yard-review",
        "reason": "The committee meets next month only.",
        "until": (timezone.now() + timedelta(days=20)).date().isoformat(),
    }
    answer = browser(cast.erin).post(url, told)
    assert answer["Location"] == Case.objects.get(kind="gate-waiver").get_absolute_url()
    assert browser(cast.zoe).get(url).status_code == 404
    assert browser(cast.maya).get(url).status_code == 403


def test_the_list_counts_what_waits_for_the_reader(cast: Cast, case: Case) -> None:
    assert "Reviews: one waits for your vote" in browser(cast.chen).get("/reviews/").content.decode()
    mine = browser(cast.chen).get("/reviews/?waiting=me").content.decode()
    assert case.ref in mine
    assert "none waits for your vote" in browser(cast.erin).get("/reviews/?state=open").content.decode()


def test_the_panel_of_the_home_leads_to_the_vote(cast: Cast, case: Case) -> None:
    told = decisions_waiting(cast.chen, None)
    assert told is not None
    assert [row.ref for row in told["cases"]] == [case.ref]
    assert told["count"] == 1
    cast_vote(case, actor=cast.chen, approve=True, reason="Useful.")
    assert decisions_waiting(cast.chen, None)["cases"] == []  # type: ignore[index]


def test_the_page_of_a_case_costs_few_queries(
    cast: Cast, case: Case, django_assert_max_num_queries: object
) -> None:
    for member in (cast.chen, cast.ann):
        cast_vote(case, actor=member, approve=True, reason="Useful.")
    client = browser(cast.bob)
    client.get(case.get_absolute_url())
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        assert client.get(case.get_absolute_url()).status_code == 200


def test_version_and_system_pages_show_who_must_agree(cast: Cast) -> None:
    until = timezone.now() + timedelta(days=20)
    why = "The committee meets next month only."
    case = ask_waiver(cast.churn_v1, "yard-review", actor=cast.dave, reason=why, expires_at=until)
    erin = browser(cast.erin)
    approvals = erin.get(reverse("cases:approvals", args=["churn", 1])).content.decode()
    assert case.ref in approvals
    assert "0 of 1 votes in" in approvals
    assert case.ref in erin.get(cast.churn_v1.get_absolute_url()).content.decode()
    assert case.ref in erin.get(cast.churn.get_absolute_url()).content.decode()


def test_the_home_of_a_member_shows_the_panel(cast: Cast, case: Case) -> None:
    home = browser(cast.chen).get("/", follow=True).content.decode()
    assert "Decisions waiting for you" in home
    assert case.get_absolute_url() in home
