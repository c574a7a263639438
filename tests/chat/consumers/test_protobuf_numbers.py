"""Client numbers on `/ws`: gaps, retries, acknowledgements and resends."""

from __future__ import annotations

import pytest

from chat.actions.member import member_invite
from chat.consumers import resend
from chat.models import Message
from chat.node import resend_timer
from chat.wire import im_pb2 as im
from delivery.db.executors import run
from tests.chat.consumers.conftest import Open
from tests.support.group_scenario import GroupScenario

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_number_that_leaves_a_gap_is_ignored(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    for number in (2, 3, 2**64 - 1):
        await alice.put("group", scenario.group.pk, number=number)
    await alice.settle()
    assert {ack.code for ack in alice.acks} == {200, 1010} and len(alice.acks) == 2
    assert (await alice.send("group", scenario.group.pk, number=1)).code == 200


async def test_a_message_without_a_number_is_refused(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    await alice.put("group", scenario.group.pk, number=0)
    ack = await alice.ack(lambda ack: ack.code != 200)
    assert (ack.code, ack.type, ack.client_id) == (1001, 0, 0)
    assert (await alice.send("group", scenario.group.pk, number=1)).code == 200


async def test_a_retry_is_acknowledged_again_and_stored_once(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    for _ in range(3):
        for number in range(1, 31):
            await alice.put("group", scenario.group.pk, f"{number}", number=number)
    await alice.until(lambda: len([ack for ack in alice.acks if ack.type == im.AT_UP]) == 90)
    seqs = {ack.client_id: set[int]() for ack in alice.acks if ack.client_id}
    for ack in alice.acks:
        if ack.client_id:
            seqs[ack.client_id].add(ack.seq)
    assert all(len(found) == 1 for found in seqs.values()) and len(seqs) == 30
    texts = await run(lambda: list(Message.objects.order_by("seq").values_list("text", flat=True)))
    assert texts == [f"{number}" for number in range(1, 31)]


async def test_a_refused_number_can_be_sent_again(scenario: GroupScenario, enter: Open) -> None:
    carol = await enter(scenario.carol)
    assert (await carol.send("group", scenario.group.pk, number=1)).code == 1005
    await run(lambda: member_invite(user=scenario.alice, channel_id=scenario.group.pk, names=["carol"]))
    assert (await carol.send("group", scenario.group.pk, number=1)).code == 200


async def test_on_another_connection_only_the_key_identifies_a_message(scenario: GroupScenario, enter: Open) -> None:
    one, other = await enter(scenario.alice), await enter(scenario.alice)
    first = await one.send("group", scenario.group.pk, key="k")
    again = await other.send("group", scenario.group.pk, key="k")
    assert (again.code, again.seq) == (200, first.seq)
    assert (await other.send("group", scenario.group.pk)).seq > first.seq
    assert await run(Message.objects.count) == 2


async def test_a_message_of_unknown_kind_uses_up_its_number(scenario: GroupScenario, enter: Open) -> None:
    alice = await enter(scenario.alice)
    message = im.Message(session_type=9, receiver_id=1, sender_id=scenario.alice.pk, message_type=9)  # type: ignore[arg-type]
    await alice.post(3, im.UpMsg(msg=message, clientId=1).SerializeToString())
    assert (await alice.ack(lambda ack: ack.client_id == 1)).code == 1001
    assert (await alice.send("group", scenario.group.pk, number=2)).code == 200


async def test_a_client_that_acknowledges_gets_unacknowledged_messages_again(
    scenario: GroupScenario, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_timer, "RESEND_AFTER_SECONDS", 0.02)
    alice, bob, silent = await enter(scenario.alice), await enter(scenario.bob), await enter(scenario.bob)
    first = await alice.send("group", scenario.group.pk, "first")
    await alice.send("group", scenario.group.pk, "second")
    await bob.message("second")
    await bob.acknowledge(first.seq)
    await bob.until(lambda: bob.texts.count("second") >= 3)
    await bob.acknowledge(bob.messages[-1].seq)
    await silent.settle()
    assert bob.texts.count("first") == 1 and silent.texts == ["first", "second"]


async def test_unacknowledged_messages_before_many_replies_are_sent_again(
    scenario: GroupScenario, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_timer, "RESEND_AFTER_SECONDS", 0.02)
    monkeypatch.setattr(resend, "RECENT_FRAMES_KEPT", 20)
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    first = await alice.send("group", scenario.group.pk, "first")
    await alice.send("group", scenario.group.pk, "second")
    await bob.message("second")
    for _ in range(20):
        await bob.post(9)
    await bob.acknowledge(first.seq)
    await bob.until(lambda: bob.texts.count("second") >= 3)
    await bob.acknowledge(bob.messages[-1].seq)
    assert bob.texts.count("first") == 1


async def test_a_late_acknowledgement_resends_messages_dropped_from_memory(
    scenario: GroupScenario, enter: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend_timer, "RESEND_AFTER_SECONDS", 0.02)
    alice, bob = await enter(scenario.alice), await enter(scenario.bob)
    await bob.send("group", scenario.group.pk, "bob's own")
    count = resend.RECENT_FRAMES_KEPT + 60
    for number in range(count):
        await alice.put("group", scenario.group.pk, f"{number}")
    await bob.until(lambda: len(bob.messages) == count)
    await bob.acknowledge(0)
    await bob.until(lambda: {f"{number}" for number in range(100)} <= set(bob.texts[count:]))
    await bob.acknowledge(bob.messages[count - 1].seq)
    assert "bob's own" not in bob.texts
