"""What jobs and checks do: raise a finding once, count its repetitions, close it when a run passes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import Severity
from portal.audit.services import record, snapshot
from portal.findings.models import Comment, Finding, FindingState, Notification, Waiver
from portal.findings.services.inbox import settle
from portal.findings.services.routes import default_owner, tell
from portal.jobs.models import Run
from portal.registry.models import System

ANSWER_DAYS: Mapping[Severity, int] = {
    Severity.CRITICAL: 0,
    Severity.HIGH: 1,
    Severity.MEDIUM: 5,
    Severity.LOW: 20,
}
"""Within how many days a finding is answered, unless the policy of whoever raises it says otherwise."""

RANKS = {severity: rank for rank, severity in enumerate(Severity)}
FACTS = ["severity", "title", "summary", "detail", "page", "due_on", "occurrences", "state"]


@transaction.atomic
def raise_finding(
    system: System,
    kind: str,
    *,
    dedupe_key: str,
    severity: Severity,
    title: str,
    summary: str = "",
    detail: Mapping[str, Any] | None = None,
    subject: Model | None = None,
    page: str = "",
    run: Run | None = None,
    owner: User | None = None,
    answer_days: int | None = None,
    reopen_within: timedelta = timedelta(0),
    at: datetime | None = None,
    actor: User | None = None,
) -> Finding:
    """Say that something is wrong. A repeat is counted on the open finding; nobody is told twice.

    ``title`` is a sentence. A finding of the same key that closed within ``reopen_within`` is opened again
    in place of a new one. A higher severity than before tells again, and ends a waiver: it was granted for
    less.
    """
    at = at or timezone.now()
    _serialise(dedupe_key)
    days = ANSWER_DAYS[severity] if answer_days is None else answer_days
    news = {
        "title": title,
        "summary": summary,
        "detail": dict(detail or {}),
        "page": page,
        "run": run,
    }
    due_on = organisation().today(at) + timedelta(days=days)
    known = _known(dedupe_key, since=at - reopen_within)
    if known is not None:
        return _seen_again(known, severity, due_on, news, at=at, actor=actor)
    finding = Finding.objects.create(
        system=system,
        kind=kind,
        dedupe_key=dedupe_key,
        severity=severity,
        subject_type=None if subject is None else ContentType.objects.get_for_model(subject),
        subject_id=None if subject is None else subject.pk,
        owner=owner or default_owner(system),
        opened_at=at,
        last_seen_at=at,
        due_on=due_on,
        **news,
    )
    record("finding.opened", finding, actor=actor, after=snapshot(finding), at=at)
    tell(finding, at=at)
    return finding


@transaction.atomic
def close_finding(
    dedupe_key: str, *, run: Run | None, note: str = "", at: datetime | None = None, actor: User | None = None
) -> Finding | None:
    """A run passed, so what was wrong is right again. None when nothing of that key is open."""
    at = at or timezone.now()
    _serialise(dedupe_key)
    finding = Finding.objects.select_for_update(of=("self",)).filter(dedupe_key=dedupe_key).unclosed().first()
    if finding is None:
        return None
    before = snapshot(finding, ["state"])
    finding.state = FindingState.CLOSED
    finding.closed_at, finding.closed_by_run = at, run
    finding.save(update_fields=["state", "closed_at", "closed_by_run"])
    Comment.objects.create(finding=finding, text=note or "A later run passed.", written_at=at)
    Waiver.objects.filter(finding=finding, granted=None).delete()
    settle(finding, at=at)
    record("finding.closed", finding, actor=actor, before=before, after=snapshot(finding, ["state"]), at=at)
    return finding


def _known(dedupe_key: str, *, since: datetime) -> Finding | None:
    """The open finding of a key, else the one that closed last, if after ``since``."""
    rows = Finding.objects.select_for_update(of=("self",)).select_related("system__unit", "owner")
    return (
        rows.filter(dedupe_key=dedupe_key).unclosed().first()
        or rows.filter(dedupe_key=dedupe_key, closed_at__gt=since).order_by("-closed_at").first()
    )


def _seen_again(
    finding: Finding,
    severity: Severity,
    due_on: date,
    news: Mapping[str, Any],
    *,
    at: datetime,
    actor: User | None,
) -> Finding:
    """Count a repetition; tell it only when it is worse than before or had been closed."""
    before = snapshot(finding, FACTS)
    worse = RANKS[severity] > RANKS[Severity(finding.severity)]
    returned = finding.state == FindingState.CLOSED
    finding.occurrences += 1
    finding.last_seen_at = max(finding.last_seen_at, at)
    for field, value in news.items():
        setattr(finding, field, value)
    if worse or returned:
        finding.severity = severity
        finding.due_on = due_on if returned else min(finding.due_on, due_on)
        if returned or finding.state == FindingState.WAIVED:
            finding.state = FindingState.OPEN
        finding.closed_at = finding.closed_by_run = None
        text = "It is back after a run had passed." if returned else f"It is {severity.value} now."
        Comment.objects.create(finding=finding, text=text, written_at=at)
    finding.save()
    Notification.objects.of(finding).unsettled().update(title=finding.title)
    record("finding.seen", finding, actor=actor, before=before, after=snapshot(finding, FACTS), at=at)
    if worse or returned:
        tell(finding, at=at)
    return finding


def _serialise(dedupe_key: str) -> None:
    """Two jobs that notice the same thing at once follow each other, and count it twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"finding {dedupe_key}"])
