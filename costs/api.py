"""How programs send bills, sum them by any column or tag, and read allocations and budgets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import IO, Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from costs.calc import LEVEL
from costs.models import Bill, Budget, Grain
from costs.selectors import allocated, budgets_for, is_whole, totals, units_of, utc_today
from costs.services.allocation import allocate_bill
from costs.services.budgets import set_budget
from costs.services.uploads import receive_bill
from costs.standing import Standing, standings
from costs.whatif import WHAT_IFS
from portal.accounts.models import Unit
from portal.api.parsers import SafeJSONParser, Untouched
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import CreateMixin, Endpoint, ListMixin, RetrieveMixin
from portal.errors import Denied, Invalid, Missing, Problem
from portal.jobs.models import Run
from portal.registry.models import System

FILES: dict[str, Any] = {
    "text/csv": {"type": "string"},
    "application/vnd.apache.parquet": {"type": "string", "format": "binary"},
}
"""The formats of a bill, for the document."""


class AmountField(serializers.DecimalField):
    """An exact amount as text, with the digits it has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=38, decimal_places=24, **kwargs)

    def to_representation(self, value: Any) -> str:
        return format(value, "f")

    def quantize(self, value: Decimal) -> Decimal:
        """As it came: no digit more."""
        return value


class BillSerializer(StrictSerializer):
    """A bill and what it sums up to."""

    bill = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    rows = serializers.IntegerField()
    currency = serializers.CharField()
    billed_cost = AmountField(source="billed")
    effective_cost = AmountField(source="effective")
    first_period = serializers.DateField()
    last_period = serializers.DateField()
    replaced_by = serializers.IntegerField(source="replaced_by_id", allow_null=True)
    imported_at = serializers.DateTimeField()
    digest = serializers.SerializerMethodField()

    def get_digest(self, bill: Bill) -> str:
        return f"sha256:{bill.digest}"


class RestatementInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class BillViewSet(ListMixin[Bill], RetrieveMixin[Bill]):
    """Bills. ``POST`` a FOCUS file as the body, CSV or Parquet; sent again it adds nothing.

    Up to 20 MB or 100 000 lines are stored before the answer; more, up to 2 GB, answers 202 with the run that
    loads it.
    """

    does = {
        "list": "costs.bills.read",
        "retrieve": "costs.bills.read",
        "totals": "costs.bills.read",
        "create": "costs.import",
        "restate": "costs.rules",
    }
    serializer_class = BillSerializer
    inputs = {"restate": RestatementInput}
    sorts = ("imported_at", "last_period")

    def get_parsers(self) -> list[BaseParser]:
        return (
            [Untouched()] if getattr(self, "action_map", {}).get("post") == "create" else [SafeJSONParser()]
        )

    def get_queryset(self) -> QuerySet[Bill]:
        """Bills stand above the units, so they are for those whose role stands at the root."""
        return Bill.objects.all() if is_whole(self.user, self.declared) else Bill.objects.none()

    @extend_schema(
        request=FILES,
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT, 202: OpenApiTypes.OBJECT},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        if not is_whole(self.user, self.declared):
            raise Denied("A bill is imported by somebody who may do so for the whole organisation.")
        name = request.query_params.get("name", "") or "Bill sent by program"
        found = receive_bill(_stream(request), name=name, actor=self.user, replaces=self._replaced(request))
        if isinstance(found, Run):
            where = f"/api/v1/runs/{found.pk}/"
            return Response({"run": where, "state": found.state}, status=202, headers={"Location": where})
        where = f"{request.path}{found.bill.pk}/"
        return Response(found.as_dict(), status=201 if found.added else 200, headers={"Location": where})

    @action(detail=True, methods=["get"])
    def totals(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        bill = self.get_object()
        rows = totals(bill, request.query_params.get("by", "ServiceProviderName"))
        results = [row.as_dict() for row in rows]
        return Response({"results": results, "next": None, "count": len(results), "currency": bill.currency})

    @action(detail=True, methods=["post"])
    def restate(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        """Split a bill again by the rules now in force, for a reason."""
        reason = self.validated()["reason"]
        made = self.change(lambda bill: allocate_bill(bill, actor=self.user, reason=reason))
        return Response({"bill": made.bill_id, "revision": made.revision}, status=201)

    def _replaced(self, request: Request) -> Bill | None:
        given = request.query_params.get("replaces")
        if given is None:
            return None
        found = Bill.objects.filter(pk=int(given)).first() if given.isdecimal() and len(given) < 19 else None
        if found is None:
            raise Invalid(errors=[Problem("?replaces", "is the number of no bill")])
        return found


def _stream(request: Request) -> IO[bytes]:
    stream: Any = request.data
    if not hasattr(stream, "read"):
        raise Invalid("The body is empty.")
    body: IO[bytes] = stream
    return body


class Allocations(Endpoint):
    """``GET ?period=2026-10&by=unit|system|version``: who bears what of a month's bills."""

    does = {"get": "costs.read"}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        period = _period(request.query_params.get("period"))
        rows = allocated(self.user, period, request.query_params.get("by", "unit"))
        results = [{**row.as_dict(), "period": f"{period:%Y-%m}"} for row in rows]
        return Response({"results": results, "next": None, "count": len(results)})


def _period(text: str | None) -> date:
    if text is None:
        return utc_today().replace(day=1)
    try:
        return date.fromisoformat(f"{text}-01" if len(text) == len("2026-10") else text).replace(day=1)
    except ValueError as error:
        raise Invalid(errors=[Problem("?period", "is a month such as 2026-10")]) from error


class ForecastSerializer(StrictSerializer):
    """What a period will cost, and the ends of its interval of that level.

    ``exact`` where the whole period is billed; a ``point`` has no interval yet, and ``reason`` says why.
    """

    amount = serializers.CharField(allow_null=True)
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    level = serializers.FloatField()
    basis = serializers.ChoiceField(["exact", "interval", "point"], allow_null=True)
    reason = serializers.CharField(allow_null=True)


def _written(amount: Decimal | None) -> str | None:
    """A forecast to the thousandth: more digits than that it does not have."""
    return None if amount is None else format(amount.quantize(Decimal("0.001")).normalize(), "f")


class BudgetSerializer(StrictSerializer):
    """A budget and how it stands in its present period. Shares run from 0 to 1."""

    id = serializers.IntegerField(source="pk")
    unit = serializers.CharField(source="unit.slug", default=None)
    system = serializers.CharField(source="system.ref", default=None)
    grain = serializers.ChoiceField(Grain.choices)
    amount = AmountField()
    currency = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField()
    spent = serializers.SerializerMethodField()
    spent_share = serializers.SerializerMethodField()
    forecast_share = serializers.SerializerMethodField()
    forecast = serializers.SerializerMethodField()

    def get_spent(self, budget: Budget) -> str:
        return format(self._standing(budget).spent, "f")

    def get_spent_share(self, budget: Budget) -> float:
        return self._standing(budget).spent_share

    def get_forecast_share(self, budget: Budget) -> float | None:
        return self._standing(budget).forecast_share

    @extend_schema_field(ForecastSerializer)
    def get_forecast(self, budget: Budget) -> dict[str, Any]:
        standing = self._standing(budget)
        return {
            "amount": _written(standing.forecast),
            "low": _written(standing.low),
            "high": _written(standing.high),
            "level": LEVEL,
            "basis": standing.basis,
            "reason": standing.reason or None,
        }

    def _standing(self, budget: Budget) -> Standing:
        """How it stands; those of a list are found together."""
        if budget.pk not in self.known:
            shown: Any = self.parent.instance if self.parent is not None else [budget]
            self.known |= {each.budget.pk: each for each in standings(shown, utc_today())}
        return self.known[budget.pk]

    @cached_property
    def known(self) -> dict[int, Standing]:
        return {}


class BudgetInput(StrictSerializer):
    unit = serializers.CharField(required=False)
    system = serializers.CharField(required=False)
    amount = AmountField()
    currency = serializers.CharField(max_length=3)
    grain = serializers.ChoiceField(Grain.choices, default=Grain.MONTH)
    starts_on = serializers.DateField()
    reason = serializers.CharField(max_length=2000)


class BudgetViewSet(ListMixin[Budget], RetrieveMixin[Budget], CreateMixin[Budget]):
    """Budgets in force and past. A new one ends the one before it."""

    does = {"list": "costs.read", "retrieve": "costs.read", "create": "costs.budget"}
    serializer_class = BudgetSerializer
    inputs: ClassVar[Any] = {"create": BudgetInput}
    filterset_fields = ("grain", "currency")
    sorts = ("starts_on",)

    def get_queryset(self) -> QuerySet[Budget]:
        return budgets_for(self.user)

    def perform_create(self, data: dict[str, Any]) -> Budget:
        unit, system = data.pop("unit", None), data.pop("system", None)
        if (unit is None) == (system is None):
            raise Invalid(errors=[Problem("/unit", "Name a unit or a system.")])
        subject = self._unit(unit) if unit is not None else self._system(system)
        return set_budget(subject, actor=self.user, **{**data, "grain": Grain(data["grain"])})

    def _unit(self, slug: str) -> Unit:
        found = units_of(self.user, self.declared).filter(slug=slug).first()
        if found is None:
            raise Missing
        return found

    def _system(self, ref: str) -> System:
        found = System.objects.visible_to(self.user, self.declared).with_ref(ref).first()
        if found is None:
            raise Missing
        return found


class WhatIfs(Endpoint):
    """``GET own-or-rent|spot|reservations/?FACT=…``: what follows; facts left out are those of an example."""

    does = {"get": "costs.read"}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, kind: str) -> Response:
        if kind not in WHAT_IFS:
            raise Missing
        fields = WHAT_IFS[kind].base_fields
        if unknown := set(request.query_params) - set(fields):
            raise Invalid(errors=[Problem(f"?{name}", "is no fact of this what-if") for name in unknown])
        given = request.query_params
        facts = {name: given.get(name, field.initial) for name, field in fields.items()}
        form = WHAT_IFS[kind](facts)
        if not form.is_valid():
            raise Invalid(errors=[Problem(f"?{name}", str(said[0])) for name, said in form.errors.items()])
        try:
            answer = form.answer()
        except ValueError as error:
            raise Invalid(str(error)) from error
        return Response({"answer": answer.sentence, "facts": form.cleaned_data, **answer.data})
