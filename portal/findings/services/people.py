"""What people do with a finding: see it, take it on, hand it over, speak about it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.services import record, snapshot
from portal.errors import Invalid, Problem, Refused
from portal.findings.models import Comment, Finding, FindingState
from portal.findings.services.inbox import notify, settle

ANSWERABLE = frozenset({FindingState.OPEN, FindingState.ACKNOWLEDGED})
FACTS = ["state", "owner", "part_of"]


@transaction.atomic
def acknowledge(finding: Finding, *, actor: User, note: str = "", at: datetime | None = None) -> Finding:
    """Say that somebody has seen it. Raises Refused unless it waits for an answer."""
    finding = locked(finding)
    if finding.state != FindingState.OPEN:
        raise Refused(f"{finding.ref} is {finding.get_state_display().lower()}.")
    return _move(finding, FindingState.ACKNOWLEDGED, "finding.acknowledged", actor=actor, note=note, at=at)


@transaction.atomic
def accept(
    finding: Finding,
    *,
    actor: User,
    owner: User | None = None,
    part_of: Finding | None = None,
    note: str = "",
    at: datetime | None = None,
) -> Finding:
    """Take it on: it is right, and its owner mends it. It closes when a later run passes."""
    finding = locked(finding)
    if finding.state not in ANSWERABLE:
        raise Refused(f"{finding.ref} is {finding.get_state_display().lower()}.")
    _check_parent(finding, part_of)
    finding.owner = owner or finding.owner or actor
    finding.part_of = part_of
    finding = _move(finding, FindingState.ACCEPTED, "finding.accepted", actor=actor, note=note, at=at)
    settle(finding, at=at)
    _watch(finding, at=at)
    return finding


@transaction.atomic
def assign(
    finding: Finding, *, owner: User, actor: User, note: str = "", at: datetime | None = None
) -> Finding:
    """Hand it to somebody else, who is told."""
    finding = locked(finding)
    if finding.state == FindingState.CLOSED:
        raise Refused(f"{finding.ref} is closed.")
    previous, finding.owner = finding.owner, owner
    _move(finding, FindingState(finding.state), "finding.assigned", actor=actor, note=note, at=at)
    if previous is not None and previous != owner:
        settle(finding, users=[previous], at=at)
    if finding.state in ANSWERABLE:
        ask_owner(finding, at=at)
    else:
        _watch(finding, at=at)
    return finding


@transaction.atomic
def comment(finding: Finding, text: str, *, actor: User, at: datetime | None = None) -> Comment:
    """Say something about it. Raises Invalid for an empty text."""
    text = text.strip()
    if not text:
        raise Invalid("Write something first.", errors=[Problem("/text", "Empty.")])
    made = Comment.objects.create(finding=finding, author=actor, text=text, written_at=at or timezone.now())
    record("finding.commented", finding, actor=actor, at=at, comment=made.pk)
    return made


def locked(finding: Finding) -> Finding:
    """The row as it is now, held until the transaction ends."""
    return (
        Finding.objects.select_for_update(of=("self",))
        .select_related("system__unit", "owner", "part_of")
        .get(pk=finding.pk)
    )


def ask_owner(finding: Finding, *, at: datetime | None = None) -> None:
    """Put the finding into its owner's inbox as something to act on."""
    if finding.owner is not None:
        notify(
            [finding.owner],
            finding,
            kind="finding",
            title=finding.title,
            url=finding.get_absolute_url(),
            system=finding.system,
            due_on=finding.due_on,
            at=at,
        )


def _watch(finding: Finding, *, at: datetime | None) -> None:
    if finding.owner is not None:
        notify(
            [finding.owner],
            finding,
            kind="finding",
            title=finding.title,
            url=finding.get_absolute_url(),
            system=finding.system,
            needs_action=False,
            at=at,
        )


def _move(
    finding: Finding, state: FindingState, action: str, *, actor: User, note: str, at: datetime | None
) -> Finding:
    before = snapshot(Finding.objects.get(pk=finding.pk), FACTS)
    finding.state = state
    finding.save(update_fields=["state", "owner", "part_of"])
    if note.strip():
        Comment.objects.create(
            finding=finding, author=actor, text=note.strip(), written_at=at or timezone.now()
        )
    record(action, finding, actor=actor, before=before, after=snapshot(finding, FACTS), reason=note, at=at)
    return finding


def _check_parent(finding: Finding, parent: Finding | None) -> None:
    if parent is None:
        return
    if parent.pk == finding.pk or parent.part_of_id is not None:
        raise Invalid(
            "A finding is part of one that stands on its own.",
            errors=[Problem("/part_of", "Choose another finding.")],
        )
