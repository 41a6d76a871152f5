"""The nightly sweep: declared days open cases, people are reminded, what nobody decided expires.

Each item has a savepoint of its own, so that one broken declaration stops only itself. Running a sweep twice
on one day changes nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import CaseKind, Deadline, Role, declared
from portal.audit.services import record
from portal.cases.models import Case, Condition, ConditionState, Escalation, State
from portal.cases.selectors.ladder import holders_above
from portal.cases.selectors.seats import missing_voters
from portal.cases.selectors.standing import is_stale
from portal.cases.services.closing import close_unanswered
from portal.cases.services.opening import open_case
from portal.cases.services.telling import tell_condition, tell_outcome
from portal.errors import Conflict
from portal.findings.models import Notification
from portal.findings.services import notify

logger = logging.getLogger(__name__)
Item = TypeVar("Item")

EXPIRES_AFTER = timedelta(days=14)
"""How long a case waits for a new day after it was due. Then it closes; nothing is approved by that."""
FIRST_NOTICE = 7
"""Days at least between the opening of a case for a day that is near or over, and its own due day."""
LONGEST_ARREARS = timedelta(days=366)
"""Days further back were settled before this portal knew of them."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the ladder: from how many days after the due day on, and who is told."""

    name: str
    after: int
    people: Callable[[Case], list[User]]


def _voters(case: Case) -> list[User]:
    """Those it waits for: who must do what it is about until that is done, then who votes on it."""
    if case.owner is not None and case.reported_at is None:
        return [case.owner]
    current = case.current_round
    return missing_voters(case, current) if current is not None else []


def _owners(case: Case) -> list[User]:
    close = [case.owner, case.opened_by]
    if case.system is not None:
        close += [case.system.owner, case.system.deputy]
    return list(dict.fromkeys(person for person in close if person is not None))


def _managers(case: Case) -> list[User]:
    return holders_above(case.unit, Role.EXECUTIVE)


def _body(case: Case) -> list[User]:
    return holders_above(case.unit, Role.COMMITTEE)


LADDER = (
    Rung("soon", -3, _voters),
    Rung("due", 0, _voters),
    Rung("owner", 1, _owners),
    Rung("manager", 3, _managers),
    Rung("body", 7, _body),
)


def sweep_deadlines(at: datetime) -> dict[str, int]:
    """Open a case for each declared day within its notice; where no case is declared, tell the owner."""
    today = organisation().today(at)
    tally = Counter[str]()
    for deadline in declared("deadlines"):
        meet = partial(_meet, deadline, today=today, at=at)
        tally += _each("opened", _due_rows(deadline, today), meet)
    return dict(tally)


def sweep_reminders(at: datetime) -> dict[str, int]:
    """Climb the ladder for every open case, remind owners of conditions, and close what nobody decided."""
    today = organisation().today(at)
    first = today - timedelta(days=LADDER[0].after)
    cases = Case.objects.filter(state=State.OPEN).select_related("unit", "system", "opened_by", "owner")
    conditions = Condition.objects.filter(
        state=ConditionState.BINDING, reported_at=None, due_on__lte=today + timedelta(days=FIRST_NOTICE)
    ).select_related("case__system", "owner")
    tally = _each("expired", cases.filter(due_on__lt=today - EXPIRES_AFTER), partial(_expire, at=at))
    soon = cases.filter(due_on__range=(today - EXPIRES_AFTER, first))
    tally += _each("told", soon, partial(_climb, today=today, at=at))
    tally += _each("reminded", conditions, partial(_remind, today=today, at=at))
    return dict(tally)


def sweep_stale(at: datetime) -> dict[str, int]:
    """Note on which approvals the subject has changed since, and tell who asked for them."""
    approvals = Case.objects.filter(state=State.DECIDED, approved=True, stale_since=None)
    return dict(_each("stale", approvals.select_related("system", "opened_by"), partial(_mark_stale, at=at)))


def _each(name: str, items: Iterable[Item], work: Callable[[Item], bool]) -> Counter[str]:
    """Do the work for each item in a savepoint of its own. Counts where something happened, and failures."""
    tally = Counter[str]()
    for item in items:
        try:
            with transaction.atomic():
                tally[name] += work(item)
        except Exception:
            logger.exception("sweeping %s %s failed", type(item).__name__, getattr(item, "pk", item))
            tally["failed"] += 1
    return +tally


def _due_rows(deadline: Deadline, today: date) -> Iterable[Model]:
    model = apps.get_model(deadline.model)
    window = (today - LONGEST_ARREARS, today + timedelta(days=deadline.notice))
    rows = model._default_manager.filter(**{f"{deadline.day}__range": window})  # noqa: SLF001 - documented
    return cast("Iterable[Model]", rows.iterator())


def _meet(deadline: Deadline, row: Model, *, today: date, at: datetime) -> bool:
    day: Any = getattr(row, deadline.day)
    if isinstance(day, datetime):
        day = organisation().today(day)
    if deadline.opens is None:
        return _announce(deadline, row, day, at)
    return _open_for(deadline.opens, row, day, today, at)


def _open_for(kind: CaseKind, row: Model, day: date, today: date, at: datetime) -> bool:
    if Case.objects.about(row).filter(kind=kind.slug, for_day=day).exists():
        return False
    try:
        open_case(
            kind,
            row,
            actor=None,
            title=f"{kind.title}: {row}",
            due_on=max(day, today + timedelta(days=FIRST_NOTICE)),
            for_day=day,
            at=at,
        )
    except Conflict:
        return False  # one that somebody opened earlier is being decided
    return True


def _announce(deadline: Deadline, row: Model, day: date, at: datetime) -> bool:
    owner = getattr(row, "owner", None) or getattr(getattr(row, "system", None), "owner", None)
    locate = getattr(row, "get_absolute_url", None)
    if owner is None or locate is None:
        return False
    if Notification.objects.of(row).filter(user=owner, kind="deadline", due_on=day).exists():
        return False
    notify(
        [owner],
        row,
        kind="deadline",
        title=f"{row}: {deadline.day.replace('_', ' ')}"[:300],
        url=locate(),
        system=getattr(row, "system", None),
        due_on=day,
        at=at,
    )
    return True


def _climb(case: Case, *, today: date, at: datetime) -> bool:
    """Tell the people of the highest rung reached, once per rung and due day; lower rungs are behind."""
    rung = [rung for rung in LADDER if (today - case.due_on).days >= rung.after][-1]
    if case.escalations.filter(rung=rung.name, due_on=case.due_on).exists():
        return False
    people = _voters(case) if case.private else rung.people(case)
    Escalation.objects.create(
        case=case, rung=rung.name, due_on=case.due_on, told_at=at, told=[person.pk for person in people]
    )
    action = "case.reminded" if rung.after <= 0 else "case.escalated"
    told = [person.pk for person in people]
    record(action, case, actor=None, at=at, ref=case.ref, rung=rung.name, told=told)
    notify(
        people,
        case,
        kind=f"case-{rung.name}",
        title=f"{case.ref}: {case.title}",
        url=case.get_absolute_url(),
        system=case.system,
        due_on=case.due_on,
        at=at,
    )
    return True


def _expire(case: Case, *, at: datetime) -> bool:
    case = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
    if not case.open:
        return False
    close_unanswered(case, State.EXPIRED, actor=None, reason="Nobody decided it in time.", at=at)
    tell_outcome(case, at)
    return True


def _remind(condition: Condition, *, today: date, at: datetime) -> bool:
    assert condition.due_on is not None
    rung = f"condition {condition.pk} {'late' if condition.due_on < today else 'soon'}"
    if condition.case.escalations.filter(rung=rung, due_on=condition.due_on).exists():
        return False
    Escalation.objects.create(
        case=condition.case, rung=rung, due_on=condition.due_on, told_at=at, told=[condition.owner_id]
    )
    record("case.reminded", condition, actor=None, at=at, ref=condition.case.ref, told=[condition.owner_id])
    tell_condition(condition, condition.owner, at)
    return True


def _mark_stale(case: Case, *, at: datetime) -> bool:
    if _overtaken(case) or not is_stale(case):
        return False
    case.stale_since = at
    case.save(update_fields=["stale_since"])
    record("case.stale", case, actor=None, at=at, ref=case.ref)
    notify(
        _owners(case),
        case,
        kind="case-stale",
        title=f"{case.ref} is stale: what it approved has changed",
        url=case.get_absolute_url(),
        system=case.system,
        at=at,
    )
    return True


def _overtaken(case: Case) -> bool:
    later = Case.objects.filter(
        kind=case.kind, subject_type=case.subject_type_id, subject_id=case.subject_id, state=State.DECIDED
    )
    return later.filter(closed_at__gt=case.closed_at).exists()
