"""Every write of analyses: saved, changed, chosen from, accepted and so frozen, or set aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.analyses.models import Analysis, State
from portal.analyses.typed import encode
from portal.areas import AnalysisKind
from portal.audit.services import record, snapshot
from portal.errors import Invalid, Problem, Refused, blank
from portal.registry.models import System

CHANGEABLE = ("title", "question", "inputs", "result", "engine", "choice", "digest")


@transaction.atomic
def save_analysis(
    kind: AnalysisKind,
    inputs: Any,
    *,
    title: str,
    system: System,
    actor: User,
    question: str = "",
    based_on: Analysis | None = None,
    at: datetime | None = None,
) -> Analysis:
    """Compute a what-if and keep it as a draft. ``inputs`` is an instance of the kind's dataclass."""
    at = at or timezone.now()
    analysis = Analysis(
        kind=kind.slug,
        title=_titled(title),
        question=question.strip(),
        system=system,
        based_on=based_on,
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    _compute(analysis, kind, inputs)
    analysis.save()
    record("analysis.saved", analysis, actor=actor, after=snapshot(analysis), at=at)
    return analysis


@transaction.atomic
def change_analysis(
    analysis: Analysis,
    *,
    actor: User,
    title: str | None = None,
    question: str | None = None,
    inputs: Any = None,
    at: datetime | None = None,
) -> Analysis:
    """Change a draft; other inputs are computed at once, and a choice that is no longer there falls away.

    Raises Refused for an analysis that is accepted or set aside.
    """
    at = at or timezone.now()
    analysis = _draft(analysis)
    before = _facts(analysis)
    if title is not None:
        analysis.title = _titled(title)
    if question is not None:
        analysis.question = question.strip()
    if inputs is not None:
        _compute(analysis, analysis.declared_kind, inputs)
    return _store(analysis, "analysis.changed", before, actor=actor, at=at)


@transaction.atomic
def choose(analysis: Analysis, choice: str, *, actor: User, at: datetime | None = None) -> Analysis:
    """Name what is to be accepted. Raises Invalid for what the result does not know."""
    at = at or timezone.now()
    analysis = _draft(analysis)
    before = _facts(analysis)
    known = analysis.declared_kind.choices(analysis.typed_result())
    if choice not in known:
        raise Invalid(errors=[Problem("/choice", f"One of these is needed: {', '.join(known)}.")])
    analysis.choice = choice
    analysis.digest = analysis.computed_digest
    return _store(analysis, "analysis.chosen", before, actor=actor, at=at)


@transaction.atomic
def accept(
    analysis: Analysis, *, actor: User | None, reason: str = "", at: datetime | None = None
) -> Analysis:
    """Freeze a draft with its choice: from now on the database refuses every change.

    Whoever may do so is for the caller to say. Raises Refused without a choice.
    """
    analysis = _draft(analysis)
    if not analysis.choice:
        raise Refused("Nothing is chosen yet.")
    return _close(analysis, State.ACCEPTED, actor=actor, reason=reason, at=at or timezone.now())


@transaction.atomic
def set_aside(analysis: Analysis, *, actor: User, reason: str, at: datetime | None = None) -> Analysis:
    """Take a draft off the table; it stays readable."""
    if not reason.strip():
        raise Invalid("Say why.", errors=[blank("/reason")])
    return _close(_draft(analysis), State.SET_ASIDE, actor=actor, reason=reason, at=at or timezone.now())


def _compute(analysis: Analysis, kind: AnalysisKind, inputs: Any) -> None:
    result = kind.compute(inputs)
    analysis.inputs, analysis.result, analysis.engine = encode(inputs), encode(result), kind.engine
    if analysis.choice not in kind.choices(result):
        analysis.choice = ""
    analysis.digest = analysis.computed_digest


def _close(analysis: Analysis, state: str, *, actor: User | None, reason: str, at: datetime) -> Analysis:
    analysis.state, analysis.closed_at, analysis.closing_reason = state, at, reason.strip()
    analysis.updated_at = at
    analysis.save(update_fields=["state", "closed_at", "closing_reason", "updated_at"])
    record(
        f"analysis.{state}",
        analysis,
        actor=actor,
        before={"state": State.DRAFT.value},
        after={"state": str(state)},
        reason=analysis.closing_reason,
        at=at,
        ref=analysis.ref,
        choice=analysis.choice,
        digest=f"sha256:{analysis.digest}",
    )
    return analysis


def _store(analysis: Analysis, action: str, before: dict[str, Any], *, actor: User, at: datetime) -> Analysis:
    after = _facts(analysis)
    changed = [name for name in CHANGEABLE if before[name] != after[name]]
    if changed:
        analysis.updated_at = at
        analysis.save(update_fields=[*changed, "updated_at"])
        record(
            action,
            analysis,
            actor=actor,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
            at=at,
            ref=analysis.ref,
        )
    return analysis


def _facts(analysis: Analysis) -> dict[str, Any]:
    return {name: getattr(analysis, name) for name in CHANGEABLE}


def _draft(analysis: Analysis) -> Analysis:
    """The analysis as it is now, held until the transaction ends. Raises Refused unless it is a draft."""
    found = Analysis.objects.select_for_update(of=("self",)).select_related("system").get(pk=analysis.pk)
    if not found.is_draft:
        raise Refused(f"{found.ref} is {found.get_state_display().lower()} and stays as it is. Copy it.")
    return found


def _titled(title: str) -> str:
    if not title.strip():
        raise Invalid(errors=[blank("/title")])
    return title.strip()[:200]
