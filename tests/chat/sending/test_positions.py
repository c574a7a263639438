"""Transactions that meet: positions and numbers stay gap-free, keys hold, nothing deadlocks. Each order is forced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection

from accounts.actions import app_update, user_deactivate
from accounts.models import App, User
from chat import errors
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.member import member_invite, member_join, member_leave, member_remove
from chat.actions.message import message_edit, read_mark
from chat.errors import ChatError
from chat.models import Channel, Membership, Message, MessageKey, ReadMark
from chat.sending import writer
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.writer import commit
from delivery import idempotency, log
from delivery.db.transactions import write
from delivery.log import Entry
from delivery.models import Event
from tests.support.eventually import PATIENCE
from tests.support.in_process import draft, people, room, say, store_unpublished
from tests.support.oracle import assert_gap_free
from tests.support.transactions import Held, in_thread, wait_until_waiting, waiting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def persons() -> tuple[User, User]:
    alice, bob = people("alice", "bob")
    return alice, bob


@pytest.fixture
def groups(persons: tuple[User, User]) -> tuple[Channel, Channel]:
    first, second = (channel_create_group(creator=persons[0], name=name, members=["bob"]) for name in ("one", "two"))
    return first, second


@pytest.fixture(autouse=True)
def gap_free() -> Iterator[None]:
    """Whatever happened: 1, 2, 3, … in the log, and in every channel."""
    yield
    assert_gap_free()


def stored_of(*drafts: Draft) -> Callable[[], list[Outcome]]:
    return lambda: store_unpublished(*drafts)


def one(outcomes: list[Outcome]) -> StoredMessage:
    (outcome,) = outcomes
    assert isinstance(outcome, StoredMessage), outcome
    return outcome


# -- two transactions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["committed", "rolled back"])
@pytest.mark.parametrize("same", [True, False], ids=["one channel", "two channels"])
def test_bob_s_send_waits_for_alice_s_open_one(
    persons: tuple[User, User], groups: tuple[Channel, Channel], end: str, same: bool
) -> None:
    alice, bob = persons
    first, second = groups[0], groups[0 if same else 1]
    before = log.head()
    with Held(stored_of(draft(alice, first))) as held:
        sending = in_thread(lambda: commit([draft(bob, second)]))
        wait_until_waiting()
        held.commit() if end == "committed" else held.roll_back()
        stored = one(sending.result(PATIENCE))
    taken = 1 if end == "committed" else 0
    assert stored.position == before + 1 + taken
    assert stored.seq == 1 + (taken if same else 0)


def test_a_channel_that_is_held_does_not_hold_another(
    persons: tuple[User, User], groups: tuple[Channel, Channel]
) -> None:
    """Until it takes the counter, a transaction stands in nobody's way but its own channels'."""
    alice, bob = persons
    with Held(lambda: list(Channel.objects.select_for_update(no_key=True).filter(pk=groups[0].pk))) as held:
        waiting = in_thread(lambda: commit([draft(alice, groups[0])]))
        wait_until_waiting()
        assert one(in_thread(lambda: commit([draft(bob, groups[1])])).result(PATIENCE)).seq == 1
        held.commit()
        assert one(waiting.result(PATIENCE)).seq == 1


def test_a_frozen_transaction_does_not_hold_the_counter_for_long(
    persons: tuple[User, User], groups: tuple[Channel, Channel]
) -> None:
    """A node that stops after taking the counter is ended by the server; nothing of it stays."""
    bob = persons[1]
    before = log.head()
    # As the site connects: with the time-outs of its settings.
    options = connection.get_connection_params()
    frozen = psycopg.connect(**{name: options[name] for name in ("dbname", "user", "host", "port", "options")})
    frozen.execute("UPDATE delivery_loghead SET position = position + 1")
    assert one(in_thread(lambda: commit([draft(bob, groups[0])])).result(PATIENCE)).position == before + 1
    frozen.close()


# -- crossed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["committed", "rolled back"])
def test_retries_of_the_same_keys_in_crossed_order(
    persons: tuple[User, User], groups: tuple[Channel, Channel], end: str
) -> None:
    alice, _ = persons
    one_way = [draft(alice, groups[0], client_id="k1"), draft(alice, groups[1], client_id="k2")]
    other_way = [draft(alice, groups[0], client_id="k2"), draft(alice, groups[1], client_id="k1")]
    with Held(stored_of(*one_way)) as held:
        retrying = in_thread(lambda: commit(other_way))
        wait_until_waiting()
        first = held.commit() if end == "committed" else held.roll_back()
        k2, k1 = retrying.result(PATIENCE)
    assert isinstance(k1, StoredMessage) and isinstance(k2, StoredMessage)
    assert MessageKey.objects.count() == 2
    assert k1.repeated is k2.repeated is (end == "committed")
    if end == "committed":
        assert [(s.id, s.channel) for s in first if isinstance(s, StoredMessage)] == [
            (k1.id, k1.channel),
            (k2.id, k2.channel),
        ]


def test_senders_and_channels_crossed_do_not_deadlock(
    persons: tuple[User, User], groups: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both transactions stand at the same held row and then go at once, in opposite orders; neither is tried twice."""
    alice, bob = persons
    tries: list[int] = []
    load = writer.load
    monkeypatch.setattr(writer, "load", lambda drafts: (tries.append(1), load(drafts))[1])
    for number in range(5):
        first, second = f"a{number}", f"b{number}"
        with Held(lambda: list(User.objects.select_for_update(no_key=True).filter(pk=alice.pk))) as held:
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
                assert all(isinstance(outcome, StoredMessage) for outcome in future.result(PATIENCE))
    assert len(tries) == 20 and MessageKey.objects.exclude(client_id=None).count() == 10


def test_crossed_keys_of_two_services_happen_once(
    persons: tuple[User, User], groups: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scoped keys are nobody's own, so only their order keeps two senders from waiting for each other.

    Somebody holds the middle one. In crossed order both would stop there, each with a key that the other wants next.
    """
    alice, bob = persons
    faults: list[Exception] = []
    judge = writer._may_be_caused_by_one_draft
    monkeypatch.setattr(writer, "_may_be_caused_by_one_draft", lambda error: (faults.append(error), judge(error))[1])
    keys = [("shop", "a"), ("shop", "m"), ("shop", "z")]
    with Held(lambda: idempotency.claim(keys[1:2])) as held:
        sending = [
            in_thread(
                lambda one=one, group=group, order=order: commit([draft(one, group, scoped_key=k) for k in order])
            )  # type: ignore[misc]
            for one, group, order in ((alice, groups[0], keys), (bob, groups[1], keys[::-1]))
        ]
        wait_until_waiting(2)
        held.roll_back()
        outcomes = [outcome for future in sending for outcome in future.result(PATIENCE)]
    assert (
        sorted(isinstance(outcome, StoredMessage) and outcome.repeated for outcome in outcomes)
        == [False] * 3 + [True] * 3
    )
    assert [type(fault) for fault in faults] == [IntegrityError] * len(faults)
    assert Message.objects.count() == 3


# -- rights under the lock --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["leaves", "is removed", "is deactivated", "finds it closed"])
def test_a_send_that_waited_for_a_change_is_judged_after_it(
    persons: tuple[User, User], groups: tuple[Channel, Channel], change: str
) -> None:
    alice, bob = persons
    group = groups[0]

    def act() -> None:
        if change == "leaves":
            member_leave(user=bob, channel_id=group.pk)
        elif change == "is removed":
            member_remove(user=alice, channel_id=group.pk, name="bob")
        elif change == "is deactivated":
            user_deactivate(user_id=bob.pk)
        else:
            Channel.objects.filter(pk=group.pk).update(closed=True)

    with Held(act) as held:
        sending = in_thread(lambda: commit([draft(bob, group)]))
        wait_until_waiting()
        held.commit()
        (outcome,) = sending.result(PATIENCE)
    assert isinstance(outcome, ChatError)
    assert Message.objects.count() == 0


def test_an_edit_that_waited_for_the_author_s_removal_is_refused(
    persons: tuple[User, User], groups: tuple[Channel, Channel]
) -> None:
    alice, bob = persons
    said = say(bob, groups[0])
    with Held(lambda: member_remove(user=alice, channel_id=groups[0].pk, name="bob")) as held:
        editing = in_thread(
            lambda: message_edit(user=bob, channel_id=groups[0].pk, message_id=said.id, text="x", app=101)
        )
        wait_until_waiting()
        held.commit()
        with pytest.raises(ChatError) as refusal:
            editing.result(PATIENCE)
    assert refusal.value.code is errors.NO_DATA


# -- members ----------------------------------------------------------------------------------------------------------


def test_two_joins_at_once_are_one(persons: tuple[User, User]) -> None:
    alice, bob = persons
    group = channel_create_group(creator=alice, name="Open", join="open")
    with Held(lambda: member_join(user=bob, channel_id=group.pk)) as held:
        again = in_thread(lambda: member_join(user=bob, channel_id=group.pk))
        invited = in_thread(lambda: member_invite(user=alice, channel_id=group.pk, names=["bob"]))
        wait_until_waiting(2)
        held.commit()
        again.result(PATIENCE)
        assert invited.result(PATIENCE) == []
    assert Membership.objects.filter(channel=group, user=bob).count() == 1


def test_two_members_leaving_last_leave_an_empty_group(
    persons: tuple[User, User], groups: tuple[Channel, Channel]
) -> None:
    alice, bob = persons
    with Held(lambda: member_leave(user=alice, channel_id=groups[0].pk)) as held:
        last = in_thread(lambda: member_leave(user=bob, channel_id=groups[0].pk))
        wait_until_waiting()
        held.commit()
        last.result(PATIENCE)
    assert not Membership.objects.filter(channel=groups[0], until_position=None).exists()


def test_the_private_channel_of_two_people_exists_once(persons: tuple[User, User]) -> None:
    alice, bob = persons
    with Held(lambda: channel_create_private(creator=alice, other=bob)) as held:
        crossing = in_thread(lambda: channel_create_private(creator=bob, other=alice))
        wait_until_waiting()
        made, _ = held.commit()
        assert crossing.result(PATIENCE) == (made, False)


def test_of_two_first_read_marks_the_greater_one_stays(persons: tuple[User, User]) -> None:
    alice, bob = persons
    here = room()
    for _ in range(9):
        say(alice, here)
    with Held(lambda: read_mark(user=bob, channel_id=here.pk, seq=5, app=101)) as held:
        greater = in_thread(lambda: read_mark(user=bob, channel_id=here.pk, seq=9, app=101))
        wait_until_waiting()
        held.commit()
        assert greater.result(PATIENCE) == 9
    assert ReadMark.objects.get(user=bob).seq == 9


# -- the counter ------------------------------------------------------------------------------------------------------


def test_the_first_two_events_of_an_empty_log_at_once() -> None:
    def append() -> int:
        with write():
            return log.append([Entry(kind="x", channel=1)])[0].position

    with Held(append) as held:
        other = in_thread(append)
        wait_until_waiting()
        held.roll_back()
        assert other.result(PATIENCE) == 1


def test_nothing_is_said_in_an_app_s_room_after_the_event_that_switches_it_off(persons: tuple[User, User]) -> None:
    """Switched off between a commit's look at the rights and its taking of positions: it waits for the commit."""
    lobby = room(102)
    ending: list[Future[App]] = []

    def end_app(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "INSERT" in sql and not ending:
            ending.append(in_thread(lambda: app_update(number=102, name="Over", guests_allowed=True, enabled=False)))
            while not ending[0].done() and not in_thread(waiting).result(PATIENCE):
                time.sleep(0.005)
        return execute(sql, *rest)

    with connection.execute_wrapper(end_app):
        (said,) = commit([draft(persons[0], lobby)])
    assert isinstance(said, StoredMessage)
    ending[0].result(PATIENCE)
    assert list(Event.objects.order_by("-position").values_list("kind", flat=True)[:2]) == ["revocation", "msg"]
    (refused,) = commit([draft(persons[0], lobby)])
    assert isinstance(refused, ChatError)
