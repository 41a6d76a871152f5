"""What FOCUS calls the columns of a bill, the newest name first, and which of them it must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portal.errors import Problem, Unprocessable

TEXTS: Mapping[str, tuple[str, ...]] = {
    "provider": ("ServiceProviderName", "ProviderName"),
    "host": ("HostProviderName", "PublisherName"),
    "issuer": ("InvoiceIssuerName",),
    "service": ("ServiceName",),
    "service_category": ("ServiceCategory",),
    "account": ("BillingAccountId",),
    "sub_account": ("SubAccountId",),
    "resource": ("ResourceId",),
    "resource_type": ("ResourceType",),
    "region": ("RegionId",),
    "category": ("ChargeCategory",),
    "invoice": ("InvoiceId",),
}
TIMES = {
    "charge_start": ("ChargePeriodStart",),
    "charge_end": ("ChargePeriodEnd",),
    "period": ("BillingPeriodStart",),
}
AMOUNTS = {
    "billed": ("BilledCost",),
    "effective": ("EffectiveCost",),
    "list_cost": ("ListCost",),
    "contracted": ("ContractedCost",),
}
OTHERS = {"currency": ("BillingCurrency",), "tags": ("Tags",)}
COLUMNS: Mapping[str, tuple[str, ...]] = {**TEXTS, **TIMES, **AMOUNTS, **OTHERS}
NEEDED = frozenset({"provider", "service", "account", "category", "currency", *TIMES, *AMOUNTS})
SUMMED = ("billed", "effective")
"""Amounts every line has; providers leave the others empty."""
CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")


def require(names: Sequence[str]) -> None:
    """Raises Unprocessable with every mandatory column that is missing, or stands there twice."""
    missing = [COLUMNS[name] for name in COLUMNS if name in NEEDED and not set(COLUMNS[name]) & set(names)]
    twice = {name for name in names if names.count(name) > 1}
    problems = [Problem(f"/{each[0]}", "is missing") for each in missing]
    problems += [Problem(f"/{name}", "stands there twice") for name in sorted(twice)]
    if missing:
        listed = ", ".join(" or ".join(each) for each in missing)
        raise Unprocessable(f"This is no FOCUS bill: it lacks {listed}. Nothing was stored.", errors=problems)
    if problems:
        raise Unprocessable("A column stands there twice. Nothing was stored.", errors=problems)


def chosen(names: Sequence[str]) -> dict[str, str]:
    """The column of a bill for each of ours that it has."""
    there = set(names)
    found = {ours: next((name for name in given if name in there), "") for ours, given in COLUMNS.items()}
    return {ours: name for ours, name in found.items() if name}
