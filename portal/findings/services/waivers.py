"""Waivers: one person asks, another agrees, and the day it ends the finding is open again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Denied, Invalid, Problem, Refused
from portal.findings.models import Comment, Finding, FindingState, Waiver
from portal.findings.services.inbox import notify, settle
from portal.findings.services.people import ask_owner, locked
from portal.findings.services.routes import deciders

LONGEST = timedelta(days=366)


@transaction.atomic
def ask_waiver(
    finding: Finding, *, reason: str, expires_at: datetime, actor: User, at: datetime | None = None
) -> Waiver:
    """Ask that a finding needs no answer until a day. Whoever may grant it is told."""
    at = at or timezone.now()
    finding = locked(finding)
    if finding.state in {FindingState.CLOSED, FindingState.WAIVED}:
        raise Refused(f"{finding.ref} is {finding.get_state_display().lower()}.")
    problems = []
    if len(reason.strip()) < 10:
        problems.append(Problem("/reason", "Say why, in at least ten characters."))
    if not at < expires_at <= at + LONGEST:
        problems.append(Problem("/expires_at", "A waiver ends within 366 days."))
    if problems:
        raise Invalid("This waiver cannot be asked for.", errors=problems)
    if finding.waivers.filter(granted=None).exists():
        raise Conflict(f"A waiver of {finding.ref} is already asked for.")
    waiver = Waiver.objects.create(
        finding=finding, reason=reason.strip(), expires_at=expires_at, asked_by=actor, asked_at=at
    )
    record("waiver.asked", waiver, actor=actor, after=snapshot(waiver), reason=reason, at=at)
    notify(
        deciders(finding, but=actor),
        waiver,
        kind="waiver",
        title=f"Decide on a waiver: {finding.title}",
        url=finding.get_absolute_url(),
        system=finding.system,
        due_on=finding.due_on,
        at=at,
    )
    return waiver


@transaction.atomic
def decide_waiver(
    waiver: Waiver, *, actor: User, grant: bool, note: str = "", at: datetime | None = None
) -> Waiver:
    """Grant or refuse a waiver. Whoever asked does not decide, and nobody waives their own finding alone."""
    at = at or timezone.now()
    finding = locked(waiver.finding)
    waiver = Waiver.objects.select_for_update().get(pk=waiver.pk)
    if waiver.granted is not None:
        raise Refused("This waiver is already decided.")
    if actor.pk == waiver.asked_by_id:
        raise Denied("Whoever asks for a waiver does not grant it.")
    waiver.granted, waiver.decided_by, waiver.decided_at = grant, actor, at
    waiver.save(update_fields=["granted", "decided_by", "decided_at"])
    settle(waiver, at=at)
    if grant:
        finding.state = FindingState.WAIVED
        finding.save(update_fields=["state"])
        settle(finding, at=at)
    if note.strip():
        Comment.objects.create(finding=finding, author=actor, text=note.strip(), written_at=at)
    action = "waiver.granted" if grant else "waiver.refused"
    record(action, waiver, actor=actor, after=snapshot(waiver), reason=note, at=at)
    return waiver


@transaction.atomic
def end_waivers(at: datetime | None = None) -> int:
    """Open again the findings whose waiver has ended. Answers how many."""
    at = at or timezone.now()
    over = (
        Finding.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("system__unit", "owner")
        .filter(state=FindingState.WAIVED)
        .exclude(waivers__granted=True, waivers__expires_at__gt=at)
    )
    opened = 0
    for finding in over:
        finding.state = FindingState.OPEN
        finding.save(update_fields=["state"])
        Comment.objects.create(finding=finding, text="Its waiver has ended.", written_at=at)
        record("finding.reopened", finding, actor=None, after=snapshot(finding, ["state"]), at=at)
        ask_owner(finding, at=at)
        opened += 1
    return opened
