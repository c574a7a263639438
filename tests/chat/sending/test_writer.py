"""A batch of drafts: each is stored once, or refused alone, and announced after the commit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import errors
from chat.errors import ChatError
from chat.models import Channel, Message, MessageKey
from chat.sending import writer
from chat.sending.decide import NewMessage
from chat.sending.drafts import StoredMessage
from chat.sending.writer import commit
from delivery import idempotency, log, metrics, publish
from delivery.log import Entry
from delivery.models import Event
from delivery.rate_limits.declared import reset_limits
from tests.support.in_process import draft, say
from tests.support.outcomes import results, seqs
from tests.support.transactions import in_thread
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


# -- storing ----------------------------------------------------------------------------------------------------------


def test_a_batch_numbers_each_channel_in_the_order_of_the_drafts(
    alice: User, bob: User, group: Channel, private: Channel
) -> None:
    before = log.head()
    outcomes = commit([draft(alice, group), draft(bob, private), draft(bob, group), draft(alice, private)])
    assert results(outcomes) == [1, 1, 2, 2]
    assert [outcome.position - before for outcome in outcomes if isinstance(outcome, StoredMessage)] == [1, 2, 3, 4]
    group.refresh_from_db()
    assert group.last_seq == 2 and seqs(group) == [1, 2]


def test_message_event_and_acknowledgement_agree(alice: User, group: Channel) -> None:
    stored = say(alice, group, "hi", origin="c.1")
    message = Message.objects.get(pk=stored.id)
    (event,) = log.read(stored.position - 1, 9)
    assert (message.seq, message.position, message.time) == (stored.seq, stored.position, stored.time)
    assert (event.ref, event.channel, event.time, event.origin) == (stored.id, group.pk, stored.time, "c.1")
    assert (event.body["id"], event.body["seq"], event.body["msg"]) == (str(stored.id), 1, "hi")


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_retry_with_the_same_client_id_gets_the_first_result(alice: User, group: Channel) -> None:
    first = say(alice, group, "one", client_id="k")
    again = say(alice, group, "one, retried", client_id="k")
    assert again.repeated and (again.id, again.seq, again.position) == (first.id, first.seq, first.position)
    assert seqs(group) == [1] and log.head() == first.position


def test_the_same_client_id_twice_in_a_batch_is_stored_once(alice: User, group: Channel) -> None:
    outcomes = commit([draft(alice, group, client_id="k"), draft(alice, group), draft(alice, group, client_id="k")])
    assert results(outcomes) == [1, 2, 1]
    assert isinstance(outcomes[2], StoredMessage) and outcomes[2].repeated
    assert seqs(group) == [1, 2]


def test_a_client_id_holds_across_channels(alice: User, group: Channel, private: Channel) -> None:
    first = say(alice, group, client_id="k")
    again = say(alice, private, client_id="k")
    assert (again.channel, again.id) == (group.pk, first.id) and seqs(private) == []


def test_alice_and_bob_use_the_same_client_id(alice: User, bob: User, group: Channel) -> None:
    assert results(commit([draft(alice, group, client_id="k"), draft(bob, group, client_id="k")])) == [1, 2]


def test_a_refused_draft_does_not_use_up_its_client_id(alice: User, group: Channel) -> None:
    refused = draft(alice, group, client_id="k", reply_to=10**9)
    assert results(commit([refused, draft(alice, group, client_id="k")])) == [errors.NO_DATA, 1]


def test_a_plain_key_is_stored_once(alice: User, bob: User, group: Channel) -> None:
    key = ("shop", "1")
    outcomes = commit([draft(alice, group, scoped_key=key), draft(alice, group, scoped_key=key), draft(alice, group)])
    assert results(outcomes) == [1, 0, 2]
    assert results(commit([draft(bob, group, scoped_key=key)])) == [0]
    assert seqs(group) == [1, 2]


def test_a_refused_draft_does_not_use_up_its_plain_key(alice: User, group: Channel) -> None:
    key = ("shop", "1")
    outcomes = commit([draft(alice, 10**9, scoped_key=key), draft(alice, group, scoped_key=key)])
    assert results(outcomes) == [errors.NO_DATA, 1]
    assert idempotency.find_claimed([key]) == {key}


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_draft_that_the_database_rejects_fails_alone(alice: User, bob: User, group: Channel, place: int) -> None:
    drafts = [draft(bob, group, f"{number}", client_id=f"k{number}") for number in range(6)]
    broken: Any = None
    drafts.insert(place, draft(alice, group, broken))
    outcomes = commit(drafts)
    faulty = outcomes.pop(place)
    assert isinstance(faulty, Exception) and not isinstance(faulty, ChatError)
    assert results(outcomes) == [1, 2, 3, 4, 5, 6]
    assert seqs(group) == [1, 2, 3, 4, 5, 6]


@pytest.mark.postgres
def test_a_name_too_long_for_its_column_fails_alone(alice: User, bob: User, group: Channel) -> None:
    outcomes = commit([draft(bob, group), draft(alice, group, shown_as="x" * 65), draft(bob, group)])
    assert [type(outcome).__name__ for outcome in outcomes] == ["StoredMessage", "DataError", "StoredMessage"]


@pytest.mark.parametrize("step", ["store", "log"])
def test_an_unreachable_database_fails_the_batch_and_nothing_is_stored(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from django.db import OperationalError

    def disconnect(*args: object) -> None:
        raise OperationalError("the server closed the connection")

    def failures() -> float:
        return metrics.COMMIT_FAILURES.collect()[0].samples[0].value

    before, failed = log.head(), failures()
    with monkeypatch.context() as patch:
        patch.setattr(*((writer, "store") if step == "store" else (log, "insert_entries")), disconnect)
        assert results(commit([draft(alice, group, client_id="k"), draft(alice, group)])) == [OperationalError] * 2
    assert log.head() == before and not MessageKey.objects.exists() and failures() == failed + 1
    assert results(commit([draft(alice, group, client_id="k")])) == [1]


def test_a_batch_that_is_tried_in_halves_counts_once_against_the_rate_of_its_channel(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.IM_CHANNEL_SEND_RATE, settings.IM_CHANNEL_SEND_BURST = 0.001, 4
    reset_limits()
    keep = writer.store

    def store_one(new: Sequence[NewMessage]) -> None:
        if len(new) > 1:
            raise ValueError("too many")
        keep(new)

    monkeypatch.setattr(writer, "store", store_one)
    try:
        assert results(commit([draft(alice, group, origin="c.1") for _ in range(4)])) == [1, 2, 3, 4]
        (refused,) = commit([draft(alice, group, origin="c.1")])
        assert isinstance(refused, ChatError) and refused.data["scope"] == "channel"
    finally:
        reset_limits()


# -- publishing -----------------------------------------------------------------------------------------------------


def test_a_message_is_announced_only_when_others_can_read_it(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another database connection reads it at the moment of the announcement."""
    announced: list[tuple[list[int], list[int]]] = []

    def committed(entries: Sequence[Entry]) -> None:
        positions = [entry.position for entry in entries]
        readable = Event.objects.filter(position__in=positions).values_list("position", flat=True)
        stored = Message.objects.filter(position__in=positions)
        seen = in_thread(lambda: sorted(readable) if stored.count() == len(positions) else []).result(TIMEOUT_SECONDS)
        announced.append((positions, seen))

    monkeypatch.setattr(publish, "publish_committed", committed)
    commit([draft(alice, group), draft(alice, 10**9), draft(alice, group)])
    assert len(announced) == 1 and announced[0][0] == announced[0][1] and len(announced[0][0]) == 2


def test_refused_repeated_and_failed_drafts_are_not_announced(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[Entry] = []
    monkeypatch.setattr(publish, "publish_committed", announced.extend)
    say(alice, group, client_id="k")
    announced.clear()
    broken: Any = None
    commit([draft(alice, 10**9), draft(alice, group, client_id="k"), draft(alice, group, broken)])
    assert announced == []


def test_alice_sends_from_many_threads_without_a_gap_in_the_numbers(alice: User, group: Channel) -> None:
    begin = threading.Barrier(4)

    def send(thread: int) -> None:
        begin.wait(TIMEOUT_SECONDS)
        for number in range(5):
            say(alice, group, client_id=f"{(thread + number) % 4}-{number}")

    for future in [in_thread(lambda thread=thread: send(thread)) for thread in range(4)]:  # type: ignore[misc]
        future.result(TIMEOUT_SECONDS)
    assert seqs(group) == list(range(1, 21))
    positions = list(Event.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, log.head() + 1))
