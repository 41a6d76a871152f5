"""Every read of costs: what people see is bounded by their units, whole bills by the root."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Func, Max, Q, QuerySet, Sum, TextField
from django.db.models.fields.json import KeyTextTransform

from costs.models import Bill, Budget, BudgetQuerySet, CostLine, Share, TagSet
from costs.periods import month_window
from portal.accounts.models import Organisation, Unit, User
from portal.errors import Invalid, Problem

READ = "costs.read"
ROOT_DEPTH = 2
"""Slashes in the path of the one unit that is below no other, such as /1/."""
EARLY = 0.1
"""The share of a month below which a forecast would say nothing."""

COLUMNS: Mapping[str, str] = {
    "ServiceProviderName": "provider",
    "ProviderName": "provider",
    "HostProviderName": "host",
    "PublisherName": "host",
    "InvoiceIssuerName": "issuer",
    "ServiceName": "service",
    "ServiceCategory": "service_category",
    "BillingAccountId": "account",
    "SubAccountId": "sub_account",
    "ResourceId": "resource",
    "ResourceType": "resource_type",
    "RegionId": "region",
    "ChargeCategory": "category",
    "InvoiceId": "invoice",
}
"""What a bill can be summed by, as FOCUS names it."""


@dataclass(frozen=True, slots=True)
class Total:
    """The lines of a bill that have one value of a column or tag; ``key`` None where it is absent."""

    key: str | None
    rows: int
    billed: Decimal
    effective: Decimal
    list_cost: Decimal | None
    contracted: Decimal | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "rows": self.rows,
            "billed_cost": format(self.billed, "f"),
            "effective_cost": format(self.effective, "f"),
            "list_cost": _text(self.list_cost),
            "contracted_cost": _text(self.contracted),
        }


def _text(amount: Decimal | None) -> str | None:
    """An amount as the API writes it; null where no line has one."""
    return None if amount is None else format(amount, "f")


def totals(bill: Bill, by: str) -> list[Total]:
    """Sums of a bill by a FOCUS column, or by ``tag:KEY``; the largest first. Raises Invalid."""
    lines = CostLine.objects.filter(bill=bill)
    kind, colon, tag = by.partition(":")
    if colon and kind == "tag" and tag:
        lines = lines.annotate(key=KeyTextTransform(tag, "tag_set__tags"))
    else:
        names = {name.casefold(): column for name, column in COLUMNS.items()}
        column = names.get(by.replace("_", "").casefold())
        if column is None:
            known = ", ".join(COLUMNS)
            raise Invalid(errors=[Problem("?by", f"is tag:KEY or one of {known}")])
        lines = lines.annotate(key=F(column))
    rows = (
        lines.values_list("key")
        .annotate(
            rows=Sum("rows"), b=Sum("billed"), e=Sum("effective"), l=Sum("list_cost"), c=Sum("contracted")
        )
        .order_by("-b", "key")
    )
    return [Total(key or None, *rest) for key, *rest in rows]


def tags_of(bill: Bill) -> list[str]:
    """The tags of a bill as ``totals`` takes them, the first hundred in alphabetical order."""
    sets = TagSet.objects.filter(pk__in=CostLine.objects.filter(bill=bill).values("tag_set"))
    keys = sets.annotate(key=Func("tags", function="jsonb_object_keys", output_field=TextField()))
    return [f"tag:{key}" for key in keys.order_by("key").values_list("key", flat=True).distinct()[:100]]


def is_whole(user: User, action: str = READ) -> bool:
    """Whether this person may do the action for the whole organisation, and so see what has no owner."""
    return any(place.count("/") == ROOT_DEPTH for place in user.places(action))


def units_of(user: User, action: str = READ) -> QuerySet[Unit]:
    """The units in which this person may do the action."""
    scope = Q(pk__in=[])
    for path in user.places(action):
        scope |= Q(path__startswith=path)
    return Unit.objects.filter(scope)


def shares_for(user: User) -> QuerySet[Share]:
    """The shares in force that this person may see; what nobody bears only for the whole organisation."""
    shares = valid_shares()
    if is_whole(user):
        return shares
    return shares.filter(unit__in=units_of(user))


def valid_shares() -> QuerySet[Share]:
    return Share.objects.filter(allocation__current=True, allocation__bill__replaced_by=None)


def budgets_for(user: User) -> BudgetQuerySet:
    """The budgets of this person's units and of the systems in them."""
    units = units_of(user)
    found: BudgetQuerySet = Budget.objects.filter(Q(unit__in=units) | Q(system__unit__in=units))
    return found.select_related("unit", "system__unit", "answers", "set_by")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one bearer bears of a month, and what it will at the present rate.

    ``forecast`` is None while too little of the month is billed to say.
    """

    period: date
    unit_id: int | None
    unit_path: str
    system_id: int | None
    billed: Decimal
    forecast: Decimal | None


def costs_of(shares: QuerySet[Share], periods: Iterable[date], currency: str) -> list[Cost]:
    """The costs of some months in one currency. One query."""
    rows = (
        shares.filter(period__in=set(periods), allocation__bill__currency=currency)
        .values_list(
            "period",
            "unit",
            "unit__path",
            "system",
            "allocation__bill__last_period",
            "allocation__bill__covered_until",
        )
        .annotate(cost=Sum("billed"))
        .order_by()
    )
    found: dict[tuple[date, int | None, str, int | None], list[tuple[Decimal, Decimal | None]]]
    found = defaultdict(list)
    for period, unit, path, system, last, until, cost in rows:
        elapsed = elapsed_share(period, until) if period == last else 1.0
        ahead = None if elapsed < EARLY else (cost if elapsed == 1 else cost / Decimal(str(elapsed)))
        found[period, unit, path or "", system].append((cost, ahead))
    return [
        Cost(
            *key,
            billed=sum((cost for cost, _ in parts), Decimal(0)),
            forecast=_all_of([ahead for _, ahead in parts]),
        )
        for key, parts in found.items()
    ]


def _all_of(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, or None where a part is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def elapsed_share(period: date, until: datetime) -> float:
    """How much of a month is billed when charges reach ``until``: 0 to 1."""
    window = month_window(period)
    whole = (window.end - window.start).total_seconds()
    return round(min(max((until - window.start).total_seconds() / whole, 0.0), 1.0), 6)


def months_for(user: User, currency: str) -> list[date]:
    """The months this person has costs in, the newest first."""
    months = shares_for(user).filter(allocation__bill__currency=currency)
    return list(months.order_by("-period").values_list("period", flat=True).distinct()[:36])


def other_currencies(user: User, currency: str, period: date) -> list[tuple[str, Decimal]]:
    """What was billed in other currencies: not converted without a dated rate, shown apart."""
    rows = shares_for(user).filter(period=period).exclude(allocation__bill__currency=currency)
    return list(rows.values_list("allocation__bill__currency").annotate(cost=Sum("billed")).order_by("-cost"))


def spend_by_month(user: User, currency: str, months: int = 13) -> list[tuple[date, Decimal, Decimal | None]]:
    """Billed and forecast of the last months, the oldest first."""
    periods = months_for(user, currency)[:months]
    by_month: dict[date, list[Cost]] = defaultdict(list)
    for cost in costs_of(shares_for(user), periods, currency):
        by_month[cost.period].append(cost)
    return [
        (period, sum_of(by_month[period]), _all_of([cost.forecast for cost in by_month[period]]))
        for period in sorted(by_month)
    ]


def sum_of(costs: Iterable[Cost]) -> Decimal:
    return sum((cost.billed for cost in costs), Decimal(0))


def forecast_of(costs: Iterable[Cost]) -> Decimal | None:
    return _all_of([cost.forecast for cost in costs])


def covered_until(period: date, currency: str) -> datetime | None:
    """Until when the bills of a month reach; the month's end where later bills are there."""
    end = month_window(period).end
    rows = Bill.objects.valid().filter(currency=currency, first_period__lte=period, last_period__gte=period)
    newest: datetime | None = rows.aggregate(until=Max("covered_until"))["until"]
    return min(newest, end) if newest else None


def home_currency() -> str:
    """The organisation's currency."""
    organisation = Organisation.objects.first()
    return organisation.currency if organisation else "EUR"


@dataclass(frozen=True, slots=True)
class Allocated:
    """What one key bears of a month in one currency; ``key`` None for what nobody bears."""

    key: str | None
    name: str
    unit: str | None
    currency: str
    billed: Decimal
    effective: Decimal

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "unit": self.unit,
            "currency": self.currency,
            "billed_cost": format(self.billed, "f"),
            "effective_cost": format(self.effective, "f"),
        }


KEYS: Mapping[str, Sequence[str]] = {
    "unit": ("unit__slug", "unit__name", "unit__slug"),
    "system": ("system", "system__name", "unit__slug"),
    "version": ("version__model__name", "version__number", "unit__slug"),
}


def allocated(user: User, period: date, by: str) -> list[Allocated]:
    """The shares of a month by unit, system or version; what none of them bears comes last."""
    if by not in KEYS:
        raise Invalid(errors=[Problem("?by", "is unit, system or version")])
    rows = (
        shares_for(user)
        .filter(period=period)
        .values_list(*dict.fromkeys((*KEYS[by], "allocation__bill__currency")))
        .annotate(cost=Sum("billed"), used=Sum("effective"))
        .order_by("-cost")
    )
    found = [_allocated(by, list(row)) for row in rows]
    return sorted(found, key=lambda each: each.key is None)


def _allocated(by: str, row: list[Any]) -> Allocated:
    *names, currency, cost, used = row
    key, name = names[0], names[1]
    unit = names[0] if by == "unit" else names[2]
    if key is None:
        return Allocated(None, "Unallocated" if unit is None else f"No {by}", unit, currency, cost, used)
    if by == "system":
        key = f"SYS-{key}"
    if by == "version":
        key, name = f"{key}/{name}", f"{key} v{name}"
    return Allocated(key, name, unit, currency, cost, used)


def utc_today() -> date:
    return datetime.now(UTC).date()
