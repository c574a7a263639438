"""What the settings ask of the database is what its connections have."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from imsite import settings
from tests.support.postgres import cluster_url


def _value(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_sqlite_writes_ahead_so_that_readers_do_not_wait() -> None:
    assert _value("PRAGMA journal_mode") == "wal"


@pytest.mark.postgres
def test_postgresql_ends_transactions_that_a_frozen_node_left_open() -> None:
    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    with psycopg.connect(f"{cluster_url()}/postgres", options=options) as own:
        shown = [
            own.execute(f"SHOW {name}").fetchone() for name in ("idle_in_transaction_session_timeout", "lock_timeout")
        ]
    assert shown == [("2s",), ("10s",)]


@pytest.mark.django_db(transaction=True)
def test_a_thread_sees_what_another_has_committed() -> None:
    User.objects.create_user("alice", nickname="Alice")
    seen: list[int] = []

    def look() -> None:
        try:
            seen.append(User.objects.count())
        finally:
            connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [1]
