"""Setting what a unit or a system may spend."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from costs.models import Budget, Grain
from costs.services.alerts import tell_budgets
from portal.accounts.models import Unit, User
from portal.audit.services import record, snapshot
from portal.errors import Invalid, Problem
from portal.registry.models import System


@transaction.atomic
def set_budget(
    subject: Unit | System,
    *,
    amount: Decimal,
    currency: str,
    grain: Grain,
    starts_on: date,
    reason: str,
    actor: User | None,
    at: datetime | None = None,
) -> Budget:
    """Set a budget from a day on; the one before it ends on that day. Raises Invalid."""
    unit, system = (subject, None) if isinstance(subject, Unit) else (None, subject)
    before = Budget.objects.select_for_update(of=("self",)).filter(unit=unit, system=system, ends_on=None)
    previous = before.first()
    problems = []
    if not amount.is_finite() or amount <= 0:
        problems.append(Problem("/amount", "A budget is more than nothing."))
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        problems.append(Problem("/currency", "A currency is a code such as EUR."))
    if starts_on.day != 1:
        problems.append(Problem("/starts_on", "A budget begins with a month."))
    if previous is not None and starts_on <= previous.starts_on:
        problems.append(Problem("/starts_on", f"The budget now in force began on {previous.starts_on}."))
    if not reason.strip():
        problems.append(Problem("/reason", "Say who decided it, and why."))
    answers = system or _costliest(subject)  # type: ignore[arg-type]  # a unit where it is no system
    if answers is None:
        problems.append(Problem("/unit", "The unit has no system, so nobody would hear of it."))
    if problems or answers is None:
        raise Invalid("This budget cannot be set.", errors=problems)
    if previous is not None:
        earlier = snapshot(previous)
        previous.ends_on = starts_on
        previous.save(update_fields=["ends_on"])
        record("budget.ended", previous, actor=actor, at=at, before=earlier, after=snapshot(previous))
    made = Budget.objects.create(
        unit=unit,
        system=system,
        answers=answers,
        grain=grain,
        amount=amount,
        currency=currency,
        starts_on=starts_on,
        reason=reason.strip(),
        set_by=actor,
        set_at=at or timezone.now(),
    )
    record("budget.set", made, actor=actor, at=at, reason=reason, after=snapshot(made))
    if starts_on <= made.set_at.astimezone(UTC).date():
        tell_budgets([made], upto=made.set_at.astimezone(UTC).date(), actor=actor, at=made.set_at)
    return made


def _costliest(unit: Unit) -> System | None:
    """The system of the unit that costs most; without costs the first one."""
    return (
        System.objects.filter(unit__path__startswith=unit.path)
        .annotate(cost=Sum("cost_shares__billed", default=Decimal(0)))
        .order_by("-cost", "pk")
        .first()
    )
