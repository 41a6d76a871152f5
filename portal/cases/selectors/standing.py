"""What holds now: whether a decision is still about what it was made on, and what a gate may say of it."""

from __future__ import annotations

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from portal.accounts.services import organisation
from portal.areas import CaseKind, GateAnswer, GateState
from portal.audit.canonical import canonical
from portal.cases.models import Case, Condition, State
from portal.cases.snapshots import Change, changes, digest_of
from portal.web.figures import day as written


def picture_of(kind: CaseKind, subject: Model) -> str:
    """The canonical text a decision of this kind about the subject is bound to."""
    return canonical(kind.snapshot(subject))


def subject_of(case: Case) -> Model | None:
    """The subject as it is now; None when it does not exist any more."""
    if case.subject_type.model_class() is None:
        return None
    try:
        return case.subject_type.get_object_for_this_type(pk=case.subject_id)
    except ObjectDoesNotExist:
        return None


def picture_now(case: Case) -> str | None:
    """What the case would be bound to if it opened now; None when nothing vouches for its subject."""
    subject = subject_of(case)
    try:
        return picture_of(case.declared_kind, subject) if subject is not None else None
    except KeyError:
        return None


def is_stale(case: Case) -> bool:
    """Whether the subject is no longer what the case is about. A vanished subject counts as changed."""
    now = picture_now(case)
    return now is None or digest_of(now) != case.digest


def changed_facts(case: Case) -> list[Change]:
    """What differs between the picture of the case and the present one."""
    return changes(case.snapshot, picture_now(case) or "{}")


def latest_decision(kind: CaseKind, subject: Model) -> Case | None:
    """The last decided case of a kind about a subject, approved or not."""
    decided = Case.objects.about(subject).filter(kind=kind.slug, state=State.DECIDED)
    return decided.order_by("-closed_at", "-pk").first()


def standing_approval(kind: CaseKind, subject: Model) -> Case | None:
    """The approval that holds now, if any.

    It is the last decision of its kind about the subject, its picture is still true, and no condition of it
    is unmet that had to be met first or whose day is over.
    """
    case = latest_decision(kind, subject)
    if case is None or not case.approved or _open_conditions(case) or is_stale(case):
        return None
    return case


def gate_answer(
    kind: CaseKind, subject: Model, *, ask_url: str = "", ask_label: str = "Ask for it"
) -> GateAnswer:
    """What a gate that needs this approval says of the subject, and the page that mends it."""
    decision = latest_decision(kind, subject)
    flaw = GateAnswer(GateState.FAILED, "Nobody has asked for it yet.", ask_url, ask_label)
    if decision is not None:
        flaw = _judge(decision, ask_url, ask_label)
        if flaw.state == GateState.PASSED:
            return flaw
    waiting = Case.objects.about(subject).filter(kind=kind.slug, state=State.OPEN).first()
    return flaw if waiting is None else _waits(waiting)


def _judge(decision: Case, ask_url: str, ask_label: str) -> GateAnswer:
    assert decision.closed_at is not None
    day = written(decision.closed_at)
    url = decision.get_absolute_url()
    if not decision.approved:
        reason = f"{decision.outcome_title} on {day} in {decision.ref}."
        return GateAnswer(GateState.FAILED, reason, url, "Open case")
    if is_stale(decision):
        what = ", ".join(change.label.lower() for change in changed_facts(decision)[:3]) or "its subject"
        reason = f"The approval of {day} is stale, changed since: {what}."
        return GateAnswer(GateState.FAILED, reason, ask_url or url, ask_label if ask_url else "Open case")
    if unmet := _open_conditions(decision):
        reason = f"{decision.ref} waits for a condition: {unmet[0].text}"
        return GateAnswer(GateState.WAITING, reason, url, "Open case")
    return GateAnswer(GateState.PASSED, f"{decision.outcome_title} on {day} in {decision.ref}.", url, "View")


def _waits(case: Case) -> GateAnswer:
    current = case.current_round
    quorum = current.quorum if current is not None else 0
    cast = current.votes.exclude(stance="abstain").count() if current is not None else 0
    reason = f"{cast} of {quorum} votes in, due {written(case.due_on)}."
    return GateAnswer(GateState.WAITING, reason, case.get_absolute_url(), "Open case")


def _open_conditions(case: Case) -> list[Condition]:
    return list(case.conditions.closing_the_gate(organisation().today()))
