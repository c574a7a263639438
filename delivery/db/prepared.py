"""Prepared queries: reads of the hot path whose SQL Django builds once.

Building a query costs more than sending it (`python -m tests.load.commit_cpu`). Queries are built for 1, 2, 4, 8, …
values and padded with one of the given values, so that a few queries serve any number of values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import Col

from delivery.db.bulk import Statement, pad

M = TypeVar("M", bound=Model)


class PreparedQuery(Generic[M]):
    """Reads instances of a model by one or more collections of values.

    `build` takes a list for each collection and returns a query with one `__in` condition for each, and no other
    values. Rows of a query with `values_list` are read by `values` instead of `instances`.
    """

    def __init__(self, build: Callable[..., QuerySet[M, Any]]) -> None:
        self._build = build
        self._compiled: dict[tuple[int, ...], tuple[str, list[int]]] = {}
        self._names: list[str] = []
        self._converters: list[tuple[int, Callable[..., Any], Any]] = []
        """Functions that make Python values of those columns that need it, by the column's index."""

    def statement(self, *values: Collection[Any]) -> Statement:
        """Return the statement that reads by these values, at least one in each collection."""
        padded = [pad(list(collection)) for collection in values]
        sizes = tuple(map(len, padded))
        if (compiled := self._compiled.get(sizes)) is None:
            compiled = self._compiled[sizes] = self._compile(sizes)
        sql, indexes = compiled
        flat = list(chain.from_iterable(padded))
        return Statement(sql, [flat[index] for index in indexes], returns=True)

    def instances(self, rows: Sequence[Sequence[Any]]) -> list[M]:
        """Return the statement's rows as model instances. Fields that the query leaves out are deferred."""
        if not rows:
            return []
        model, names = self._model, self._names
        return [model.from_db(DEFAULT_DB_ALIAS, names, row) for row in self.values(rows)]

    def values(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return the statement's rows with Python values, in the order of the query's `values_list`."""
        return [self._convert(row) for row in rows] if self._converters else rows

    def _convert(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, convert, expression in self._converters:
            values[index] = convert(values[index], expression, connection)
        return values

    def _compile(self, sizes: tuple[int, ...]) -> tuple[str, list[int]]:
        """Return the SQL and, for each of its parameters, the index of its value."""
        indexes = iter(range(sum(sizes)))
        queryset = self._build(*([next(indexes) for _ in range(size)] for size in sizes))
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters(expression for expression, _, _ in compiler.select)
        self._model = queryset.model
        self._names = [column.target.attname for column, _, _ in compiler.select if isinstance(column, Col)]
        self._converters = [
            (index, convert, expression)
            for index, (functions, expression) in converters.items()
            for convert in functions
        ]
        return sql, [int(parameter) for parameter in parameters]
