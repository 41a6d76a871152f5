"""What people do with findings, and what they cannot do alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.areas import Severity
from portal.audit.models import Entry
from portal.errors import Conflict, Denied, Invalid, Refused
from portal.findings import services
from portal.findings.jobs import END_WAIVERS, SEND_DIGESTS
from portal.findings.models import Channel, Finding, FindingState, Notification, Waiver
from portal.findings.services import (
    accept,
    acknowledge,
    ask_waiver,
    assign,
    close_finding,
    decide_waiver,
    end_waivers,
    raise_finding,
    set_route,
)
from portal.jobs.models import Delivery
from portal.jobs.services import run_now
from tests.portal.cast import Cast, day

SOON = timedelta(days=30)


@pytest.fixture
def finding(cast: Cast) -> Finding:
    return raised(cast, "tenure")


def raised(cast: Cast, part: str, severity: Severity = Severity.HIGH) -> Finding:
    title = f"{part.capitalize()} of churn moved"
    return raise_finding(cast.churn, "shift", dedupe_key=f"churn:{part}", severity=severity, title=title)


def waived(cast: Cast, finding: Finding, until: datetime) -> Waiver:
    asked = ask_waiver(finding, reason="The carrier changes back in May.", expires_at=until, actor=cast.erin)
    return decide_waiver(asked, actor=cast.chen, grant=True)


def needing(cast: Cast, who: str) -> list[str]:
    return [line.title for line in Notification.objects.needing(getattr(cast, who))]


def test_seen_is_not_yet_decided(cast: Cast, finding: Finding) -> None:
    assert acknowledge(finding, actor=cast.erin).state == FindingState.ACKNOWLEDGED
    assert needing(cast, "erin") == ["Tenure of churn moved"]
    with pytest.raises(Refused):
        acknowledge(finding, actor=cast.erin)


def test_accepted_is_watched_until_a_run_passes(cast: Cast, finding: Finding) -> None:
    taken = accept(finding, actor=cast.erin, note="v5 covers it.")
    assert (taken.state, taken.comments.get().text) == (FindingState.ACCEPTED, "v5 covers it.")
    assert needing(cast, "erin") == []
    assert Notification.objects.unsettled().get(user=cast.erin).needs_action is False
    close_finding("churn:tenure", run=None)
    assert not Notification.objects.unsettled().exists()


def test_handed_over_it_leaves_one_inbox_for_another(cast: Cast, finding: Finding) -> None:
    assign(finding, owner=cast.dave, actor=cast.erin, note="You know the feed.")
    assert (needing(cast, "erin"), needing(cast, "dave")) == ([], ["Tenure of churn moved"])
    entry = Entry.objects.get(action="finding.assigned")
    assert entry.told["after"]["owner_id"] == cast.dave.pk


def test_a_finding_is_part_of_one_that_stands_on_its_own(cast: Cast, finding: Finding) -> None:
    part = accept(raised(cast, "age"), actor=cast.erin, part_of=finding)
    assert list(finding.parts.all()) == [part]
    with pytest.raises(Invalid):
        accept(raised(cast, "region"), actor=cast.erin, part_of=part)


def test_people_do_not_close_a_finding(cast: Cast, finding: Finding) -> None:
    with pytest.raises(IntegrityError, match="closed_finding_has_a_time"), transaction.atomic():
        Finding.objects.update(state=FindingState.CLOSED)
    assert not hasattr(services, "close")


def test_a_closed_finding_takes_no_answer(cast: Cast, finding: Finding) -> None:
    close_finding("churn:tenure", run=None)
    for answer in (acknowledge, accept):
        with pytest.raises(Refused, match="is closed"):
            answer(finding, actor=cast.erin)
    with pytest.raises(Refused):
        assign(finding, owner=cast.dave, actor=cast.erin)


# --- Waivers ------------------------------------------------------------------------------------------------


def test_a_waiver_takes_two(cast: Cast, finding: Finding) -> None:
    asked = ask_waiver(
        finding, reason="The carrier changes back.", expires_at=timezone.now() + SOON, actor=cast.erin
    )
    assert Finding.objects.get().state == FindingState.OPEN
    assert needing(cast, "chen") == ["Decide on a waiver: Tenure of churn moved"]
    with pytest.raises(Denied):
        decide_waiver(asked, actor=cast.erin, grant=True)
    decide_waiver(asked, actor=cast.chen, grant=True)
    assert Finding.objects.get().state == FindingState.WAIVED
    assert (needing(cast, "chen"), needing(cast, "ann"), needing(cast, "erin")) == ([], [], [])


def test_the_database_refuses_a_waiver_by_one_person(cast: Cast, finding: Finding) -> None:
    asked = ask_waiver(finding, reason="Because I say so.", expires_at=timezone.now() + SOON, actor=cast.chen)
    with pytest.raises(IntegrityError, match="finding_waiver_four_eyes"), transaction.atomic():
        Waiver.objects.filter(pk=asked.pk).update(
            decided_by=cast.chen, decided_at=timezone.now(), granted=True
        )


def test_a_refused_waiver_leaves_it_open_and_is_decided_once(cast: Cast, finding: Finding) -> None:
    asked = ask_waiver(
        finding, reason="The carrier changes.", expires_at=timezone.now() + SOON, actor=cast.erin
    )
    decide_waiver(asked, actor=cast.ann, grant=False, note="Fix it.")
    assert Finding.objects.get().state == FindingState.OPEN
    with pytest.raises(Refused):
        decide_waiver(asked, actor=cast.chen, grant=True)


@pytest.mark.parametrize(
    ("reason", "until", "pointer"),
    [
        ("short", SOON, "/reason"),
        ("A reason of some length.", timedelta(days=-1), "/expires_at"),
        ("A reason of some length.", timedelta(days=400), "/expires_at"),
    ],
)
def test_a_waiver_needs_a_reason_and_an_end(
    cast: Cast, finding: Finding, reason: str, until: timedelta, pointer: str
) -> None:
    with pytest.raises(Invalid) as raised_error:
        ask_waiver(finding, reason=reason, expires_at=timezone.now() + until, actor=cast.erin)
    assert [problem.pointer for problem in raised_error.value.errors] == [pointer]


def test_one_waiver_is_asked_for_at_a_time(cast: Cast, finding: Finding) -> None:
    ask_waiver(finding, reason="The carrier changes.", expires_at=timezone.now() + SOON, actor=cast.erin)
    with pytest.raises(Conflict):
        ask_waiver(finding, reason="The carrier changes.", expires_at=timezone.now() + SOON, actor=cast.dave)


def test_when_a_waiver_ends_the_finding_is_open_again(cast: Cast, finding: Finding) -> None:
    until = timezone.now() + SOON
    waived(cast, finding, until)
    assert end_waivers(until - timedelta(hours=1)) == 0
    assert end_waivers(until + timedelta(hours=1)) == 1
    assert Finding.objects.get().state == FindingState.OPEN
    assert needing(cast, "erin") == ["Tenure of churn moved"]
    assert end_waivers(until + timedelta(hours=2)) == 0


def test_the_job_that_ends_waivers_leaves_the_others(cast: Cast, finding: Finding) -> None:
    waived(cast, finding, timezone.now() + SOON)
    assert run_now(END_WAIVERS, None, day(1)).result == {"opened": 0}


def test_a_waived_finding_that_passes_is_closed(cast: Cast, finding: Finding) -> None:
    waived(cast, finding, timezone.now() + SOON)
    close_finding("churn:tenure", run=None)
    assert Finding.objects.get().state == FindingState.CLOSED
    assert end_waivers(timezone.now() + 2 * SOON) == 0


def test_a_waiver_for_low_does_not_cover_high(cast: Cast) -> None:
    low = raised(cast, "age", Severity.LOW)
    waived(cast, low, timezone.now() + SOON)
    assert raised(cast, "age", Severity.LOW).state == FindingState.WAIVED
    assert raised(cast, "age", Severity.HIGH).state == FindingState.OPEN


# --- Inbox --------------------------------------------------------------------------------------------------


def test_snoozed_is_out_of_sight_until_its_day(cast: Cast, finding: Finding) -> None:
    line = Notification.objects.get(user=cast.erin)
    services.snooze(line, until=timezone.now() + SOON, actor=cast.erin)
    assert needing(cast, "erin") == []
    assert list(Notification.objects.needing(cast.erin, timezone.now() + 2 * SOON)) == [line]
    with pytest.raises(Invalid):
        services.snooze(line, until=timezone.now() - SOON, actor=cast.erin)


def test_nobody_puts_away_what_is_in_another_inbox(cast: Cast, finding: Finding) -> None:
    line = Notification.objects.get(user=cast.erin)
    with pytest.raises(Denied):
        services.finish(line, actor=cast.dave)


def test_news_about_the_same_thing_renews_the_line(cast: Cast, finding: Finding) -> None:
    line = Notification.objects.get(user=cast.erin)
    services.snooze(line, until=timezone.now() + SOON, actor=cast.erin)
    assign(finding, owner=cast.erin, actor=cast.chen)
    assert needing(cast, "erin") == ["Tenure of churn moved"]
    assert Notification.objects.filter(user=cast.erin).count() == 1


def test_the_digest_carries_what_is_open_once(cast: Cast, finding: Finding) -> None:
    raised(cast, "age")
    assert run_now(SEND_DIGESTS, None, day(1)).result == {"mails": 1}
    mail = Delivery.objects.get()
    assert (mail.target, mail.title) == ("erin@example.org", "2 things need you")
    assert "Tenure of churn moved" in mail.body
    assert run_now(SEND_DIGESTS, None, day(2)).result == {"mails": 0}


def test_the_digest_leaves_out_what_is_settled_and_whoever_wants_none(cast: Cast, finding: Finding) -> None:
    set_route(cast.dave, channel=Channel.INBOX)
    assign(finding, owner=cast.dave, actor=cast.erin)
    assert run_now(SEND_DIGESTS, None, day(1)).result == {"mails": 0}


def test_silence_without_an_end_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        set_route(cast.erin, channel=Channel.MUTED)
    with pytest.raises(Invalid):
        set_route(cast.erin, channel=Channel.MAIL, muted_until=datetime(2099, 1, 1, tzinfo=UTC))
