"""What a list may be narrowed and ordered by; anything else in the query is an error, not ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.dateparse import parse_date, parse_datetime
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from portal.api import strict
from portal.errors import Invalid, Problem


class Filters(DjangoFilterBackend):  # type: ignore[misc]  # django-filter has no types
    """django-filter by ``filterset_class`` or ``filterset_fields``, with our error body."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise Invalid(
                errors=[
                    Problem(f"?{name}", str(message))
                    for name, messages in filterset.errors.items()
                    for message in messages
                ]
            )
        narrowed: QuerySet[Any] = filterset.qs
        return narrowed


class Sort(BaseFilterBackend):
    """``sort=-name,created_at`` by the names in ``view.sorts``; the primary key settles ties.

    ``sorts`` is a tuple of names, or a table from names to the columns behind them; ``default_sort`` has
    the form of the parameter. Missing values come last either way.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        columns = _columns(view)
        asked = request.query_params.get("sort") or getattr(view, "default_sort", "")
        if not asked:
            return queryset if queryset.ordered else queryset.order_by("pk")
        order = []
        for part in asked.split(","):
            name = part.removeprefix("-")
            if name not in columns:
                known = ", ".join(columns) or "nothing"
                raise Invalid(errors=[Problem("?sort", f"knows {known}; {name[:40]!r} is not among them")])
            order.append(_by(queryset, columns[name], descending=part.startswith("-")))
        return queryset.order_by(*order, "pk")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Spectacular asks this to describe the parameter."""
        columns = _columns(view)
        if not columns:
            return []
        names = [name for column in columns for name in (column, f"-{column}")]
        schema = {"type": "array", "items": {"type": "string", "enum": names}}
        return [
            {
                "name": "sort",
                "in": "query",
                "required": False,
                "description": "Order by these, the first first; a minus reverses.",
                "explode": False,
                "style": "form",
                "schema": schema,
            }
        ]


class KnownParameters(BaseFilterBackend):
    """Refuse a parameter nobody reads: a filter with a typing error would answer too much."""

    ALWAYS = ("sort", "limit", "offset", "format")

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        unknown = [name for name in request.query_params if name not in self._known(queryset, view)]
        if unknown:
            known = ", ".join(sorted(self._known(queryset, view) - {"format"}))
            raise Invalid(
                errors=[Problem(f"?{name[:80]}", f"is not known here; {known} are") for name in unknown]
            )
        return queryset

    def _known(self, queryset: QuerySet[Any], view: Any) -> set[str]:
        filterset = Filters().get_filterset_class(view, queryset)
        names: Iterable[str] = filterset.get_filters() if filterset else ()
        dated = ("as_of",) if getattr(view, "dated", False) else ()
        return {*self.ALWAYS, *dated, *names, *getattr(view, "parameters", ())}


def instant(text: str, parameter: str) -> datetime:
    """An aware instant from ISO 8601, or the last moment of a UTC day from a date. Raises Invalid."""
    try:
        moment: datetime | date | None = parse_datetime(text) if len(text) > 10 else parse_date(text)
    except ValueError:
        moment = None
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime.combine(moment, time.max, UTC)
    raise Invalid(errors=[Problem(f"?{parameter}", "is a day, or an instant with its zone, in ISO 8601")])


def clean(request: Request) -> None:
    """Raise Invalid for a query parameter that holds text which cannot be stored or compared."""
    for name, values in request.query_params.lists():
        for value in (name, *values):
            if fault := strict.fault_of(value):
                raise Invalid(errors=[Problem(f"?{name[:80]}".replace("\x00", ""), fault)])


def _by(queryset: QuerySet[Any], column: str, *, descending: bool) -> OrderBy:
    """Order by a column, missing values last. Says so only where there can be any: an index is used then."""
    try:
        nulls_last = queryset.model._meta.get_field(column).null or None  # noqa: SLF001 - Django's name
    except FieldDoesNotExist:
        nulls_last = True  # a path over relations, or an annotation
    return OrderBy(F(column), descending=descending, nulls_last=nulls_last)


def _columns(view: Any) -> Mapping[str, str]:
    sorts = getattr(view, "sorts", ())
    return sorts if isinstance(sorts, Mapping) else {name: name for name in sorts}
