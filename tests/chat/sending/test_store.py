"""Concurrent stores on PostgreSQL leave no gap in positions and numbers, no key stored twice, and no deadlock.

Each order is forced.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.db import IntegrityError, connection

from accounts.models import User
from chat.models import Channel, Message, MessageKey
from chat.sending import writer
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.writer import commit
from delivery import idempotency, log
from delivery.db.transactions import write
from delivery.log import Entry
from imsite.database import SERVER_TIMEOUTS
from tests.support.in_process import draft, store_unpublished
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.usefixtures("gap_free")]


def stored_of(*drafts: Draft) -> Callable[[], list[Outcome]]:
    return lambda: store_unpublished(*drafts)


def one(outcomes: list[Outcome]) -> StoredMessage:
    (outcome,) = outcomes
    assert isinstance(outcome, StoredMessage), outcome
    return outcome


# -- two transactions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["committed", "rolled back"])
@pytest.mark.parametrize("same", [True, False], ids=["one channel", "two channels"])
def test_bob_s_send_waits_for_alice_s_open_transaction(
    alice: User, bob: User, groups: tuple[Channel, Channel], end: str, same: bool
) -> None:
    first, second = groups[0], groups[0 if same else 1]
    before = log.head()
    with OpenTransaction(stored_of(draft(alice, first))) as held:
        sending = in_thread(lambda: commit([draft(bob, second)]))
        wait_until_waiting()
        held.commit() if end == "committed" else held.roll_back()
        stored = one(sending.result(TIMEOUT_SECONDS))
    taken = 1 if end == "committed" else 0
    assert stored.position == before + 1 + taken
    assert stored.seq == 1 + (taken if same else 0)


def test_a_locked_channel_does_not_delay_another(alice: User, bob: User, groups: tuple[Channel, Channel]) -> None:
    """Before it locks the counter, a transaction delays only those that send to its channels."""
    with OpenTransaction(lambda: list(Channel.objects.select_for_update(no_key=True).filter(pk=groups[0].pk))) as held:
        waiting = in_thread(lambda: commit([draft(alice, groups[0])]))
        wait_until_waiting()
        assert one(in_thread(lambda: commit([draft(bob, groups[1])])).result(TIMEOUT_SECONDS)).seq == 1
        held.commit()
        assert one(waiting.result(TIMEOUT_SECONDS)).seq == 1


def test_a_frozen_node_s_transaction_is_ended_and_releases_the_counter(
    alice: User, bob: User, groups: tuple[Channel, Channel]
) -> None:
    """PostgreSQL ends the transaction of a node that stops after locking the counter, and rolls it back."""
    before = log.head()
    # Those of the tests are longer than the site's.
    options = connection.get_connection_params() | {"options": SERVER_TIMEOUTS}
    frozen = psycopg.connect(**{name: options[name] for name in ("dbname", "user", "host", "port", "options")})
    frozen.execute("UPDATE delivery_loghead SET position = position + 1")
    assert one(in_thread(lambda: commit([draft(bob, groups[0])])).result(TIMEOUT_SECONDS)).position == before + 1
    frozen.close()


# -- crossed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["committed", "rolled back"])
def test_alice_retries_two_keys_in_crossed_order(
    alice: User, bob: User, groups: tuple[Channel, Channel], end: str
) -> None:
    one_way = [draft(alice, groups[0], client_id="k1"), draft(alice, groups[1], client_id="k2")]
    other_way = [draft(alice, groups[0], client_id="k2"), draft(alice, groups[1], client_id="k1")]
    with OpenTransaction(stored_of(*one_way)) as held:
        retrying = in_thread(lambda: commit(other_way))
        wait_until_waiting()
        first = held.commit() if end == "committed" else held.roll_back()
        k2, k1 = retrying.result(TIMEOUT_SECONDS)
    assert isinstance(k1, StoredMessage) and isinstance(k2, StoredMessage)
    assert MessageKey.objects.count() == 2
    assert k1.repeated is k2.repeated is (end == "committed")
    if end == "committed":
        stored = [(message.id, message.channel) for message in first if isinstance(message, StoredMessage)]
        assert stored == [(k1.id, k1.channel), (k2.id, k2.channel)]


def test_crossed_senders_and_channels_do_not_deadlock(
    alice: User, bob: User, groups: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All transactions wait for one row and then run at once, in opposite orders; none is retried."""
    tries: list[int] = []
    load = writer.load
    monkeypatch.setattr(writer, "load", lambda drafts: (tries.append(1), load(drafts))[1])
    for number in range(5):
        first, second = f"a{number}", f"b{number}"
        with OpenTransaction(lambda: list(User.objects.select_for_update(no_key=True).filter(pk=alice.pk))) as held:
            futures = [
                in_thread(lambda drafts=drafts: commit(drafts))  # type: ignore[misc]
                for drafts in (
                    [draft(alice, groups[0], client_id=first), draft(bob, groups[1], client_id=second)],
                    [draft(bob, groups[1], client_id=second), draft(alice, groups[0], client_id=first)],
                    [draft(bob, groups[0]), draft(alice, groups[1])],
                    [draft(alice, groups[1]), draft(bob, groups[0])],
                )
            ]
            wait_until_waiting(4)
            held.roll_back()
            for future in futures:
                assert all(isinstance(outcome, StoredMessage) for outcome in future.result(TIMEOUT_SECONDS))
    assert len(tries) == 20 and MessageKey.objects.exclude(client_id=None).count() == 10


def test_crossed_plain_keys_of_two_senders_are_stored_once(
    alice: User, bob: User, groups: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other lock keeps two senders with the same keys apart, so only the order of the keys prevents a deadlock.

    A third transaction locks the middle one. In crossed order both would stop there, each with a key that the other
    needs next.
    """
    faults: list[Exception] = []
    check = writer._may_be_caused_by_one_draft
    monkeypatch.setattr(writer, "_may_be_caused_by_one_draft", lambda error: (faults.append(error), check(error))[1])
    keys = [("shop", "a"), ("shop", "m"), ("shop", "z")]
    with OpenTransaction(lambda: idempotency.claim(keys[1:2])) as held:
        sending = [
            in_thread(lambda drafts=drafts: commit(drafts))  # type: ignore[misc]
            for drafts in (
                [draft(alice, groups[0], scoped_key=key) for key in keys],
                [draft(bob, groups[1], scoped_key=key) for key in reversed(keys)],
            )
        ]
        wait_until_waiting(2)
        held.roll_back()
        outcomes = [outcome for future in sending for outcome in future.result(TIMEOUT_SECONDS)]
    repeated = sorted(isinstance(outcome, StoredMessage) and outcome.repeated for outcome in outcomes)
    assert repeated == [False] * 3 + [True] * 3
    assert [type(fault) for fault in faults] == [IntegrityError] * len(faults)
    assert Message.objects.count() == 3


# -- the counter ------------------------------------------------------------------------------------------------------


def test_the_first_two_events_of_an_empty_log_meet() -> None:
    def append() -> int:
        with write():
            return log.append([Entry(kind="x", channel=1)])[0].position

    with OpenTransaction(append) as held:
        other = in_thread(append)
        wait_until_waiting()
        held.roll_back()
        assert other.result(TIMEOUT_SECONDS) == 1
