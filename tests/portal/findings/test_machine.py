"""A finding is raised once, counted when it repeats, and closed by a passing run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction

from portal.areas import Severity
from portal.audit.models import Entry
from portal.audit.selectors import state_as_of
from portal.findings.models import Channel, Finding, FindingState, Notification
from portal.findings.services import accept, close_finding, raise_finding, set_route
from portal.jobs.models import Delivery
from portal.registry.services import update_system
from tests.portal.cast import Cast, make_cast

NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)
KEY = "shift:churn:tenure"


def find(cast: Cast, severity: Severity = Severity.HIGH, at: datetime = NOON, **more: object) -> Finding:
    return raise_finding(
        cast.churn,
        "shift",
        dedupe_key=KEY,
        severity=severity,
        title="Tenure of churn moved",
        at=at,
        **more,  # type: ignore[arg-type]
    )


def inbox(cast: Cast, who: str) -> list[Notification]:
    return list(Notification.objects.needing(getattr(cast, who), NOON))


def test_the_owner_of_the_system_has_it_in_the_inbox_with_its_day(cast: Cast) -> None:
    finding = find(cast)
    (line,) = inbox(cast, "erin")
    assert (line.subject, line.title, line.due_on) == (finding, "Tenure of churn moved", date(2026, 11, 10))
    assert inbox(cast, "dave") == []


@pytest.mark.parametrize(("severity", "due"), [("critical", 9), ("high", 10), ("medium", 14), ("low", 29)])
def test_the_more_severe_the_sooner(cast: Cast, severity: str, due: int) -> None:
    assert find(cast, Severity(severity)).due_on == date(2026, 11, due)


def test_days_are_the_organisations(cast: Cast) -> None:
    late = datetime(2026, 11, 9, 23, 30, tzinfo=UTC)
    assert find(cast, Severity.CRITICAL, at=late).due_on == date(2026, 11, 10)


def test_a_repetition_is_counted_and_nobody_is_told_twice(cast: Cast) -> None:
    find(cast)
    Notification.objects.update(done_at=NOON)
    for hours in range(1, 101):
        find(cast, at=NOON + timedelta(hours=hours))
    finding = Finding.objects.get()
    assert (finding.occurrences, finding.last_seen_at) == (101, NOON + timedelta(hours=100))
    assert inbox(cast, "erin") == []


def test_a_line_that_waits_says_what_is_wrong_now(cast: Cast) -> None:
    find(cast)
    raise_finding(cast.churn, "shift", dedupe_key=KEY, severity=Severity.HIGH, title="It moved further")
    assert [line.title for line in inbox(cast, "erin")] == ["It moved further"]


def test_worse_than_before_tells_again_and_moves_the_day(cast: Cast) -> None:
    find(cast, Severity.LOW)
    accept(Finding.objects.get(), actor=cast.erin)
    worse = find(cast, Severity.HIGH)
    assert (worse.severity, worse.due_on) == ("high", date(2026, 11, 10))
    assert len(inbox(cast, "erin")) == 1
    assert [comment.text for comment in worse.comments.all()] == ["It is high now."]


def test_better_than_before_keeps_the_severity(cast: Cast) -> None:
    find(cast, Severity.HIGH)
    assert find(cast, Severity.LOW).severity == "high"


def test_a_pass_closes_it_and_empties_the_inbox(cast: Cast) -> None:
    find(cast)
    closed = close_finding(KEY, run=None, at=NOON + timedelta(days=1))
    assert closed is not None
    assert (closed.state, closed.closed_at) == (FindingState.CLOSED, NOON + timedelta(days=1))
    assert inbox(cast, "erin") == []
    assert close_finding(KEY, run=None) is None


def test_after_a_pass_the_same_thing_is_a_new_finding(cast: Cast) -> None:
    first = find(cast)
    close_finding(KEY, run=None, at=NOON)
    second = find(cast, at=NOON + timedelta(days=9))
    assert first.pk != second.pk


def test_unless_it_returns_within_the_time_that_is_asked_for(cast: Cast) -> None:
    first = find(cast)
    close_finding(KEY, run=None, at=NOON)
    again = find(cast, at=NOON + timedelta(days=6), reopen_within=timedelta(days=7))
    assert (again.pk, again.state, again.closed_at, again.occurrences) == (
        first.pk,
        FindingState.OPEN,
        None,
        2,
    )
    assert len(inbox(cast, "erin")) == 1


def test_the_database_refuses_a_second_open_finding_of_a_key(cast: Cast) -> None:
    finding = find(cast)
    finding.pk = None
    with pytest.raises(IntegrityError, match="one_open_finding_per_key"), transaction.atomic():
        finding.save(force_insert=True)


def test_without_owner_and_deputy_the_engineer_nearest_to_it_answers(cast: Cast) -> None:
    update_system(cast.churn, actor=cast.erin, owner=None, deputy=None)
    cast.churn.refresh_from_db()
    assert find(cast).owner == cast.erin


def test_the_history_can_be_read_as_of_a_day(cast: Cast) -> None:
    find(cast)
    find(cast, at=NOON + timedelta(hours=1))
    close_finding(KEY, run=None, at=NOON + timedelta(days=1))
    finding = Finding.objects.get()

    def then(at: datetime) -> dict[str, object]:
        return state_as_of(Finding, at)[finding.pk]

    assert (then(NOON)["occurrences"], then(NOON)["state"]) == (1, "open")
    assert then(NOON + timedelta(hours=2))["occurrences"] == 2
    assert then(NOON + timedelta(days=2))["state"] == "closed"
    assert [e.action for e in Entry.objects.about(finding).order_by("pk")] == [
        "finding.opened",
        "finding.seen",
        "finding.closed",
    ]


def test_whoever_asked_for_it_hears_at_once_by_mail(cast: Cast) -> None:
    set_route(cast.chen, channel=Channel.MAIL, severity=Severity.HIGH)
    find(cast, Severity.HIGH)
    mail = Delivery.objects.get()
    assert (mail.target, mail.title) == ("chen@example.org", "Tenure of churn moved")
    assert f"/findings/{Finding.objects.get().ref}/" in mail.body
    watched = Notification.objects.get(user=cast.chen)
    assert (watched.needs_action, watched.digest) == (False, False)


def test_an_alert_from_high_on_says_nothing_of_a_low_one(cast: Cast) -> None:
    set_route(cast.chen, channel=Channel.MAIL, severity=Severity.HIGH)
    find(cast, Severity.LOW)
    assert not Notification.objects.filter(user=cast.chen).exists()


def test_nobody_hears_of_systems_they_may_not_read(cast: Cast) -> None:
    set_route(cast.zoe, channel=Channel.MAIL)
    find(cast)
    assert not Notification.objects.filter(user=cast.zoe).exists()
    assert not Delivery.objects.exists()


def test_the_more_particular_alert_counts(cast: Cast) -> None:
    set_route(cast.chen, channel=Channel.MAIL)
    set_route(cast.chen, channel=Channel.INBOX, system=cast.churn)
    find(cast)
    assert not Delivery.objects.exists()
    assert Notification.objects.filter(user=cast.chen).count() == 1


def test_silence_ends_on_its_day(cast: Cast) -> None:
    until = datetime.now(UTC) + timedelta(days=2)
    set_route(cast.erin, channel=Channel.MUTED, kind="shift", muted_until=until)
    find(cast, at=until - timedelta(days=1))
    assert not Notification.objects.filter(user=cast.erin).exists()
    close_finding(KEY, run=None, at=until)
    find(cast, at=until + timedelta(days=1))
    assert Notification.objects.filter(user=cast.erin).count() == 1


@pytest.mark.real_commits
@pytest.mark.django_db
def test_two_jobs_that_notice_the_same_at_once_make_one_finding() -> None:
    cast = make_cast()

    def notice() -> None:
        try:
            find(cast)
        finally:
            connection.close()

    threads = [Thread(target=notice) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Finding.objects.get().occurrences == 6
