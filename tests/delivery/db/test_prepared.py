"""A prepared query returns what the same query of the ORM returns."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db.models import QuerySet

from accounts.models import User
from delivery.db.bulk import execute_batch
from delivery.db.prepared import PreparedQuery
from tests.support.in_process import create_users

pytestmark = pytest.mark.django_db(transaction=True)


def ask(prepared: PreparedQuery[User], *values: Sequence[object]) -> list[User]:
    (rows,) = execute_batch([prepared.statement(*values)])
    return prepared.instances(rows)


def by_id(ids: Sequence[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=ids).order_by("-pk")


def test_any_number_of_rows_is_returned_as_the_orm_returns_them() -> None:
    """Booleans, which SQLite stores as numbers, and times, which it stores as text, are converted as well."""
    found = create_users("alice", "bob", "carol")
    User.objects.filter(username="bob").update(is_active=False)
    prepared = PreparedQuery(by_id)
    for count in (1, 3, 2, 3):
        ids = [user.pk for user in found[:count]]
        expected = list(by_id(ids))
        got = ask(prepared, ids)
        assert got == expected
        for one, other in zip(got, expected, strict=True):
            for field in User._meta.concrete_fields:
                mine, theirs = getattr(one, field.attname), getattr(other, field.attname)
                assert (mine, type(mine)) == (theirs, type(theirs)), field.attname


def test_values_without_a_row_are_left_out() -> None:
    (alice,) = create_users("alice")
    assert ask(PreparedQuery(by_id), [alice.pk, 10**9]) == [alice]
    assert ask(PreparedQuery(by_id), [10**9]) == []


def test_each_collection_fills_its_own_condition() -> None:
    create_users("alice", "bob", "carol")
    prepared = PreparedQuery(
        lambda ids, names: User.objects.filter(username__in=names, pk__in=ids).order_by("username").only("username")
    )
    ids = list(User.objects.values_list("pk", flat=True))
    assert [user.username for user in ask(prepared, ids, ["carol", "alice"])] == ["alice", "carol"]
    assert [user.username for user in ask(prepared, ids[:1], ["carol", "alice", "bob"])] == [
        User.objects.get(pk=ids[0]).username
    ]


def test_a_deferred_field_is_read_when_it_is_used() -> None:
    (alice,) = create_users("alice")
    (got,) = ask(PreparedQuery(lambda ids: by_id(ids).only("username")), [alice.pk])
    assert got.get_deferred_fields() >= {"nickname", "avatar"}
    assert got.nickname == "Alice"


def test_few_queries_are_built_for_any_number_of_values() -> None:
    """A busy node's batches have every number of senders and of channels: a query for each pair would fill memory."""
    built = []

    def make(ids: Sequence[int], names: Sequence[str]) -> QuerySet[User]:
        built.append((len(ids), len(names)))
        return User.objects.filter(pk__in=ids, username__in=names)

    prepared = PreparedQuery(make)
    for ids in range(1, 201):
        for names in (1, 2, 3, 7, ids, 200):
            prepared.statement(range(ids), {str(name) for name in range(names)})
    assert len(set(built)) == len(built) <= 9 * 9


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9])
def test_padding_repeats_no_row(count: int) -> None:
    found = create_users(*(f"user-{number}" for number in range(9)))
    prepared = PreparedQuery(by_id)
    for ids in ([user.pk for user in found[:count]], [found[0].pk] * count):
        assert ask(prepared, ids) == list(by_id(ids))
