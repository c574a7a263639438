"""Rows written without model instances, as the hot path writes them."""

from __future__ import annotations

import contextlib
import time

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction

from delivery.models import EventPerson
from delivery.rows import insert
from tests.support import postgres
from tests.support.eventually import PATIENCE


@pytest.mark.django_db(transaction=True)
def test_none_one_and_many_are_stored() -> None:
    for count in (0, 1, 2500):
        EventPerson.objects.all().delete()
        insert(EventPerson, ("person", "position"), [(7, position) for position in range(1, count + 1)])
        assert EventPerson.objects.count() == count


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_database_ends_a_transaction_that_has_stopped_after_it() -> None:
    """A node that freezes there must not keep what it has locked: some ways of writing make PostgreSQL miss that."""
    with psycopg.connect(_url(), autocommit=True) as watcher:

        def runs(backend: int) -> bool:
            found = watcher.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
            return found.fetchone() is not None

        with contextlib.suppress(DatabaseError, InterfaceError), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET idle_in_transaction_session_timeout = 100")
                cursor.execute("SELECT pg_backend_pid()")
                backend = cursor.fetchone()[0]
            insert(EventPerson, ("person", "position"), [(7, 1), (7, 2)])
            deadline = time.monotonic() + PATIENCE
            while runs(backend):
                assert time.monotonic() < deadline, "it still holds its locks"
                time.sleep(0.01)
    connection.close()


def _url() -> str:
    """The test database, for a connection of one's own."""
    return f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}"
