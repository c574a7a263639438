"""Database connections have the options of the settings."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.utils import ConnectionHandler
from psycopg_pool import ConnectionPool, PoolTimeout

from accounts.models import User
from delivery import log
from delivery.db.executors import priority_executor
from imsite.database import database
from tests.support import postgres
from tests.support.monitoring import get
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS


def _value(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_sqlite_uses_write_ahead_logging() -> None:
    assert _value("PRAGMA journal_mode") == "wal"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["idle_in_transaction_session_timeout", "lock_timeout"])
def test_postgresql_times_out_transactions_of_a_frozen_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}")
    other = ConnectionHandler({"default": {**database(tmp_path), "CONN_MAX_AGE": None}})["default"]
    other.settings_dict["OPTIONS"]["pool"] = False
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SHOW {name}")
            assert re.fullmatch(r"[1-9]0?s", cursor.fetchone()[0]), "a few seconds, and never 0: for ever"
    finally:
        other.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_session_options_of_database_url_are_combined_with_the_sites(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = "?options=-c%20search_path%3Dchat%20-c%20lock_timeout%3D0"
    monkeypatch.setenv("DATABASE_URL", f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}{asked}")
    other = ConnectionHandler({"default": {**database(tmp_path), "CONN_MAX_AGE": None}})["default"]
    other.settings_dict["OPTIONS"]["pool"] = False
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT current_setting('search_path'), current_setting('lock_timeout')")
            assert cursor.fetchone() == ("chat", "4s")
    finally:
        other.close()


def test_behind_a_pooler_nothing_is_set_for_a_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://imsite@pooler/imsite")
    monkeypatch.setenv("IM_PGBOUNCER", "True")
    config = database(tmp_path)
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert config["OPTIONS"]["options"] == ""


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_batched_statements_see_committed_rows_under_any_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The operator may have set another level in the database or in DATABASE_URL."""
    name = connection.settings_dict["NAME"]
    url = f"{postgres.cluster_url()}/{name}"
    monkeypatch.setenv("DATABASE_URL", f"{url}?server_side_binding=True&isolation_level=4")
    other = ConnectionHandler({"default": {**database(tmp_path), "CONN_MAX_AGE": None}})["default"]
    other.settings_dict["OPTIONS"]["pool"] = False
    with psycopg.connect(url, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'")
        try:
            other.ensure_connection()
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT %s; SHOW transaction_isolation", [1])
                answers = [cursor.fetchall(), cursor.nextset() and cursor.fetchall()]
        finally:
            other.close()
            operator.execute(f'ALTER DATABASE "{name}" RESET default_transaction_isolation')
    assert answers == [[(1,)], [("read committed",)]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_any_number_of_broken_connections_is_replaced() -> None:
    together = threading.Barrier(8)

    def ask_for_one(_: int) -> None:
        try:
            with connection.cursor() as cursor:
                together.wait(TIMEOUT_SECONDS)
                cursor.execute("SELECT 1")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask_for_one, range(8)))
    url = f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}"
    connection.close()
    assert postgres.terminate_sessions(url) >= 8
    assert User.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_event_log_is_read_while_requests_use_all_connections() -> None:
    """IM_HTTP_CONCURRENCY and IM_DB_THREADS together may use the whole pool, waiting for one locked row."""
    connection.ensure_connection()
    pool: ConnectionPool[Any] = connection.pool  # type: ignore[attr-defined]
    taken: list[Any] = []

    def head() -> int:
        try:
            return log.head()
        finally:
            connection.close()

    try:
        with contextlib.suppress(PoolTimeout):
            while True:
                taken.append(pool.getconn(timeout=0.1))
        assert taken and priority_executor().submit(head).result(TIMEOUT_SECONDS) == 0
    finally:
        for one in taken:
            pool.putconn(one)


@pytest.mark.postgres
def test_connections_broken_by_a_restart_of_postgresql_fail_no_request(site: Site) -> None:
    question = f"{site.url}/user/online?userID=nobody"
    for _ in range(5):
        assert get(question).status == 200
    assert postgres.terminate_sessions(site.database_url)
    for _ in range(20):
        answer = get(question)
        assert (answer.status, json.loads(answer.text)["code"]) == (200, 200)


@pytest.mark.django_db(transaction=True)
def test_a_thread_sees_rows_committed_by_another() -> None:
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
