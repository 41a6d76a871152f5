"""Pages and API of findings and the inbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.areas import Severity
from portal.findings.models import AlertRoute, Finding, FindingState, Notification, SavedView
from portal.findings.services import raise_finding
from portal.registry.models import System
from tests.portal.cast import Cast, browser, program

READING = {
    "metric": "psi",
    "feature": "tenure",
    "group": None,
    "segment": None,
    "value": 0.31,
    "low": None,
    "high": None,
    "limit_warn": 0.1,
    "limit_breach": 0.25,
    "n": 5125,
    "verdict": "breach",
    "reason": None,
}
TREND = {
    "metric": "psi",
    "limit": 0.25,
    "points": [{"end": f"2026-10-0{number}", "value": number / 20} for number in range(1, 8)],
}


def raised(system: System, part: str, severity: Severity = Severity.HIGH) -> Finding:
    return raise_finding(
        system,
        "shift",
        dedupe_key=f"{system}:{part}",
        severity=severity,
        title=f"{part.capitalize()} of {system} moved",
        summary="psi 0.31, limit 0.25, n 5 125.",
        detail={"readings": [READING], "trend": TREND},
        subject=system,
    )


@pytest.fixture
def finding(cast: Cast) -> Finding:
    return raised(cast.churn, "tenure")


def text(person: object, address: str) -> str:
    answer = browser(person).get(address)  # type: ignore[arg-type]
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_list_shows_ones_own_units_only(cast: Cast, finding: Finding) -> None:
    other = raised(cast.routing, "topic")
    erin = text(cast.erin, "/findings/")
    assert finding.title in erin
    assert other.title not in erin
    assert browser(cast.erin).get(f"/findings/{other.ref}/").status_code == 404
    otto = text(cast.otto, "/findings/")
    assert finding.title in otto
    assert other.title in otto
    assert browser(cast.lee).get("/findings/").status_code == 403


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("q=tenure", ["tenure"]),
        ("q=F-{ref}", ["tenure"]),
        ("severity=low", ["age"]),
        ("state=open", ["tenure", "age"]),
        ("kind=shift", ["tenure", "age"]),
        ("state=waived", []),
        ("system=churn", ["tenure", "age"]),
        ("only=mine", ["tenure", "age"]),
        ("only=late", []),
    ],
)
def test_the_list_can_be_narrowed(cast: Cast, finding: Finding, query: str, shown: list[str]) -> None:
    raised(cast.churn, "age", Severity.LOW)
    page = text(cast.erin, f"/findings/?{query.format(ref=finding.pk)}")
    found = [part for part in ("tenure", "age") if f"{part.capitalize()} of Churn moved" in page]
    assert found == shown


def test_the_list_costs_the_same_with_more_findings(cast: Cast, finding: Finding) -> None:
    def queries() -> int:
        erin = browser(cast.erin)
        erin.get("/findings/")
        with CaptureQueriesContext(connection) as seen:
            erin.get("/findings/")
        return len(seen)

    few = queries()
    for number in range(20):
        raised(cast.churn, f"part{number}")
    assert queries() == few
    assert few <= 25


@pytest.mark.parametrize("address", ["/inbox/", "/inbox/findings/", "/findings/{ref}/", "/inbox/alerts/"])
def test_a_page_costs_at_most_25_queries(cast: Cast, finding: Finding, address: str) -> None:
    for number in range(8):
        raised(cast.churn, f"part{number}")
    erin = browser(cast.erin)
    erin.get(address.format(ref=finding.ref))
    with CaptureQueriesContext(connection) as seen:
        erin.get(address.format(ref=finding.ref))
    assert len(seen) <= 25, [query["sql"][:120] for query in seen]


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx", "parquet"])
def test_the_list_comes_as_a_file(cast: Cast, finding: Finding, kind: str) -> None:
    answer = browser(cast.erin).get(f"/findings/?export={kind}")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert answer.status_code == 200
    assert len(content) > 100
    if kind in {"csv", "json"}:
        assert finding.title in content.decode()


def test_a_view_is_kept_and_shared(cast: Cast, finding: Finding) -> None:
    erin = browser(cast.erin)
    kept = {"name": "My high ones", "shared": "on"}
    assert erin.post("/views/findings:findings/new/?severity=high&only=mine", kept).status_code == 302
    assert SavedView.objects.get().query == "severity=high&only=mine"
    assert "My high ones" in text(cast.dave, "/findings/")


def test_the_page_shows_readings_line_and_triage(cast: Cast, finding: Finding) -> None:
    page = text(cast.erin, f"/findings/{finding.ref}/")
    for told in (
        finding.title,
        "0.31",
        "0.25",
        "<svg",
        "Accept finding",
        "Waive until a day",
        "Needs triage",
    ):
        assert told in page
    otto = text(cast.otto, f"/findings/{finding.ref}/")
    assert "Accept finding" not in otto


def test_accepting_from_the_page_goes_back_to_the_triage(cast: Cast, finding: Finding) -> None:
    sent = browser(cast.erin).post(
        f"/findings/{finding.ref}/accept/",
        {"owner": cast.erin.pk, "note": "v5 covers it.", "next": "/inbox/findings/"},
    )
    assert (sent.status_code, sent["Location"]) == (302, "/inbox/findings/")
    finding.refresh_from_db()
    assert (finding.state, finding.comments.get().text) == (FindingState.ACCEPTED, "v5 covers it.")


def test_a_finding_is_not_handed_to_somebody_of_another_unit(cast: Cast, finding: Finding) -> None:
    answer = browser(cast.erin).post(f"/findings/{finding.ref}/accept/", {"owner": cast.zoe.pk})
    assert answer.status_code == 422
    finding.refresh_from_db()
    assert finding.state == FindingState.OPEN


def test_a_waiver_goes_through_two_people_on_the_pages(cast: Cast, finding: Finding) -> None:
    until = (timezone.localdate() + timedelta(days=30)).isoformat()
    asked = {"reason": "The carrier changes back in May.", "until": until}
    assert browser(cast.erin).post(f"/findings/{finding.ref}/waive/", asked).status_code == 302
    assert "A second person decides." in text(cast.erin, f"/findings/{finding.ref}/")
    decide = f"/findings/{finding.ref}/waiver/"
    assert browser(cast.erin).post(decide, {"grant": "yes"}).status_code == 403
    assert browser(cast.chen).post(decide, {"grant": "yes"}).status_code == 302
    assert "Granted" not in text(cast.erin, "/inbox/")
    assert "Waived." in text(cast.erin, f"/findings/{finding.ref}/")
    assert browser(cast.ann).get(decide).status_code == 404


def test_the_inbox_counts_what_needs_me(cast: Cast, finding: Finding) -> None:
    page = text(cast.erin, "/inbox/")
    assert "1 thing needs you" in page
    assert finding.title in page
    assert "Nothing needs you" in text(cast.dave, "/inbox/")
    assert "Nothing needs you" in text(cast.lee, "/inbox/")


def test_snoozing_and_putting_away(cast: Cast, finding: Finding) -> None:
    line = Notification.objects.get(user=cast.erin)
    erin = browser(cast.erin)
    until = (timezone.localdate() + timedelta(days=3)).isoformat()
    assert erin.post(f"/inbox/{line.pk}/snooze/", {"until": until}).status_code == 302
    assert "Nothing needs you" in text(cast.erin, "/inbox/")
    assert finding.title in text(cast.erin, "/inbox/watching/")
    assert browser(cast.dave).post(f"/inbox/{line.pk}/done/").status_code == 404
    assert erin.post(f"/inbox/{line.pk}/done/").status_code == 302
    assert finding.title in text(cast.erin, "/inbox/done/")


def test_the_triage_puts_the_worst_first_and_opens_one(cast: Cast, finding: Finding) -> None:
    low = raised(cast.churn, "age", Severity.LOW)
    page = text(cast.erin, "/inbox/findings/")
    assert "2 findings need you, 1 of them is high or critical" in page
    assert page.index(finding.title) < page.index(low.title)
    assert f"/findings/{finding.ref}/accept/" in page
    assert f"/findings/{low.ref}/accept/" in text(cast.erin, f"/inbox/findings/?open={low.ref}")
    assert "No finding needs you" in text(cast.dave, "/inbox/findings/")


def test_an_alert_is_set_and_removed(cast: Cast) -> None:
    chen = browser(cast.chen)
    wanted = {"kind": "", "severity": "high", "channel": "mail"}
    assert chen.post("/inbox/alerts/", wanted).status_code == 302
    route = AlertRoute.objects.get()
    assert "Inbox and a mail at once" in text(cast.chen, "/inbox/alerts/")
    assert browser(cast.ann).post(f"/inbox/alerts/{route.pk}/end/").status_code == 404
    chen.post(f"/inbox/alerts/{route.pk}/end/")
    assert not AlertRoute.objects.exists()


def test_silence_without_an_end_comes_back_with_the_form(cast: Cast) -> None:
    answer = browser(cast.chen).post("/inbox/alerts/", {"severity": "low", "channel": "muted"})
    assert answer.status_code == 422


# --- API ----------------------------------------------------------------------------------------------------


def test_the_api_lists_the_worst_first(cast: Cast, finding: Finding) -> None:
    raised(cast.churn, "age", Severity.LOW)
    raised(cast.churn, "region", Severity.CRITICAL)
    raised(cast.routing, "topic")
    told = program(cast.erin).get("/api/v1/findings/").json()
    assert [row["severity"] for row in told["results"]] == ["critical", "high", "low"]
    (row,) = program(cast.erin).get("/api/v1/findings/", {"severity": "high"}).json()["results"]
    assert (row["ref"], row["system"], row["owner"], row["state"]) == (
        finding.ref,
        cast.churn.ref,
        "erin",
        "open",
    )
    assert row["detail"]["readings"] == [READING]
    assert program(cast.erin).get(f"/api/v1/systems/{cast.churn.ref}/findings/").json()["count"] == 3
    assert program(cast.erin).get(f"/api/v1/systems/{cast.routing.ref}/findings/").status_code == 404


def test_the_api_takes_every_answer(cast: Cast, finding: Finding) -> None:
    address = f"/api/v1/findings/{finding.ref}/"
    erin, chen = program(cast.erin), program(cast.chen)
    assert (
        erin.post(f"{address}acknowledge/", {"note": "Seen."}, format="json").json()["state"]
        == "acknowledged"
    )
    assert erin.post(f"{address}acknowledge/", {}, format="json").status_code == 409
    assert erin.post(f"{address}comments/", {"text": "Looking."}, format="json").status_code == 201
    assert erin.post(f"{address}assign/", {"owner": "dave"}, format="json").json()["owner"] == "dave"
    asked = {
        "reason": "The carrier changes back.",
        "expires_at": (timezone.now() + timedelta(days=9)).isoformat(),
    }
    assert erin.post(f"{address}waive/", asked, format="json").status_code == 202
    assert erin.post(f"{address}waiver-decision/", {"grant": True}, format="json").status_code == 403
    assert chen.post(f"{address}waiver-decision/", {"grant": True}, format="json").json()["state"] == "waived"
    other = raised(cast.churn, "age")
    taken = erin.post(f"/api/v1/findings/{other.ref}/accept/", {"part_of": finding.ref}, format="json").json()
    assert (taken["state"], taken["part_of"]) == ("accepted", finding.ref)


def test_a_finding_of_another_unit_answers_as_one_that_is_not_there(cast: Cast, finding: Finding) -> None:
    zoe = program(cast.zoe)
    other = zoe.post(f"/api/v1/findings/{finding.ref}/acknowledge/", {}, format="json")
    missing = zoe.post("/api/v1/findings/F-999999/acknowledge/", {}, format="json")
    assert other.status_code == missing.status_code == 404
    assert other.content == missing.content


def test_an_auditor_reads_and_answers_nothing(cast: Cast, finding: Finding) -> None:
    otto = program(cast.otto)
    assert otto.get(f"/api/v1/findings/{finding.ref}/").status_code == 200
    assert otto.post(f"/api/v1/findings/{finding.ref}/acknowledge/", {}, format="json").status_code == 403


def test_what_was_open_then(cast: Cast, finding: Finding) -> None:
    Finding.objects.update(opened_at=timezone.now() - timedelta(days=9))
    before = (timezone.now() - timedelta(days=10)).isoformat()
    since = (timezone.now() - timedelta(days=8)).isoformat()
    erin = program(cast.erin)
    assert erin.get("/api/v1/findings/", {"as_of": before}).json()["count"] == 0
    assert erin.get("/api/v1/findings/", {"as_of": since}).json()["count"] == 1


def test_an_unknown_field_is_an_error(cast: Cast, finding: Finding) -> None:
    answer = program(cast.erin).post(
        f"/api/v1/findings/{finding.ref}/acknowledge/", {"remark": "x"}, format="json"
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/remark"
