"""What the writer promises of a batch: each draft stored once, or refused alone, and announced after the commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from accounts.actions import app_update, user_deactivate
from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_group, channel_create_private, channel_set_closed
from chat.actions.member import member_join, member_leave
from chat.errors import ChatError, Code
from chat.models import Channel, Message, MessageKey
from chat.selectors import global_channels
from chat.sending import writer
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.writer import commit
from delivery import idempotency, log, publish
from delivery.log import Entry
from delivery.models import Event
from tests.support.in_process import draft, guest, people, room, say
from tests.support.transactions import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def private(alice: User, bob: User) -> Channel:
    return channel_create_private(creator=alice, other=bob)[0]


def seqs(channel: Channel) -> list[int]:
    return list(Message.objects.filter(channel=channel).order_by("seq").values_list("seq", flat=True))


def results(outcomes: Sequence[Outcome]) -> list[int | Code | type]:
    """The number of what was stored, the code of what was refused, the type of a fault."""
    return [
        outcome.seq
        if isinstance(outcome, StoredMessage)
        else outcome.code
        if isinstance(outcome, ChatError)
        else type(outcome)
        for outcome in outcomes
    ]


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


def test_the_event_the_message_and_the_answer_agree(alice: User, group: Channel) -> None:
    stored = say(alice, group, "hi", origin="c.1")
    message = Message.objects.get(pk=stored.id)
    (event,) = log.read(stored.position - 1, 9)
    assert (message.seq, message.position, message.time) == (stored.seq, stored.position, stored.time)
    assert (event.ref, event.channel, event.time, event.origin) == (stored.id, group.pk, stored.time, "c.1")
    assert (event.body["id"], event.body["seq"], event.body["msg"]) == (str(stored.id), 1, "hi")


# -- once -------------------------------------------------------------------------------------------------------------


def test_the_same_key_again_gives_the_first_result(alice: User, group: Channel) -> None:
    first = say(alice, group, "one", client_id="k")
    again = say(alice, group, "one, retried", client_id="k")
    assert again.repeated and (again.id, again.seq, again.position) == (first.id, first.seq, first.position)
    assert seqs(group) == [1] and log.head() == first.position


def test_the_same_key_twice_in_a_batch_is_stored_once(alice: User, group: Channel) -> None:
    outcomes = commit([draft(alice, group, client_id="k"), draft(alice, group), draft(alice, group, client_id="k")])
    assert results(outcomes) == [1, 2, 1]
    assert isinstance(outcomes[2], StoredMessage) and outcomes[2].repeated
    assert seqs(group) == [1, 2]


def test_a_key_holds_across_channels(alice: User, group: Channel, private: Channel) -> None:
    first = say(alice, group, client_id="k")
    again = say(alice, private, client_id="k")
    assert (again.channel, again.id) == (group.pk, first.id) and seqs(private) == []


def test_keys_are_each_sender_s_own(alice: User, bob: User, group: Channel) -> None:
    assert results(commit([draft(alice, group, client_id="k"), draft(bob, group, client_id="k")])) == [1, 2]


def test_the_key_of_a_refused_draft_is_free(alice: User, group: Channel) -> None:
    refused = draft(alice, group, client_id="k", reply_to=10**9)
    assert results(commit([refused, draft(alice, group, client_id="k")])) == [errors.NO_DATA, 1]


def test_a_claimed_call_happens_once(alice: User, bob: User, group: Channel) -> None:
    key = ("shop", "1")
    outcomes = commit([draft(alice, group, scoped_key=key), draft(alice, group, scoped_key=key), draft(alice, group)])
    assert results(outcomes) == [1, 0, 2]
    assert results(commit([draft(bob, group, scoped_key=key)])) == [0]
    assert seqs(group) == [1, 2]


def test_the_claim_of_a_refused_call_is_free(alice: User, group: Channel) -> None:
    key = ("shop", "1")
    outcomes = commit([draft(alice, 10**9, scoped_key=key), draft(alice, group, scoped_key=key)])
    assert results(outcomes) == [errors.NO_DATA, 1]
    assert idempotency.find_claimed([key]) == {key}


# -- rights -----------------------------------------------------------------------------------------------------------

Refusal = Callable[[User, Channel], Draft]


def of_a_stranger(alice: User, group: Channel) -> Draft:
    return draft(people("carol")[0], group)


def of_one_who_left(alice: User, group: Channel) -> Draft:
    member_leave(user=alice, channel_id=group.pk)
    return draft(alice, group)


def of_the_deactivated(alice: User, group: Channel) -> Draft:
    user_deactivate(user_id=alice.pk)
    return draft(alice, group)


def of_a_guest(alice: User, group: Channel) -> Draft:
    return draft(guest("夏圭？"), group, app=101)


def to_a_closed_channel(alice: User, group: Channel) -> Draft:
    other = channel_create_group(creator=alice, name="Closed")
    channel_set_closed(operator=alice, channel_id=other.pk, closed=True)
    return draft(alice, other)


def to_nowhere(alice: User, group: Channel) -> Draft:
    return draft(alice, 10**9)


def to_another_app_s_room(alice: User, group: Channel) -> Draft:
    return draft(alice, room(102), app=101)


def to_a_disabled_app_s_room(alice: User, group: Channel) -> Draft:
    here = room(102)
    app_update(number=102, name="Old", guests_allowed=True, enabled=False)
    return draft(alice, here, app=102)


def of_nobody(alice: User, group: Channel) -> Draft:
    return Draft(sender=10**9, channel=group.pk, text="boo")


def in_reply_to_another_channel(alice: User, group: Channel) -> Draft:
    other = channel_create_group(creator=alice, name="Other")
    return draft(alice, group, reply_to=say(alice, other).id)


def in_reply_to_what_was_said_before_joining(alice: User, group: Channel) -> Draft:
    closed = channel_create_group(creator=alice, name="Closed", join="open")
    (carol,) = people("carol")
    said = say(alice, closed)
    member_join(user=carol, channel_id=closed.pk)
    Channel.objects.filter(pk=closed.pk).update(join="closed")
    return draft(carol, closed, reply_to=said.id)


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (of_a_stranger, errors.NO_DATA),
        (of_one_who_left, errors.NO_DATA),
        (of_the_deactivated, errors.NOT_AUTHORISED),
        (of_a_guest, errors.NO_DATA),
        (to_a_closed_channel, errors.OPERATION_FAILED),
        (to_nowhere, errors.NO_DATA),
        (to_another_app_s_room, errors.NO_DATA),
        (to_a_disabled_app_s_room, errors.NO_DATA),
        (of_nobody, errors.NOT_AUTHORISED),
        (in_reply_to_another_channel, errors.NO_DATA),
        (in_reply_to_what_was_said_before_joining, errors.NO_DATA),
    ],
)
def test_a_refused_draft_harms_no_other(alice: User, bob: User, group: Channel, refused: Refusal, code: Code) -> None:
    bad = refused(alice, group)
    before = log.head()
    assert results(commit([draft(bob, group, "before"), bad, draft(bob, group, "after")])) == [1, code, 2]
    assert log.head() == before + 2 and seqs(group) == [1, 2]


def test_a_guest_and_an_account_write_in_their_app_s_room(alice: User) -> None:
    here = room(101)
    assert results(commit([draft(alice, here, app=101), draft(guest("夏圭？"), here, app=101)])) == [1, 2]
    assert [channel.pk for channel in global_channels()] == [here.pk]


def test_a_reply_carries_the_number_it_replies_to(alice: User, bob: User, group: Channel) -> None:
    said = say(alice, group)
    reply = say(bob, group, reply_to=said.id)
    row = Message.objects.get(pk=reply.id)
    assert (row.reply_to, row.reply_seq) == (said.id, 1)


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


@pytest.mark.parametrize("place", ["the first commit", "the log"])
def test_a_database_that_is_away_fails_the_batch_and_nothing_is_half_stored(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    from django.db import OperationalError

    def away(*args: object) -> None:
        raise OperationalError("the server closed the connection")

    before = log.head()
    with monkeypatch.context() as patch:
        patch.setattr(*((writer, "store") if place == "the first commit" else (log, "insert_entries")), away)
        assert results(commit([draft(alice, group, client_id="k"), draft(alice, group)])) == [OperationalError] * 2
    assert log.head() == before and not MessageKey.objects.exists()
    assert results(commit([draft(alice, group, client_id="k")])) == [1]


# -- announcing -------------------------------------------------------------------------------------------------------


def test_nothing_is_announced_before_others_can_read_it(
    alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked over a connection of its own at the very moment of the announcement."""
    announced: list[tuple[list[int], list[int]]] = []

    def committed(entries: Sequence[Entry]) -> None:
        positions = [entry.position for entry in entries]
        readable = Event.objects.filter(position__in=positions).values_list("position", flat=True)
        stored = Message.objects.filter(position__in=positions)
        seen = in_thread(lambda: sorted(readable) if stored.count() == len(positions) else []).result(10)
        announced.append((positions, seen))

    monkeypatch.setattr(publish, "committed", committed)
    commit([draft(alice, group), draft(alice, 10**9), draft(alice, group)])
    assert len(announced) == 1 and announced[0][0] == announced[0][1] and len(announced[0][0]) == 2


def test_what_was_not_stored_is_not_announced(alice: User, group: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[Entry] = []
    monkeypatch.setattr(publish, "committed", announced.extend)
    say(alice, group, client_id="k")
    announced.clear()
    broken: Any = None
    commit([draft(alice, 10**9), draft(alice, group, client_id="k"), draft(alice, group, broken)])
    assert announced == []


def test_one_sender_in_many_threads_is_numbered_without_a_gap(alice: User, group: Channel) -> None:
    begin = threading.Barrier(4)

    def send(thread: int) -> None:
        begin.wait(10)
        for number in range(5):
            say(alice, group, client_id=f"{(thread + number) % 4}-{number}")

    for future in [in_thread(lambda thread=thread: send(thread)) for thread in range(4)]:  # type: ignore[misc]
        future.result(30)
    assert seqs(group) == list(range(1, 21))
    positions = list(Event.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, log.head() + 1))
