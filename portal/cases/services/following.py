"""What happens beside and after the votes: remarks, another day, withdrawal, conditions being met."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.audit.services import record
from portal.cases.models import Case, Comment, Condition, ConditionState, State
from portal.cases.services.closing import close_unanswered
from portal.cases.services.telling import (
    tell_condition,
    tell_condition_done,
    tell_outcome,
    tell_owner,
    tell_reported,
    tell_voters,
)
from portal.cases.services.voting import check_voter, denial_recorded, locked
from portal.errors import Denied, Invalid, Problem, Refused, blank
from portal.evidence.models import Evidence

LATEST = timedelta(days=366)


@transaction.atomic
def comment(case: Case, *, actor: User, text: str, at: datetime | None = None) -> Comment:
    """Say or ask something on a case, open or closed."""
    if not text.strip():
        raise Invalid("Write something.", errors=[blank("/text")])
    made = Comment.objects.create(case=case, author=actor, text=text.strip(), written_at=at or timezone.now())
    record("case.commented", case, actor=actor, at=at, ref=case.ref, text=case.open_to_audit(made.text))
    return made


def withdraw(case: Case, *, actor: User, reason: str, at: datetime | None = None) -> Case:
    """Take the question back. Only who asked may; where a machine asked, the owner of the system."""
    at = at or timezone.now()
    with denial_recorded("case.withdrawn", case, actor), transaction.atomic():
        case = locked(case)
        _require_open(case)
        if not may_withdraw(case, actor):
            raise Denied("Only who asked for this decision may withdraw it.")
        if not reason.strip():
            raise Invalid("Say why.", errors=[blank("/reason")])
        close_unanswered(case, State.WITHDRAWN, actor=actor, reason=reason.strip(), at=at)
        tell_outcome(case, at)
        return case


def report_done(case: Case, *, actor: User, how: str, at: datetime | None = None) -> Case:
    """Its owner says that what the case is about is done, and how. Those who vote hear of it, and judge."""
    at = at or timezone.now()
    with denial_recorded("case.reported", case, actor), transaction.atomic():
        case = locked(case)
        _require_open(case)
        if case.owner_id != actor.pk:
            raise Denied("Only who must do it reports it as done.")
        if not how.strip():
            raise Invalid("Say how it was done.", errors=[blank("/how")])
        Comment.objects.create(case=case, author=actor, text=how.strip(), written_at=at)
        case.reported_at = at
        case.save(update_fields=["reported_at"])
        record("case.reported", case, actor=actor, at=at, ref=case.ref, how=case.open_to_audit(how.strip()))
        tell_reported(case, at)
        return case


def may_withdraw(case: Case, person: User) -> bool:
    if case.opened_by_id is not None:
        return case.opened_by_id == person.pk
    return case.system is not None and person.pk in (case.system.owner_id, case.system.deputy_id)


def set_due_day(case: Case, day: date, *, actor: User, reason: str, at: datetime | None = None) -> Case:
    """Give an open case another day; votes are possible again until then. For those who may vote."""
    at = at or timezone.now()
    with denial_recorded("case.postponed", case, actor), transaction.atomic():
        case = locked(case)
        current = _require_open(case).current_round
        assert current is not None
        check_voter(case, current, case.declared_kind, actor, at, voted_too=True)
        today = organisation().today(at)
        if not today < day <= today + LATEST:
            raise Invalid("Choose a day within the next year.", errors=[Problem("/due_on", "Not in range.")])
        if not reason.strip():
            raise Invalid("Say why.", errors=[blank("/reason")])
        before, case.due_on = case.due_on, day
        case.save(update_fields=["due_on"])
        record(
            "case.postponed",
            case,
            actor=actor,
            before={"due_on": before},
            after={"due_on": day},
            reason=case.open_to_audit(reason),
            at=at,
        )
        if case.owner is None or case.reported_at is not None:
            tell_voters(case, current, at)
        else:
            tell_owner(case, at)
        return case


def report_condition(
    condition: Condition,
    *,
    actor: User,
    how: str,
    evidence: Evidence | None = None,
    at: datetime | None = None,
) -> Condition:
    """Its owner says how a condition was met. It stays open until somebody who may vote accepts that."""
    at = at or timezone.now()
    with denial_recorded("case.condition_reported", condition.case, actor), transaction.atomic():
        condition = _held(condition)
        if condition.owner_id != actor.pk:
            raise Denied(f"{condition.owner} answers for this condition.")
        if not how.strip():
            raise Invalid("Say how it was met.", errors=[blank("/how")])
        condition.how, condition.evidence, condition.reported_at = how.strip(), evidence, at
        condition.save(update_fields=["how", "evidence", "reported_at"])
        record(
            "case.condition_reported",
            condition,
            actor=actor,
            at=at,
            how=condition.case.open_to_audit(condition.how),
            evidence=condition.evidence_id,
        )
        tell_condition_done(condition, at)
        tell_condition(condition, condition.proposed_by, at)
        return condition


def accept_condition(
    condition: Condition, *, actor: User, how: str = "", at: datetime | None = None
) -> Condition:
    """Somebody who may decide the case, and does not own the condition, states that it is met."""
    at = at or timezone.now()
    with denial_recorded("case.condition_met", condition.case, actor), transaction.atomic():
        condition = _held(condition)
        case = condition.case
        if condition.owner_id == actor.pk:
            raise Denied("Whoever meets a condition does not accept it.")
        last = case.rounds.exclude(started_at=None).last()
        assert last is not None
        check_voter(case, last, case.declared_kind, actor, at, voted_too=True)
        condition.how = how.strip() or condition.how
        if not condition.how:
            raise Invalid("Say how it was met.", errors=[blank("/how")])
        condition.state, condition.met_by, condition.met_at = ConditionState.MET, actor, at
        condition.save(update_fields=["how", "state", "met_by", "met_at"])
        record("case.condition_met", condition, actor=actor, at=at, how=case.open_to_audit(condition.how))
        tell_condition_done(condition, at)
        return condition


def _require_open(case: Case) -> Case:
    if not case.open:
        raise Refused(f"{case.ref} is closed: {case.outcome_title.lower()}.")
    return case


def _held(condition: Condition) -> Condition:
    found = (
        Condition.objects.select_for_update(of=("self",))
        .select_related("case__system", "owner")
        .get(pk=condition.pk)
    )
    if found.state != ConditionState.BINDING:
        raise Refused(f"This condition is not open: {found.get_state_display().lower()}.")
    return found
