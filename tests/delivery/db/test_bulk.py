"""Bulk inserts and batches of statements store their rows in one transaction."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from delivery.db.bulk import (
    Statement,
    execute_batch,
    insert_instances,
    insert_numbered,
    insert_numbered_instances,
    insert_rows,
    insert_statements,
    inserted_ids,
    update_statements,
)
from delivery.models import EventRecipient, IdempotencyRecord, LogHead
from tests.support import postgres
from tests.support.transactions import wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.mark.django_db(transaction=True)
def test_no_row_one_row_and_many_rows_are_inserted() -> None:
    for count in (0, 1, 2500):
        EventRecipient.objects.all().delete()
        insert_rows(EventRecipient, ("user_id", "position"), [(7, position) for position in range(1, count + 1)])
        assert EventRecipient.objects.count() == count


@pytest.mark.django_db
def test_instances_are_stored_as_by_their_own_save() -> None:
    at = timezone.now()
    records = [IdempotencyRecord(scope="a scope", key=key, fingerprint="%s", expires_at=at) for key in ("1", "2")]
    *_, rows = execute_batch(insert_numbered_instances(records))
    stored = [IdempotencyRecord.objects.get(pk=pk) for pk in inserted_ids(rows, 2)]
    assert [(row.key, row.fingerprint, row.expires_at) for row in stored] == [("1", "%s", at), ("2", "%s", at)]
    IdempotencyRecord.objects.all().delete()
    execute_batch(insert_instances(records))
    assert sorted(IdempotencyRecord.objects.values_list("key", "expires_at")) == [("1", at), ("2", at)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 2, 300])
def test_numbered_rows_have_the_ids_that_are_returned_for_them(count: int) -> None:
    rows = [(7, position) for position in range(count, 0, -1)]
    for _ in range(2):
        # The ids of deleted rows are not used again, so they do not begin at 1.
        EventRecipient.objects.all().delete()
        with transaction.atomic():
            returned = execute_batch(insert_numbered(EventRecipient, ("user_id", "position"), rows))[-1]
        ids = inserted_ids(returned, count)
        assert [EventRecipient.objects.get(pk=pk).position for pk in ids] == [position for _, position in rows]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 2])
def test_each_row_is_updated_by_its_id(count: int) -> None:
    insert_rows(LogHead, ("id", "position"), [(1, 10), (2, 20), (3, 30)])
    with transaction.atomic():
        execute_batch(update_statements(LogHead, ("position",), [(21, 2), (11, 1)][:count]))
    expected = {1: 11 if count == 2 else 10, 2: 21, 3: 30}
    assert dict(LogHead.objects.values_list("id", "position")) == expected


@pytest.mark.django_db(transaction=True)
def test_each_statement_of_a_batch_returns_its_own_rows() -> None:
    table = EventRecipient._meta.db_table
    fields = ("user_id", "position")
    with transaction.atomic():
        answers = execute_batch(
            [
                Statement(f"INSERT INTO {table} (user_id, position) VALUES (%s, %s) RETURNING position", [7, 1], True),
                *insert_statements(EventRecipient, fields, [(7, 2)]),
                Statement(f"UPDATE {table} SET user_id = %s WHERE position = %s", [8, 2]),
                Statement(f"SELECT user_id, '%%' FROM {table} WHERE position = %s", [2], returns=True),
                Statement(f"SELECT user_id FROM {table} WHERE position = %s", [3], returns=True),
                *insert_statements(EventRecipient, fields, [(7, 3)]),
            ]
        )
    assert answers == [[(1,)], [], [], [(8, "%")], [], []]
    assert sorted(EventRecipient.objects.values_list(*fields)) == [(7, 1), (7, 3), (8, 2)]


@pytest.mark.django_db(transaction=True)
def test_a_batch_with_a_failing_statement_changes_nothing() -> None:
    (row,) = insert_statements(EventRecipient, ("user_id", "position"), [(7, 1)])
    nonsense = Statement("SELECT nothing FROM nowhere", [], returns=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        execute_batch([row, nonsense, row])
    assert not EventRecipient.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_statement_behind_a_lock_sees_rows_committed_while_it_waited() -> None:
    """A channel is read after its lock is granted, also in one round trip."""
    LogHead.objects.create(pk=1, position=5)
    table = LogHead._meta.db_table
    with psycopg.connect(_url()) as other, ThreadPoolExecutor(1) as thread:
        other.execute(f"UPDATE {table} SET position = 6")
        answer = thread.submit(_lock_and_count, table)
        wait_until_waiting()
        other.execute(f"INSERT INTO {table} (id, position) VALUES (2, 1)")
        other.commit()
        assert answer.result(TIMEOUT_SECONDS) == [[(6,)], [(2,)]]


def _lock_and_count(table: str) -> list[list[tuple[int, ...]]]:
    try:
        with transaction.atomic():
            return execute_batch(
                [
                    Statement(f"SELECT position FROM {table} WHERE id = 1 FOR UPDATE", [], returns=True),
                    Statement(f"SELECT count(*) FROM {table}", [], returns=True),
                ]
            )
    finally:
        connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_postgresql_ends_an_idle_transaction_after_a_bulk_insert() -> None:
    """A frozen node must not keep its locks. After a pipeline, PostgreSQL would not end its transaction."""
    with psycopg.connect(_url(), autocommit=True) as watcher:

        def runs(backend: int) -> bool:
            found = watcher.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
            return found.fetchone() is not None

        with contextlib.suppress(DatabaseError, InterfaceError), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET idle_in_transaction_session_timeout = 100")
                cursor.execute("SELECT pg_backend_pid()")
                backend = cursor.fetchone()[0]
            insert_rows(EventRecipient, ("user_id", "position"), [(7, 1), (7, 2)])
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while runs(backend):
                assert time.monotonic() < deadline, "the transaction still holds its locks"
                time.sleep(0.01)
    connection.close()


def _url() -> str:
    """The URL of the test database, for a separate connection."""
    return f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}"
