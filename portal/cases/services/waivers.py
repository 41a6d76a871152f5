"""A closed gate is let pass only by a case: asked by one, granted by another, until a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import ABSTAIN, APPROVE, REJECT, CaseKind, Gate, Role, declared
from portal.audit.services import record, snapshot
from portal.cases.models import Case, State, WaiverRequest
from portal.cases.services.opening import open_case
from portal.errors import Conflict, Invalid, Problem, Refused
from portal.registry.models import ModelVersion
from portal.registry.services import grant_waiver
from portal.web.figures import day

LONGEST = timedelta(days=92)


def waived(request: WaiverRequest) -> Mapping[str, Any]:
    """What a waiver is decided on: this version, this gate, this reason, until this day."""
    return {
        "model": request.version.model.name,
        "version": request.version.number,
        "gate": request.gate,
        "reason": request.reason,
        "until": request.expires_at,
    }


def apply_waiver(case: Case, *, actor: User) -> None:
    """Grant what was asked, if it was approved and its day has not come meanwhile."""
    request = case.subject
    assert isinstance(request, WaiverRequest)
    if case.approved and request.expires_at > timezone.now():
        grant_waiver(
            request.version,
            request.gate,
            reason=request.reason,
            expires_at=request.expires_at,
            asked_by=request.asked_by,
            granted_by=actor,
        )


GATE_WAIVER = CaseKind(
    slug="gate-waiver",
    title="Waiver of a gate",
    prefix="WVR",
    roles=frozenset({Role.COMMITTEE, Role.ETHICS}),
    quorum=1,
    days=7,
    snapshot=waived,
    on_decided=apply_waiver,
    opens="cases.open",
    votes="cases.vote",
    choices=(APPROVE, REJECT, ABSTAIN),
)


@transaction.atomic
def ask_waiver(
    version: ModelVersion,
    gate: str,
    *,
    actor: User,
    reason: str,
    expires_at: datetime,
    at: datetime | None = None,
) -> Case:
    """Ask that one gate let one version pass until an instant, at most 92 days ahead.

    Raises Invalid for an unknown gate, a thin reason or a day out of range, Refused while one is in force,
    Conflict while one is being decided.
    """
    at = at or timezone.now()
    declared_gate = _gate(gate)
    if len(reason.strip()) < 20:
        raise Invalid("Say why, in at least twenty characters.", errors=[Problem("/reason", "Too short.")])
    if not at < expires_at <= at + LONGEST:
        detail = f"A waiver lasts at most {LONGEST.days} days."
        raise Invalid(detail, errors=[Problem("/expires_at", detail)])
    version = ModelVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
    if version.waivers.filter(gate=gate, expires_at__gt=at).exists():
        raise Refused(f"A waiver of {declared_gate.title} is in force for {version}.")
    _refuse_rival(version, gate)
    request = WaiverRequest.objects.create(
        version=version,
        gate=gate,
        reason=reason.strip(),
        expires_at=expires_at,
        asked_by=actor,
        asked_at=at,
    )
    record("waiver.asked", request, actor=actor, after=snapshot(request), reason=request.reason, at=at)
    return open_case(
        GATE_WAIVER,
        request,
        actor=actor,
        title=f"Let {version} pass {declared_gate.title} until {day(expires_at)}",
        reason=request.reason,
        at=at,
    )


def _refuse_rival(version: ModelVersion, gate: str) -> None:
    asked = WaiverRequest.objects.filter(version=version, gate=gate).values("pk")
    kind = ContentType.objects.get_for_model(WaiverRequest)
    rival = Case.objects.filter(subject_type=kind, subject_id__in=asked, state=State.OPEN).first()
    if rival is not None:
        raise Conflict(f"{rival.ref} asks for this already.", help_url=rival.get_absolute_url())


def _gate(slug: str) -> Gate:
    gates: dict[str, Gate] = {gate.slug: gate for gate in declared("gates")}
    if slug not in gates:
        known = ", ".join(sorted(gates)) or "none"
        raise Invalid(f"There is no gate {slug!r}; there are {known}.", errors=[Problem("/gate", "Unknown.")])
    return gates[slug]
