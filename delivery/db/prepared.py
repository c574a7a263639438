"""Reads that the hot path makes again and again: Django builds their SQL once.

Building a query costs more than sending it does (`python -m tests.load.commit_cost`). It is built for 1, 2, 4, 8, …
values; others are filled up by one of them again, so that few queries are kept whatever is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet

from delivery.db.bulk import Statement

M = TypeVar("M", bound=Model)


class Prepared(Generic[M]):
    """Instances of a model, read by collections of values.

    `make` takes a list for each collection and gives the query that has them in an `__in` each, and no value besides.
    """

    def __init__(self, make: Callable[..., QuerySet[M]]) -> None:
        self._make = make
        self._compiled: dict[tuple[int, ...], tuple[str, list[int]]] = {}
        self._columns: list[tuple[str, list[Callable[..., Any]], Any]] = []

    def statement(self, *values: Collection[Any]) -> Statement:
        """The read for these values, at least one in each collection."""
        filled = [_filled(list(one)) for one in values]
        sizes = tuple(map(len, filled))
        if (compiled := self._compiled.get(sizes)) is None:
            compiled = self._compiled[sizes] = self._compile(sizes)
        sql, places = compiled
        flat = list(chain.from_iterable(filled))
        return Statement(sql, [flat[place] for place in places], returns=True)

    def instances(self, rows: Sequence[Sequence[Any]]) -> list[M]:
        """What the statement has returned, as instances. Fields that were not asked for are deferred."""
        if not rows:
            return []
        model = self._model
        names = [name for name, _, _ in self._columns]
        return [model.from_db(DEFAULT_DB_ALIAS, names, self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, (_, converters, expression) in enumerate(self._columns):
            for convert in converters:
                values[place] = convert(values[place], expression, connection)
        return values

    def _compile(self, sizes: tuple[int, ...]) -> tuple[str, list[int]]:
        """The SQL, and which of the values goes where in it."""
        places = iter(range(sum(sizes)))
        queryset = self._make(*([next(places) for _ in range(size)] for size in sizes))
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters(expression for expression, _, _ in compiler.select)
        self._model = queryset.model
        self._columns = [
            (expression.target.attname, converters[place][0] if place in converters else [], expression)
            for place, (expression, _, _) in enumerate(compiler.select)
        ]
        return sql, [int(parameter) for parameter in parameters]


def _filled(values: list[Any]) -> list[Any]:
    """As many of them as a query is built for; more than once is the same to it."""
    size = 1 << (len(values) - 1).bit_length()
    return values + values[:1] * (size - len(values))
