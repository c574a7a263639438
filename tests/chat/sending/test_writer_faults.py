"""Commits on PostgreSQL lose their connection, or wait too long, at any of their steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.models import Channel, Message, MessageKey
from chat.sending import writer
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.writer import commit
from delivery import log, publish
from delivery.idempotency import IdempotencyKey
from delivery.log import Entry
from delivery.models import Event, LogHead
from tests.support import postgres
from tests.support.in_process import draft
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@pytest.fixture
def groups(alice: User) -> list[Channel]:
    return [channel_create_group(creator=alice, name=name) for name in ("Painters", "Poets")]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    told: list[Entry] = []
    monkeypatch.setattr(publish, "publish_committed", told.extend)
    return told


def drafts(alice: User, groups: Sequence[Channel]) -> list[Draft]:
    """Return two drafts with a client id and one with an idempotency key."""
    key = IdempotencyKey("alice", "call", "the same")
    return [
        draft(alice, groups[0], client_id="1"),
        draft(alice, groups[1], client_id="2"),
        draft(alice, groups[1], idempotency_key=key),
    ]


def database_url() -> str:
    return f"{postgres.cluster_url()}/{connection.settings_dict['NAME']}"


def backend() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def stored(outcomes: Sequence[Outcome]) -> list[bool | str]:
    """Return for each outcome whether it is newly stored, or the name of its error."""
    return [
        not outcome.repeated if isinstance(outcome, StoredMessage) else type(outcome).__name__ for outcome in outcomes
    ]


def assert_whole(messages: int) -> None:
    """Assert that there are `count` messages, each with its key and event, and no gap in positions and numbers."""
    assert Message.objects.count() == MessageKey.objects.count() == Event.objects.filter(kind="msg").count() == messages
    positions = list(Event.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, log.head() + 1))
    for channel in Channel.objects.all():
        seqs = list(Message.objects.filter(channel=channel).order_by("position").values_list("seq", flat=True))
        assert seqs == list(range(1, channel.last_seq + 1))


class ConnectionLoss:
    """Ends the connection before the statement with this number, and counts all statements."""

    def __init__(self, number: int) -> None:
        self.number, self.count = number, 0

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self.count += 1
        if self.count == self.number:
            postgres.terminate_sessions(database_url(), only=backend())
        return execute(sql, params, many, context)


def test_a_connection_lost_before_any_statement_stores_nothing_and_the_next_commit_has_another(
    alice: User, groups: list[Channel], announced: list[Entry]
) -> None:
    number = 0
    while True:
        number += 1
        lost = ConnectionLoss(number)
        with connection.execute_wrapper(lost):
            outcomes = commit(drafts(alice, groups))
        if lost.count < number:
            break
        assert stored(outcomes) == ["OperationalError"] * 3
        assert_whole(0)
        assert announced == []
    # Each of the four round trips of the transaction failed once.
    assert number == 5 and stored(outcomes) == [True] * 3
    assert_whole(3)
    assert len(announced) == 3


@pytest.mark.parametrize("arrived", [False, True])
def test_a_connection_lost_at_the_commit_is_a_fault_and_a_retry_returns_the_result(
    alice: User, groups: list[Channel], announced: list[Entry], monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    keep = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def lose(self: BaseDatabaseWrapper) -> None:
        if arrived:
            keep(self)
        postgres.terminate_sessions(database_url(), only=backend())
        with self.wrap_database_errors:
            self.connection.execute("SELECT 1")

    with monkeypatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "_commit", lose)
        assert stored(commit(drafts(alice, groups))) == ["OperationalError"] * 3
    assert announced == []
    assert_whole(3 if arrived else 0)
    assert stored(commit(drafts(alice, groups))) == [not arrived] * 3
    assert_whole(3)


def test_a_connection_lost_while_waiting_for_a_lock_stores_nothing(
    alice: User, groups: list[Channel], announced: list[Entry]
) -> None:
    with OpenTransaction(lambda: lock(groups[1])) as other:
        sending = in_thread(lambda: commit(drafts(alice, groups)))
        wait_until_waiting()
        postgres.terminate_sessions(database_url(), only=waiting_backend())
        assert stored(sending.result(TIMEOUT_SECONDS)) == ["OperationalError"] * 3
        other.roll_back()
    assert_whole(0)
    assert announced == []


def test_connections_lost_while_idle_fail_no_commit(alice: User, groups: list[Channel]) -> None:
    """The committing thread takes one from the pool each time."""
    # Otherwise the connection of this thread would be broken for requests of later tests.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result(TIMEOUT_SECONDS)
    for number in range(1, 4):
        (outcome,) = in_thread(lambda: commit([draft(alice, groups[0])])).result(TIMEOUT_SECONDS)
        assert isinstance(outcome, StoredMessage) and outcome.seq == number
        postgres.terminate_sessions(database_url(), but=backend())


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_a_draft_for_a_locked_channel_fails_alone(
    alice: User, groups: list[Channel], announced: list[Entry], limit: str
) -> None:
    with OpenTransaction(lambda: lock(groups[0])):
        assert stored(commit_impatiently(drafts(alice, groups), limit=limit)) == ["OperationalError", True, True]
    assert_whole(2)
    assert len(announced) == 2


def test_a_locked_counter_fails_the_batch_and_nothing_is_stored(
    alice: User, groups: list[Channel], announced: list[Entry]
) -> None:
    with OpenTransaction(lambda: list(LogHead.objects.select_for_update())):
        assert stored(commit_impatiently(drafts(alice, groups))) == ["OperationalError"] * 3
    assert_whole(0)
    assert announced == []


def test_a_counter_locked_for_long_fails_the_batch_at_once_and_a_retry_succeeds(
    alice: User, groups: list[Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each of its messages would wait on its own, and the node's queue behind them."""
    monkeypatch.setattr(writer, "HALVING_TIMEOUT_SECONDS", 0.0)
    batch = [draft(alice, groups[number % 2], client_id=f"{number}") for number in range(20)]
    waits = LockTimeouts()
    with OpenTransaction(lambda: list(LogHead.objects.select_for_update())):
        assert stored(commit_impatiently(batch, waits)) == ["OperationalError"] * 20
    assert len(waits.timeouts) == 1
    assert_whole(0)
    assert stored(commit(batch)) == [True] * 20
    assert_whole(20)


def test_the_halves_of_a_timed_out_batch_wait_shorter(
    alice: User, groups: list[Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HALF_LOCK_TIMEOUT_SECONDS", 0.01)
    waits = LockTimeouts()
    with OpenTransaction(lambda: lock(groups[0])):
        assert stored(commit_impatiently(drafts(alice, groups), waits)) == ["OperationalError", True, True]
    assert waits.timeouts == ["50ms", "10ms", "10ms"]
    assert stored(in_thread(lambda: commit(drafts(alice, groups))).result(TIMEOUT_SECONDS)) == [True, False, False]


def test_the_halves_of_another_failed_batch_wait_as_long_as_the_whole(alice: User, groups: list[Channel]) -> None:
    faulty = draft(alice, groups[0], shown_as="x" * 100)
    waits = LockTimeouts()
    assert stored(commit_impatiently([*drafts(alice, groups), faulty], waits)) == [True, True, True, "DataError"]
    assert set(waits.timeouts) == {"50ms"} and len(waits.timeouts) > 1


def lock(channel: Channel) -> list[Channel]:
    return list(Channel.objects.select_for_update(no_key=True).filter(pk=channel.pk))


class LockTimeouts:
    """Records the lock timeout of each transaction that locks channels."""

    def __init__(self) -> None:
        self.timeouts: list[str] = []

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "FOR NO KEY UPDATE" in sql:
            execute("SHOW lock_timeout", None, False, context)
            self.timeouts.append(context["cursor"].fetchone()[0])
        return execute(sql, params, many, context)


def commit_impatiently(
    drafts: Sequence[Draft], waits: LockTimeouts | None = None, *, limit: str = "lock_timeout"
) -> list[Outcome]:
    """Commit with a short timeout of the session."""

    def work() -> list[Outcome]:
        with connection.cursor() as cursor:
            cursor.execute(f"SET {limit} = {50 if limit == 'lock_timeout' else 1000}")
        try:
            with connection.execute_wrapper(waits or LockTimeouts()):
                return commit(drafts)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"RESET {limit}")

    return in_thread(work).result(TIMEOUT_SECONDS)


def waiting_backend() -> int:
    """Return the session of this database that waits for a lock; other tests use other databases of the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
