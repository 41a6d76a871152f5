"""Every write of policies: proposed by one, and where it allows more than before, decided by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import PolicyKind
from portal.audit.services import record, snapshot
from portal.errors import Conflict, Denied, Invalid, Problem, Refused
from portal.policies.models import PolicyState, PolicyVersion
from portal.policies.parameters import changes, encode
from portal.policies.selectors import SHIPPED, in_force
from portal.registry.models import System


@transaction.atomic
def propose_policy(
    kind: PolicyKind,
    parameters: Any,
    *,
    actor: User | None,
    reason: str,
    effective_from: datetime | None = None,
    system: System | None = None,
    at: datetime | None = None,
) -> PolicyVersion:
    """Put parameters in force from a day on; what allows more than before waits for a second person.

    ``parameters`` is an instance of the kind's dataclass; None ends a system's own policy. Raises Invalid
    for a day in the past, and for parameters equal to those in force; Conflict while a proposal waits.
    """
    at = at or timezone.now()
    begins = effective_from or at
    _check(kind, parameters, reason=reason, begins=begins, at=at, system=system)
    _serialise(kind)
    if PolicyVersion.objects.waiting().filter(kind=kind.slug, system=system).exists():
        raise Conflict(f"A proposal for {kind.title} is already waiting. Decide it first.")
    before = in_force(kind, begins, system)
    after = in_force(kind, begins).parameters if parameters is None else parameters
    changed = changes(kind, before.parameters, after)
    if not changed and system is None:
        raise Invalid("Nothing would change.")
    version = PolicyVersion.objects.create(
        kind=kind.slug,
        system=system,
        parameters=None if parameters is None else encode(parameters),
        effective_from=begins,
        state=PolicyState.PROPOSED,
        loosens=any(change.loosens for change in changed),
        reason=reason.strip(),
        proposed_by=actor,
        proposed_at=at,
    )
    record(
        "policy.proposed",
        version,
        actor=actor,
        after=snapshot(version),
        reason=reason,
        at=at,
        changes={change.name: {"before": change.before, "after": change.after} for change in changed},
    )
    if not version.loosens:
        _adopt(version, actor=actor, at=at)
    return version


@transaction.atomic
def decide_policy(
    version: PolicyVersion, *, actor: User, approve: bool, reason: str = "", at: datetime | None = None
) -> PolicyVersion:
    """Adopt or reject what somebody else proposed. It begins no earlier than it is decided."""
    at = at or timezone.now()
    version = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    if version.state != PolicyState.PROPOSED:
        raise Refused(f"This proposal is already decided: {version.get_state_display().lower()}.")
    if version.proposed_by_id == actor.pk:
        raise Denied("Whoever proposes a policy does not decide it.")
    version.decision = reason.strip()
    if approve:
        return _adopt(version, actor=actor, at=at)
    version.state = PolicyState.REJECTED
    return _decide(version, "policy.rejected", actor=actor, at=at)


def _adopt(version: PolicyVersion, *, actor: User | None, at: datetime) -> PolicyVersion:
    """Give the version its number and let it begin."""
    newest = PolicyVersion.objects.filter(kind=version.kind).aggregate(newest=Max("number"))["newest"]
    version.number = (newest or SHIPPED) + 1
    version.state = PolicyState.ADOPTED
    version.effective_from = max(version.effective_from, at)
    return _decide(version, "policy.adopted", actor=actor, at=at)


def _decide(version: PolicyVersion, action: str, *, actor: User | None, at: datetime) -> PolicyVersion:
    version.decided_by, version.decided_at = actor, at
    version.save()
    record(action, version, actor=actor, after=snapshot(version), reason=version.decision, at=at)
    return version


def _check(
    kind: PolicyKind, parameters: Any, *, reason: str, begins: datetime, at: datetime, system: System | None
) -> None:
    if parameters is not None and not isinstance(parameters, kind.parameters):
        raise TypeError(f"{kind.slug} takes {kind.parameters.__name__}, not {type(parameters).__name__}")
    problems = []
    if parameters is None and system is None:
        problems.append(Problem("/parameters", "Only a system's own policy can be ended."))
    if not reason.strip():
        problems.append(Problem("/reason", "Say why."))
    if begins < at:
        problems.append(
            Problem("/effective_from", "A policy begins now or later: what it judged stays as it was judged.")
        )
    if problems:
        raise Invalid(f"{kind.title} cannot be set like this.", errors=problems)


def _serialise(kind: PolicyKind) -> None:
    """One change of a kind at a time, so that numbers and comparisons hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"policies.{kind.slug}"])
