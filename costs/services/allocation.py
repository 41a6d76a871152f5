"""Who bears which part of a bill, by the rules of its months; to the last unit, and never silently again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, F, QuerySet, Sum, TextField, Value, When
from django.utils import timezone
from django.utils.text import slugify

from costs.calc import allocate, exact_sum
from costs.metrics import RUN_COST
from costs.models import (
    ORDER,
    Allocation,
    Bill,
    Budget,
    CostLine,
    Method,
    Rule,
    RuleSet,
    RuleShare,
    Share,
    TagSet,
)
from costs.periods import month_window
from costs.services.alerts import tell_budgets
from portal.accounts.models import Organisation, Unit, User
from portal.audit.services import record
from portal.errors import Invalid, Problem
from portal.metrics.services import Measured, record_samples
from portal.registry.models import RegisteredModel, System
from portal.registry.services import unassigned_system


class Bearer(NamedTuple):
    """Who bears a cost: 0 where it is no version, no system, or nobody at all."""

    unit: int = 0
    system: int = 0
    version: int = 0


NOBODY = Bearer()


@dataclass(frozen=True, slots=True)
class Charge:
    """Lines of a bill that every rule treats alike."""

    period: date
    tags: Mapping[str, str]
    accounts: frozenset[str]
    resource: str
    services: frozenset[str]
    billed: Decimal
    effective: Decimal


@transaction.atomic
def allocate_bill(
    bill: Bill, *, actor: User | None, reason: str = "", at: datetime | None = None
) -> Allocation:
    """Split a bill by the rules in force in each of its months. Again it is a new revision, with a reason."""
    at = at or timezone.now()
    bill = Bill.objects.select_for_update().get(pk=bill.pk)
    newest = bill.allocations.order_by("-revision").first()
    if newest is not None and not reason.strip():
        raise Invalid("A bill is split again for a reason.", errors=[Problem("/reason", "Say why.")])
    bill.allocations.filter(current=True).update(current=False)
    made = Allocation.objects.create(
        bill=bill,
        revision=newest.revision + 1 if newest else 1,
        reason=reason.strip(),
        made_by=actor,
        made_at=at,
    )
    shares = _shares(made)
    _require_whole(bill, shares)
    Share.objects.bulk_create(shares, batch_size=2000)
    if any(share.unknown for share in shares):
        unassigned_system(Unit.objects.get(parent=None), actor=actor)  # where the orphan check files them
    _record_run_cost(bill, made, at)
    _tell_budgets(bill, actor=actor, at=at)
    unallocated = exact_sum(share.billed for share in shares if share.unit_id is None)
    record(
        "bill.allocated",
        made,
        actor=actor,
        at=at,
        reason=reason,
        bill=bill.pk,
        revision=made.revision,
        rules=sorted({share.rule_set.number for share in shares if share.rule_set}),
        billed=format(bill.billed, "f"),
        unallocated=format(unallocated, "f"),
    )
    return made


def _shares(made: Allocation) -> list[Share]:
    """The bearers of every month of the bill, each with the exact sum of its parts."""
    parts: dict[tuple[date, Bearer, str], tuple[list[Decimal], list[Decimal]]] = {}
    books: dict[date, _Book] = {}
    for charge in _charges(made.bill):
        book = books.setdefault(charge.period, _Book.of(charge.period))
        weights, unknown = book.bearers(charge)
        billed, effective = allocate(charge.billed, weights), allocate(charge.effective, weights)
        for bearer in weights:
            sums = parts.setdefault((charge.period, bearer, unknown), ([], []))
            sums[0].append(billed[bearer])
            sums[1].append(effective[bearer])
    return [
        Share(
            allocation=made,
            period=period,
            rule_set=books[period].rule_set,
            unit_id=bearer.unit or None,
            system_id=bearer.system or None,
            version_id=bearer.version or None,
            unknown=unknown,
            billed=exact_sum(sums[0]),
            effective=exact_sum(sums[1]),
        )
        for (period, bearer, unknown), sums in parts.items()
    ]


def _charges(bill: Bill) -> Iterator[Charge]:
    """The lines of a bill by what rules can ask of them; resources only where a rule names one."""
    named = Rule.objects.filter(method=Method.RESOURCE).values_list("value", flat=True).distinct()
    asked = Case(
        When(resource__in=list(named), then=F("resource")), default=Value(""), output_field=TextField()
    )
    grouped = (
        CostLine.objects.filter(bill=bill)
        .annotate(asked=asked)
        .values_list("period", "tag_set", "account", "sub_account", "asked", "service", "service_category")
        .annotate(all_billed=Sum("billed"), all_effective=Sum("effective"))
        .order_by("period")
    )
    rows = list(grouped)
    sets = dict(TagSet.objects.filter(pk__in={row[1] for row in rows if row[1]}).values_list("pk", "tags"))
    for period, tag_set, account, sub_account, resource, service, family, billed, effective in rows:
        yield Charge(
            period,
            sets.get(tag_set, {}),
            frozenset({account, sub_account} - {""}),
            resource,
            frozenset({service, family} - {""}),
            billed,
            effective,
        )


@dataclass
class _Book:
    """The rules of one month, ready to be asked."""

    rule_set: RuleSet | None
    rules: Sequence[tuple[Rule, Mapping[Bearer, Decimal]]]
    names: Mapping[str, Bearer] = field(default_factory=dict)

    @classmethod
    def of(cls, period: date) -> _Book:
        """The rules in force in a month, in the order in which they are asked."""
        rule_set = rules_of(period)
        if rule_set is None:
            return cls(None, ())
        rows = list(rule_set.rules.prefetch_related("shares__system", "shares__version__model__system"))
        rows.sort(key=lambda rule: (ORDER[Method(rule.method)], rule.position))
        rules = [(rule, _weights(rule.shares.all())) for rule in rows]
        return cls(rule_set, rules, system_names())

    def bearers(self, charge: Charge) -> tuple[Mapping[Bearer, Decimal], str]:
        """Who bears a charge, by weight, and the tag's value that should name a system and does not."""
        unknown = ""
        for rule, weights in self.rules:
            if rule.method == Method.NAMED:
                value = charge.tags.get(rule.key, "")
                bearer = self.names.get(value.strip().casefold())
                if bearer is not None:
                    return {bearer: Decimal(1)}, ""
                unknown = unknown or value.strip()[:200]
            elif _applies(rule, charge) and weights:
                return weights, unknown
        return {NOBODY: Decimal(1)}, unknown


def _applies(rule: Rule, charge: Charge) -> bool:
    match Method(rule.method):
        case Method.TAG:
            return charge.tags.get(rule.key) == rule.value
        case Method.RESOURCE:
            return charge.resource == rule.value
        case Method.ACCOUNT:
            return rule.value in charge.accounts
        case _:
            return not rule.value or rule.value in charge.services


def _weights(shares: Iterable[RuleShare]) -> Mapping[Bearer, Decimal]:
    found: dict[Bearer, Decimal] = {}
    for share in shares:
        bearer = _bearer(share)
        found[bearer] = found.get(bearer, Decimal(0)) + share.weight
    return found


def _bearer(share: RuleShare) -> Bearer:
    if share.version is not None:
        return Bearer(share.version.system.unit_id, share.version.model.system_id, share.version.pk)
    if share.system is not None:
        return Bearer(share.system.unit_id, share.system.pk)
    assert share.unit_id is not None  # the database holds one of the three
    return Bearer(share.unit_id)


def rules_of(period: date) -> RuleSet | None:
    """The rules in force in a billing month: of those that have begun, the one set last."""
    return RuleSet.objects.filter(starts_on__lte=period).order_by("-number").first()


def system_names() -> dict[str, Bearer]:
    """What may stand in a tag for a system: its reference, its name, its name as a slug, its models."""
    found: dict[str, Bearer] = {}
    models: QuerySet[RegisteredModel] = RegisteredModel.objects.select_related("system")
    for model in models:
        found[model.name.casefold()] = Bearer(model.system.unit_id, model.system_id)
    for system in System.objects.all():
        bearer = Bearer(system.unit_id, system.pk)
        for name in (slugify(system.name), system.name, system.ref):
            found[name.casefold()] = bearer
    return found


def _require_whole(bill: Bill, shares: Sequence[Share]) -> None:
    """What is borne and what is not add up to the bill, to the last unit; else nothing is stored."""
    for name in ("billed", "effective"):
        borne, whole = exact_sum(getattr(share, name) for share in shares), getattr(bill, name)
        if borne != whole:
            raise ArithmeticError(f"{name}: shares of {borne} do not add up to the bill of {whole}")


def _record_run_cost(bill: Bill, made: Allocation, at: datetime) -> None:
    """What each system cost in each month of the bill, over all bills of that month."""
    organisation = Organisation.objects.first()
    if organisation is None or bill.currency != organisation.currency:
        return  # without a rate table amounts of two currencies are not added
    months = set(made.shares.values_list("period", flat=True))
    rows = (
        Share.objects.filter(
            allocation__current=True,
            allocation__bill__replaced_by=None,
            allocation__bill__currency=bill.currency,
            period__in=months,
            system__isnull=False,
        )
        .values_list("system", "period")
        .annotate(cost=Sum("billed"))
        .order_by()
    )
    found = list(rows)
    systems: dict[int, Any] = System.objects.in_bulk({system for system, _, _ in found})
    record_samples(
        [
            Measured(RUN_COST, systems[system], month_window(period), float(cost), revision=made.pk)
            for system, period, cost in found
        ],
        at=at,
    )


def _tell_budgets(bill: Bill, *, actor: User | None, at: datetime) -> None:
    """A bill is the moment at which a budget turns out not to hold."""
    today = at.astimezone(UTC).date()
    budgets = Budget.objects.in_force(today).filter(currency=bill.currency)
    tell_budgets(budgets.select_related("unit", "system", "answers"), upto=today, actor=actor, at=at)
