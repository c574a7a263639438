"""`Sync` on `/ws` returns missed events in order, in pages, and only those of the user."""

from __future__ import annotations

import pytest

from chat.actions.member import member_invite, member_remove
from chat.actions.message import message_recall
from chat.consumers import protobuf_consumer
from chat.models import Message
from chat.wire import im_pb2 as im
from delivery.db.executors import run
from tests.chat.consumers.conftest import Open
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


async def test_pushes_and_acknowledgements_come_in_the_order_of_positions(scenario: GroupScenario, enter: Open) -> None:
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    for number in range(100):
        await alice.put("single", scenario.bob.pk, f"a{number}")
        await bob.put("group", scenario.group.pk, f"b{number}")
    for one in (alice, bob):
        await one.until(lambda one=one: len(one.messages) == 100 and len(one.acks) == 101)  # type: ignore[misc]
        told = [
            im.PushMsg.FromString(output.data).msg.seq
            if output.type == im.CT_MESSAGE
            else im.ACKMsg.FromString(output.data).seq
            for output in one.outputs
            if output.type in (im.CT_MESSAGE, im.CT_ACK)
        ]
        assert told[1:] == sorted(set(told[1:]))
    assert max(alice.sizes) > 1


async def test_after_a_login_pushes_and_acknowledgements_wait_for_the_sync(
    scenario: GroupScenario, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 3600)
    for number in range(60):
        await run(say, scenario.alice, scenario.group, f"missed {number}")
    alice, bob = await enter(scenario.alice), await enter(scenario.bob, sync=None)
    await alice.send("group", scenario.group.pk, "live")
    await bob.put("group", scenario.group.pk, "mine")
    await bob.sync(0)
    assert not bob.messages and len(bob.acks) == 1

    await alice.message("mine")
    texts = [one.content.decode() for one in await bob.fetch(0)]
    assert texts == [f"missed {number}" for number in range(60)] + ["live", "mine"]
    await bob.ack(lambda ack: ack.type == im.AT_UP)
    await alice.send("group", scenario.group.pk, "later")
    await bob.message("later")
    assert bob.texts == ["later"]  # Events from the Sync are not pushed again.


async def test_a_sync_holds_back_only_what_it_contains(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice, query="global=1")
    await alice.send("group", scenario.group.pk, "missed")
    bob = await enter(scenario.bob, query="global=1", sync=None)
    await alice.send("group", scenario.room.pk, "in the room")
    await alice.send("group", scenario.group.pk, "in the group")
    assert [one.content for one in await bob.fetch(0)] == [b"missed", b"in the group"]
    await bob.message("in the room")
    assert bob.texts == ["in the room"]


async def test_a_client_without_a_sync_gets_messages(
    scenario: GroupScenario, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 0.05)
    alice, bob = await enter(scenario.alice, sync=None), await enter(scenario.bob, sync=None)
    assert (await alice.send("group", scenario.group.pk, "hi")).code == 200
    await bob.message("hi")


async def test_a_page_has_fifty_messages_and_says_whether_there_are_more(scenario: GroupScenario, enter: Open) -> None:
    for number in range(100):
        await run(say, scenario.alice, scenario.group, f"{number}")
    bob = await enter(scenario.bob, sync=None)
    first = await bob.sync(0)
    second = await bob.sync(first.messages[-1].seq)
    assert [len(first.messages), first.has_more, len(second.messages), second.has_more] == [50, True, 50, False]
    assert not (await bob.sync(second.messages[-1].seq)).messages
    assert not (await bob.sync(2**64 - 1)).messages


async def test_a_sync_contains_nothing_from_before_joining_or_after_removal(
    scenario: GroupScenario, enter: Open
) -> None:
    await run(say, scenario.alice, scenario.group, "before")
    await run(lambda: member_invite(user=scenario.alice, channel_id=scenario.group.pk, names=["carol"]))
    await run(say, scenario.alice, scenario.group, "with carol")
    carol = await enter(scenario.carol, sync=None)
    assert [one.content for one in await carol.fetch(0)] == [b"with carol"]
    await run(lambda: member_remove(user=scenario.alice, channel_id=scenario.group.pk, name="carol"))
    await run(say, scenario.alice, scenario.group, "without carol")
    assert await carol.fetch(0) == []
    await carol.settle()
    assert carol.texts == []


async def test_a_recalled_message_has_no_content(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    ack = await alice.send("group", scenario.group.pk, b"\xff", type="picture")
    message = await run(lambda: Message.objects.get(position=ack.seq))
    await run(lambda: message_recall(user=scenario.alice, channel_id=scenario.group.pk, message_id=message.pk, app=101))
    bob = await enter(scenario.bob, sync=None)
    assert [(one.seq, one.content) for one in await bob.fetch(0)] == [(ack.seq, b"")]
