"""Setting who answers for which cost. Rules are never edited: a new set takes their place from a month on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from costs.models import Method, Rule, RuleSet, RuleShare
from portal.accounts.models import Unit, User
from portal.audit.services import record
from portal.errors import Invalid, Problem
from portal.registry.models import ModelVersion, System

Bearing = Unit | System | ModelVersion


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as it is proposed: which charges, and who bears them by which weight.

    A rule by which a tag names the system has no bearers of its own.
    """

    method: Method
    key: str = ""
    value: str = ""
    shares: Sequence[tuple[Bearing, Decimal]] = ()

    def problem(self) -> str:
        """What is wrong with it, or nothing."""
        if self.method in {Method.TAG, Method.NAMED} and not self.key.strip():
            return "A rule on tags names the tag's key."
        if self.method in {Method.TAG, Method.RESOURCE, Method.ACCOUNT} and not self.value.strip():
            return "It does not say which value it looks for."
        if self.method == Method.NAMED:
            return "The tag itself names who bears it." if self.shares else ""
        if not self.shares:
            return "It does not say who bears the cost."
        if any(not weight.is_finite() or weight < 0 for _, weight in self.shares):
            return "A share is not negative."
        return ""


@transaction.atomic
def set_rules(
    drafts: Sequence[Draft],
    *,
    starts_on: date,
    reason: str,
    actor: User | None,
    at: datetime | None = None,
) -> RuleSet:
    """Put a set of rules in force for the bills of a month and of all later ones.

    What is split already stays as it is split; ``allocate_bill`` restates it, for a reason. Raises Invalid.
    """
    problems = [
        Problem(f"/rules/{place}", said) for place, draft in enumerate(drafts) if (said := draft.problem())
    ]
    if not drafts:
        problems.append(Problem("/rules", "Without a rule nothing is allocated."))
    if starts_on.day != 1:
        problems.append(Problem("/starts_on", "Rules begin with a month."))
    if not reason.strip():
        problems.append(Problem("/reason", "Say why."))
    if problems:
        raise Invalid("These rules cannot be set.", errors=problems)
    with connection.cursor() as cursor:  # one set at a time, so that numbers follow each other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('costs.rules'))")
    newest = RuleSet.objects.aggregate(newest=Max("number"))["newest"] or 0
    made = RuleSet.objects.create(
        number=newest + 1,
        starts_on=starts_on,
        reason=reason.strip(),
        set_by=actor,
        set_at=at or timezone.now(),
    )
    for place, draft in enumerate(drafts):
        rule = Rule.objects.create(
            rule_set=made,
            position=place,
            method=draft.method,
            key=draft.key.strip(),
            value=draft.value.strip(),
        )
        RuleShare.objects.bulk_create([_share(rule, bearer, weight) for bearer, weight in draft.shares])
    record(
        "cost_rules.set",
        made,
        actor=actor,
        at=at,
        reason=reason,
        number=made.number,
        starts_on=starts_on.isoformat(),
        rules=[_told(draft) for draft in drafts],
    )
    return made


def drafts_of(rule_set: RuleSet) -> list[Draft]:
    """The rules of a set as drafts of the next one."""
    rows = rule_set.rules.prefetch_related("shares__unit", "shares__system", "shares__version__model")
    return [
        Draft(
            Method(row.method),
            row.key,
            row.value,
            tuple((_bearing(share), share.weight) for share in row.shares.all()),
        )
        for row in rows
    ]


def _bearing(share: RuleShare) -> Bearing:
    bearer = share.version or share.system or share.unit
    assert bearer is not None  # the database holds one of the three
    return bearer


def _share(rule: Rule, bearer: Bearing, weight: Decimal) -> RuleShare:
    share = RuleShare(rule=rule, weight=weight)
    match bearer:
        case Unit():
            share.unit = bearer
        case System():
            share.system = bearer
        case ModelVersion():
            share.version = bearer
    return share


def _told(draft: Draft) -> dict[str, object]:
    return {
        "method": draft.method.value,
        "key": draft.key,
        "value": draft.value,
        "shares": [{"to": str(bearer), "weight": format(weight, "f")} for bearer, weight in draft.shares],
    }
