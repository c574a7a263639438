"""Transactions of other threads, which a test holds open, and the sessions that wait for locks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Generic, TypeVar

from django.db import connection, connections, transaction

from tests.support.waiting import TIMEOUT_SECONDS

T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Run `work` in a thread with a database connection of its own."""
    future: Future[T] = Future()

    def go() -> None:
        try:
            result = work()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            connections.close_all()

    threading.Thread(target=go, daemon=True).start()
    return future


class OpenTransaction(Generic[T]):
    """A transaction in its own thread that has done `work` and waits until the test commits it or rolls it back.

    At the end of the block it is rolled back.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done, self._go_on = threading.Event(), threading.Event()
        self._keep = False
        self._thread = in_thread(self._hold)

    def _hold(self) -> T:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    # The test decides how long it is open, not the server.
                    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                result = self._work()
                self._done.set()
                assert self._go_on.wait(TIMEOUT_SECONDS)
                if not self._keep:
                    transaction.set_rollback(True)
        finally:
            self._done.set()
        return result

    def __enter__(self) -> OpenTransaction[T]:
        assert self._done.wait(TIMEOUT_SECONDS)
        return self

    def commit(self) -> T:
        self._keep = True
        return self._end()

    def roll_back(self) -> T:
        return self._end()

    def _end(self) -> T:
        self._go_on.set()
        return self._thread.result(TIMEOUT_SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


def wait_until_waiting(count: int = 1) -> None:
    """Wait until this many database sessions wait for a lock. Raises TimeoutError otherwise."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while waiting() < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{waiting()} sessions wait for a lock, not {count}")
        time.sleep(0.005)


def waiting() -> int:
    """Return the number of database sessions that wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        (count,) = cursor.fetchone()
    return int(count)
