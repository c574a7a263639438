"""Reads whose SQL is built once give what the ORM gives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db.models import QuerySet

from accounts.models import User
from delivery.db.bulk import execute_batch
from delivery.db.prepared import Prepared
from tests.support.in_process import people

pytestmark = pytest.mark.django_db(transaction=True)


def ask(prepared: Prepared[User], *values: Sequence[object]) -> list[User]:
    (rows,) = execute_batch([prepared.statement(*values)])
    return prepared.instances(rows)


def by_id(ids: Sequence[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=ids).order_by("-pk")


def test_any_number_of_rows_comes_as_the_orm_gives_them() -> None:
    """Flags as well, which SQLite stores as numbers, and times, which it stores as text."""
    found = people("alice", "bob", "carol")
    User.objects.filter(username="bob").update(is_active=False)
    prepared = Prepared(by_id)
    for count in (1, 3, 2, 3):
        ids = [user.pk for user in found[:count]]
        expected = list(by_id(ids))
        got = ask(prepared, ids)
        assert got == expected
        for one, other in zip(got, expected, strict=True):
            for field in User._meta.concrete_fields:
                mine, theirs = getattr(one, field.attname), getattr(other, field.attname)
                assert (mine, type(mine)) == (theirs, type(theirs)), field.attname


def test_what_is_not_there_is_left_out() -> None:
    (alice,) = people("alice")
    assert ask(Prepared(by_id), [alice.pk, 10**9]) == [alice]
    assert ask(Prepared(by_id), [10**9]) == []


def test_several_collections_go_where_they_belong_whatever_their_types() -> None:
    people("alice", "bob", "carol")
    prepared = Prepared(
        lambda ids, names: User.objects.filter(username__in=names, pk__in=ids).order_by("username").only("username")
    )
    ids = list(User.objects.values_list("pk", flat=True))
    assert [user.username for user in ask(prepared, ids, ["carol", "alice"])] == ["alice", "carol"]
    assert [user.username for user in ask(prepared, ids[:1], ["carol", "alice", "bob"])] == [
        User.objects.get(pk=ids[0]).username
    ]


def test_what_was_not_asked_for_is_read_when_it_is_wanted() -> None:
    (alice,) = people("alice")
    (got,) = ask(Prepared(lambda ids: by_id(ids).only("username")), [alice.pk])
    assert got.get_deferred_fields() >= {"nickname", "avatar"}
    assert got.nickname == "Alice"


def test_few_queries_are_built_whatever_is_asked_for() -> None:
    """A busy node's batches have every number of senders and of channels: one kept for each pair would fill memory."""
    built = []

    def make(ids: Sequence[int], names: Sequence[str]) -> QuerySet[User]:
        built.append((len(ids), len(names)))
        return User.objects.filter(pk__in=ids, username__in=names)

    prepared = Prepared(make)
    for ids in range(1, 201):
        for names in (1, 2, 3, 7, ids, 200):
            prepared.statement(range(ids), {str(name) for name in range(names)})
    assert len(set(built)) == len(built) <= 9 * 9


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9])
def test_each_comes_once_however_many_are_asked_for(count: int) -> None:
    found = people(*(f"person-{number}" for number in range(9)))
    prepared = Prepared(by_id)
    for ids in ([user.pk for user in found[:count]], [found[0].pk] * count):
        assert ask(prepared, ids) == list(by_id(ids))
