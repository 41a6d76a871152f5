"""Queries whose SQL is written once.

Writing the SQL of a query takes Django several times what PostgreSQL takes to answer it. For the few that
every request asks (who is it, what may they see, which model) it is written at the first one and kept:

    TOKEN = Prepared(lambda: ApiToken.objects.select_related("user").filter(digest=Given("digest")))
    found = TOKEN(digest=digest)

Only the text is kept: each call asks the database, so what is revoked is revoked at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands among the parameters of a query for the value of that name."""

    name: str


class Given(Expression):
    """A value that is known when the query is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, *_: Any) -> tuple[str, Any]:
        return "%s", [Slot(self.name)]


def among(name: str) -> RawSQL:
    """Whole numbers that are known when the query is asked, for ``__in``."""
    return RawSQL("SELECT unnest(%s::bigint[])", [Slot(name)])


class Prepared(Generic[Row]):
    """A QuerySet with ``Given`` values, to be asked with those values. It may follow ``select_related``."""

    def __init__(self, query: Callable[[], QuerySet[Row]]) -> None:
        self._query = query

    def __call__(self, **given: Any) -> list[Row]:
        written = self._written
        values = [given[each.name] if isinstance(each, Slot) else each for each in written.parameters]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, values)
            rows = cursor.fetchall()
        return written.objects_of(rows)

    def first(self, **given: Any) -> Row | None:
        """The first row, or None."""
        return next(iter(self(**given)), None)

    @cached_property
    def _written(self) -> _Written:
        return _Written(self._query())


class _Written:
    """The SQL of a query, and how its rows become objects, which ``ModelIterable`` finds out each time."""

    def __init__(self, query: QuerySet[Any]) -> None:
        compiler: Any = query.query.get_compiler(using=DEFAULT_DB_ALIAS)
        self.sql, self.parameters = compiler.as_sql()
        own = compiler.klass_info["select_fields"]
        self._own = slice(own[0], own[-1] + 1)
        self._model = compiler.klass_info["model"]
        self._names = [column[0].target.attname for column in compiler.select[self._own]]
        populators: Any = get_related_populators  # its stub is of a later Django
        self._related = populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)
        self._converters = compiler.get_converters([column[0] for column in compiler.select])
        self._compiler = compiler

    def objects_of(self, rows: list[Any]) -> list[Any]:
        return [self._object_of(row) for row in self._compiler.apply_converters(rows, self._converters)]

    def _object_of(self, row: list[Any]) -> Any:
        found = self._model.from_db(DEFAULT_DB_ALIAS, self._names, row[self._own])
        for each in self._related:
            each.populate(row, found)
        return found
