"""Pages of a list: ``{"results": […], "next": url or null, "count": n}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.errors import Invalid, Problem

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 1000
LARGEST_OFFSET = 10_000_000
"""Whoever reads further wants an export: PostgreSQL counts every row it passes over."""


class Pagination(BasePagination):
    """By ``limit`` (1 to 1000, default 50) and ``offset`` (0 to ten million)."""

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: Any = None,  # noqa: ARG002 - DRF's signature
    ) -> list[Any]:
        self.request = request
        self.limit = _bounded(request, "limit", DEFAULT_LIMIT, lowest=1, highest=LARGEST_LIMIT)
        self.offset = _bounded(request, "offset", 0, lowest=0, highest=LARGEST_OFFSET)
        rows = list(queryset[self.offset : self.offset + self.limit])
        ends_here = len(rows) < self.limit and (bool(rows) or self.offset == 0)
        self.count = self.offset + len(rows) if ends_here else _count(queryset)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next(), "count": self.count})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next", "count"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "format": "uri"},
                "count": {"type": "integer", "minimum": 0},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - DRF's signature
        return [
            _parameter("limit", DEFAULT_LIMIT, 1, LARGEST_LIMIT, "How many to answer."),
            _parameter("offset", 0, 0, LARGEST_OFFSET, "How many to pass over first."),
        ]

    def _next(self) -> str | None:
        after = self.offset + self.limit
        if after >= self.count:
            return None
        address = replace_query_param(self.request.build_absolute_uri(), "limit", self.limit)
        return replace_query_param(address, "offset", after)


def _count(rows: QuerySet[Any] | Sequence[Any]) -> int:
    return rows.count() if isinstance(rows, QuerySet) else len(rows)


def _bounded(request: Request, name: str, default: int, *, lowest: int, highest: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if given.isascii() and given.isdecimal() and len(given) <= len(str(highest)):
        number = int(given)
        if lowest <= number <= highest:
            return number
    raise Invalid(errors=[Problem(f"?{name}", f"is a whole number from {lowest} to {highest}")])


def _parameter(name: str, default: int, lowest: int, highest: int, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "integer", "default": default, "minimum": lowest, "maximum": highest},
    }
