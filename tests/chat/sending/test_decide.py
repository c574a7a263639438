"""The outcome of each draft in a batch is decided without a database."""

from __future__ import annotations

from typing import Any

from chat import errors
from chat.errors import ChatError
from chat.sending.decide import Decision, NewMessage, Repeat, decide
from chat.sending.drafts import Draft, StoredMessage
from tests.support.loaded import app_channel, group, loaded, mute, private, user

NOW = 1_700_000_000_000

ALICE, BOB = user(1, "alice"), user(2, "bob")
PAINTERS, POETS = group(10, last_seq=4), group(11, last_seq=0)
PRIVATE = private(12, ALICE, BOB, last_seq=7)


def draft(sender: int = 1, channel: int = 10, text: str = "hello", **fields: Any) -> Draft:
    return Draft(sender, channel, text, **fields)


def store(decision: Decision) -> None:
    """Fill in the ids and positions that the database assigns."""
    for number, new in enumerate(decision.new, start=1):
        new.pk, new.entry.position = 100 + number, 1000 + number


# -- numbers and outcomes ---------------------------------------------------------------------------------------------


def test_each_channel_is_numbered_on_from_its_last_message() -> None:
    batch = [draft(channel=10), draft(channel=11), draft(2, channel=10), draft(2, channel=11)]
    decision = decide(batch, loaded([ALICE, BOB], [PAINTERS, POETS]), NOW)
    assert [(new.channel_id, new.seq, new.time) for new in decision.new] == [
        (10, 5, NOW),
        (11, 1, NOW),
        (10, 6, NOW),
        (11, 2, NOW),
    ]


def test_the_outcomes_are_in_the_order_of_the_drafts() -> None:
    decision = decide(
        [draft(client_id="k"), draft(channel=99), draft(client_id="k"), draft()], loaded([ALICE], [PAINTERS]), NOW
    )
    store(decision)
    first, refused, repeat, last = decision.outcomes()
    assert first == StoredMessage(10, 101, 5, NOW, 1001)
    assert isinstance(refused, ChatError) and refused.code is errors.NO_DATA
    assert repeat == StoredMessage(10, 101, 5, NOW, 1001, repeated=True)
    assert last == StoredMessage(10, 102, 6, NOW, 1002)


def test_a_refused_draft_takes_no_number_and_no_key() -> None:
    decision = decide([draft(reply_to=5, client_id="k"), draft(client_id="k")], loaded([ALICE], [PAINTERS]), NOW)
    refused, new = decision.verdicts
    assert isinstance(refused, ChatError) and isinstance(new, NewMessage) and new.seq == 5


def test_the_loaded_rows_are_not_changed() -> None:
    rows = loaded([ALICE], [group(10, last_seq=4, slow_mode=30)])
    first, second = decide([draft()], rows, NOW), decide([draft()], rows, NOW)
    assert [new.seq for new in (*first.new, *second.new)] == [5, 5]


# -- events -----------------------------------------------------------------------------------------------------------


def test_the_event_has_the_payload_of_the_message_without_its_position() -> None:
    (new,) = decide([draft(text="hi", origin="c.1")], loaded([ALICE], [PAINTERS]), NOW).new
    entry = new.entry
    assert (entry.kind, entry.channel, entry.app, entry.origin, entry.time) == ("msg", 10, None, "c.1", NOW)
    assert entry.header == {}
    assert entry.body | {"id": ""} == {
        "target": "10",
        "type": "text",
        "msg": "hi",
        "from": "alice",
        "fromId": "1",
        "name": "Alice",
        "avatar": "",
        "id": "",
        "seq": 5,
        "time": NOW,
    }


def test_a_reply_names_the_message_and_its_number() -> None:
    (new,) = decide([draft(reply_to=55)], loaded([ALICE], [PAINTERS], replied={55: (10, 3)}), NOW).new
    assert (new.reply_to, new.reply_seq) == (55, 3)
    assert (new.entry.body["replyTo"], new.entry.body["replySeq"]) == ("55", 3)


def test_a_private_message_is_routed_to_both_users() -> None:
    (new,) = decide([draft(channel=12)], loaded([ALICE], [PRIVATE]), NOW).new
    assert new.entry.header == {"route": [1, 2]}


def test_a_message_of_another_system_has_its_own_name_number_and_audience() -> None:
    call = draft(live_app=101, push_seq="build-812", shown_as="Shop", skip_live=2, receipt_for=(1, 2))
    (new,) = decide([call], loaded([ALICE], [PAINTERS]), NOW).new
    assert new.entry.app == 101
    assert new.entry.header == {"skip": [2], "receipt": [1, 2]}
    assert (new.entry.body["from"], new.entry.body["name"], new.entry.body["pushSeq"]) == ("Shop", "Shop", "build-812")


# -- permissions ------------------------------------------------------------------------------------------------------


def refusals(decision: Decision) -> list[object]:
    """Return the code of each refused draft, and None for the others."""
    return [verdict.code if isinstance(verdict, ChatError) else None for verdict in decision.verdicts]


def test_bob_muted_in_one_group_sends_in_another() -> None:
    muted = user(2, "bob", is_restricted=True)
    rows = loaded([muted], [PAINTERS, POETS], restrictions=[mute(muted, PAINTERS)])
    assert refusals(decide([draft(2), draft(2, 11)], rows, NOW)) == [errors.NOT_AUTHORISED, None]


def test_bob_blocked_by_alice_does_not_write_to_her() -> None:
    blocked = user(2, "bob", is_restricted=True)
    rows = loaded([ALICE, blocked], [PRIVATE, PAINTERS], blocks={(1, 2)})
    batch = [draft(2, 12), draft(1, 12), draft(2, 10)]
    assert refusals(decide(batch, rows, NOW)) == [errors.NOT_AUTHORISED, None, None]


def test_slow_mode_counts_the_drafts_of_the_batch() -> None:
    rows = loaded([ALICE, BOB], [group(10, slow_mode=30)], last_sent={(10, 2): NOW - 29_000})
    decision = decide([draft(1), draft(1), draft(2)], rows, NOW)
    assert refusals(decision) == [None, errors.TOO_MUCH, errors.TOO_MUCH]
    waits = [
        verdict.data["retryAfter"] for verdict in decision.verdicts if isinstance(verdict, ChatError) and verdict.data
    ]
    assert waits == [30.0, 1.0]


def test_the_owner_does_not_wait_in_slow_mode() -> None:
    rows = loaded([ALICE], [group(10, slow_mode=30)], role="owner")
    assert refusals(decide([draft(), draft()], rows, NOW)) == [None, None]


def test_a_message_for_an_app_s_channel_comes_from_that_app_or_a_service() -> None:
    rows = loaded([ALICE], [app_channel(20), app_channel(21, number=102, enabled=False)])
    batch = [draft(channel=20, app=101), draft(channel=20, app=102), draft(channel=20), draft(channel=21, app=102)]
    assert refusals(decide(batch, rows, NOW)) == [None, errors.NO_DATA, None, errors.NO_DATA]


def test_a_repeat_is_not_authorized_again() -> None:
    rows = loaded([ALICE], [group(10, slow_mode=30)])
    new, repeat = decide([draft(client_id="k"), draft(client_id="k")], rows, NOW).verdicts
    assert isinstance(new, NewMessage) and repeat == Repeat(new)


def test_a_channel_that_gets_too_many_messages_refuses_those_of_connections() -> None:
    counted: list[int] = []

    def take(draft: Draft) -> float:
        counted.append(draft.channel)
        return 0.0 if len(counted) == 1 else 2.5

    batch = [draft(origin="c.1"), draft(2, origin="d.1"), draft(2), draft(3, origin="e.1")]
    decision = decide(batch, loaded([ALICE, BOB], [PAINTERS]), NOW, take)

    assert refusals(decision) == [None, errors.TOO_MUCH, None, errors.NOT_AUTHORISED]
    refused = decision.verdicts[1]
    assert isinstance(refused, ChatError) and refused.data["retryAfter"] == 2.5 and refused.data["scope"] == "channel"
    assert counted == [10, 10], "a draft that is refused anyway costs the channel nothing"
