"""Who bears which part of a bill, by the rules of its months; to the last unit, and never silently again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Sum, TextField, Value, When
from django.utils import timezone

from costs.calc import allocate, exact_sum
from costs.metrics import RUN_COST
from costs.models import (
    Allocation,
    Bill,
    Budget,
    CostLine,
    Method,
    Rule,
    Share,
    TagSet,
)
from costs.periods import month_window
from costs.services.alerts import tell_budgets
from costs.services.book import Answer, Bearer, Book, Charges, Column, Weights
from portal.accounts.models import Organisation, Unit, User
from portal.audit.services import record
from portal.errors import Invalid, Problem
from portal.metrics.services import Measured, record_samples
from portal.registry.models import System
from portal.registry.services import unassigned_system


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
    """The bearers of every month of the bill, each with the exact sum of its parts.

    What the same bearers bear by the same weights is one amount before it is split: one rounding, not many.
    """
    found = []
    for period, rows in groupby(_charges(made.bill), key=lambda row: row[0]):
        book, charges, billed, effective = Book.of(period), *_columns(list(rows))
        parts: dict[tuple[Bearer, str], tuple[list[Decimal], list[Decimal]]] = {}
        for weights, stray, places in _alike(book.ask(charges)):
            amounts = [exact_sum(column[place] for place in places) for column in (billed, effective)]
            split = [allocate(amount, weights) for amount in amounts]
            for bearer in weights:
                sums = parts.setdefault((bearer, stray), ([], []))
                sums[0].append(split[0][bearer])
                sums[1].append(split[1][bearer])
        found += [
            _share(made, period, book, key, [exact_sum(each) for each in sums]) for key, sums in parts.items()
        ]
    return found


def _share(
    made: Allocation, period: date, book: Book, key: tuple[Bearer, str], sums: Sequence[Decimal]
) -> Share:
    bearer, stray = key
    return Share(
        allocation=made,
        period=period,
        rule_set=book.rule_set,
        unit_id=bearer.unit or None,
        system_id=bearer.system or None,
        version_id=bearer.version or None,
        unknown=stray,
        billed=sums[0],
        effective=sums[1],
    )


def _alike(answer: Answer) -> Iterator[tuple[Weights, str, list[int]]]:
    """The charges that the same rule gives to the same bearers, with the tag they have in vain."""
    together: dict[tuple[int, int], list[int]] = {}
    for place, key in enumerate(zip(answer.bearer.tolist(), answer.stray.tolist(), strict=True)):
        together.setdefault(key, []).append(place)
    for (bearer, stray), places in together.items():
        yield answer.bearers[bearer], answer.strays[stray], places


def _charges(bill: Bill) -> Iterator[tuple[Any, ...]]:
    """The lines of a bill by what rules can ask of them, by month; resources only where a rule names one."""
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
    return grouped.iterator(chunk_size=10_000)


def _columns(rows: Sequence[tuple[Any, ...]]) -> tuple[Charges, Sequence[Decimal], Sequence[Decimal]]:
    """The charges of a month column by column, and what they cost."""
    _, tags, *texts, billed, effective = zip(*rows, strict=True)
    sets = dict(TagSet.objects.filter(pk__in={pk for pk in tags if pk}).values_list("pk", "tags"))
    return Charges(Column.of(tags), sets, *map(Column.of, texts)), billed, effective


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
