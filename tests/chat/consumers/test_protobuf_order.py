"""On `/ws` no number is sent before everything below it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from django.conf import Settings
from django.db import OperationalError

from accounts.actions import token_issue
from accounts.models import User
from chat.actions import message as messages
from chat.commands import protobuf_requests
from chat.consumers import protobuf_consumer
from chat.consumers.protobuf_consumer import ProtobufConsumer
from chat.sending.drafts import Draft, StoredMessage
from chat.wire import im_pb2 as im
from delivery.db.executors import run
from delivery.rate_limits.token_bucket import TokenBucket
from tests.support.group_scenario import GroupScenario, WithheldAnnouncements
from tests.support.in_process import LocalNode, LocalSocket, say
from tests.support.protobuf_client import ProtobufClient
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_sync_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client's time for its Sync end by `end_sync_timeouts` only."""
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 3600)


def end_sync_timeouts(node: LocalNode) -> None:
    """Do what happens when the time of all clients for their Sync has passed."""
    for connection in node.hub.connections.values():
        if connection._resume_timer is not None:
            connection.resume()


async def entered(user: User) -> ProtobufClient:
    client = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), user.pk)
    await client.login(await run(lambda: token_issue(user=user)), sync=0)
    return client


def received_outputs(client: ProtobufClient) -> list[tuple[str, int]]:
    """Return the messages and acknowledgements since the login, in order, with their numbers."""
    seen = []
    for output in client.outputs[2:]:
        if output.type == im.CT_MESSAGE:
            seen.append(("push", im.PushMsg.FromString(output.data).msg.seq))
        elif output.type == im.CT_ACK:
            seen.append(("ack", im.ACKMsg.FromString(output.data).seq))
    return seen


async def test_an_acknowledgement_is_sent_at_the_position_of_its_message(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    bob = await entered(scenario.bob)
    withheld = WithheldAnnouncements(node, monkeypatch, settings)
    before = await run(say, scenario.alice, scenario.group, "before")
    await bob.put("group", scenario.group.pk, "mine")
    await wait_until(lambda: len(withheld.entries) == 2)
    after = await run(say, scenario.alice, scenario.group, "after")
    withheld.release()
    await bob.message("after")

    mine = before.position + 1
    assert received_outputs(bob) == [("push", before.position), ("ack", mine), ("push", after.position)]
    await bob.close()


async def test_a_retry_from_another_connection_is_acknowledged_in_order(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    bob = await entered(scenario.bob)
    WithheldAnnouncements(node, monkeypatch, settings)
    before = await run(say, scenario.alice, scenario.group, "before")
    mine = await run(lambda: say(scenario.bob, scenario.group, "mine", client_id="key"))
    ack = await bob.send("group", scenario.group.pk, "mine", key="key")

    assert ack.seq == mine.position
    assert received_outputs(bob) == [("push", before.position), ("push", mine.position), ("ack", mine.position)]
    await bob.close()


async def test_a_retry_from_another_connection_delays_no_later_reply(node: LocalNode, scenario: GroupScenario) -> None:
    await run(lambda: say(scenario.bob, scenario.group, "mine", client_id="key"))
    bob = await entered(scenario.bob)
    for number in range(1, 11):
        await bob.put("group", scenario.group.pk, f"{number}", key="key" if number % 3 == 0 else "")
    await bob.settle()

    seqs = {ack.client_id: ack.seq for ack in bob.acks if ack.client_id}
    assert list(seqs) == list(range(1, 11))
    fresh = [seqs[number] for number in seqs if number % 3]
    assert fresh == sorted(fresh) and len({seqs[number] for number in (3, 6, 9)}) == 1
    await bob.close()


@pytest.mark.parametrize("missed", [0, 1])
async def test_messages_seen_before_are_not_pushed_again(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch, settings: Settings, missed: int
) -> None:
    """Another node may have been ahead of this one."""
    withheld = WithheldAnnouncements(node, monkeypatch, settings)
    bob = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk)
    await bob.login(await run(lambda: token_issue(user=scenario.bob)))
    seen = await run(say, scenario.alice, scenario.group, "seen elsewhere")
    for _ in range(missed):
        await run(say, scenario.alice, scenario.group, "missed")
    assert [one.content for one in await bob.fetch(seen.position)] == [b"missed"] * missed
    await run(say, scenario.alice, scenario.group, "live")
    withheld.release()
    await bob.message("live")
    assert bob.texts == ["live"]
    await bob.close()


async def test_a_sync_from_an_unknown_number_misses_no_later_message(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    bob = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk)
    await bob.login(await run(lambda: token_issue(user=scenario.bob)))
    await run(say, scenario.alice, scenario.group, "since the log-in")
    assert await bob.fetch(2**64 - 1) == []
    await bob.message("since the log-in")
    await bob.close()


# -- a Sync that is refused -------------------------------------------------------------------------------------------


def fail_syncs(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let every Sync fail, until the function is called."""
    sync = protobuf_requests.sync

    async def fail(call: object, seq: int) -> protobuf_requests.Page:
        raise OperationalError("gone")

    monkeypatch.setattr(protobuf_requests, "sync", fail)
    return lambda: monkeypatch.setattr(protobuf_requests, "sync", sync)


async def test_after_a_failed_sync_no_push_precedes_the_missed_messages(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    works_again = fail_syncs(monkeypatch)
    missed = await run(say, scenario.alice, scenario.group, "missed")
    bob, clock = (ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk) for _ in range(2))
    token = await run(lambda: token_issue(user=scenario.bob))
    await bob.login(token)
    await bob.post(im.CT_SYNC)
    assert (await bob.ack(lambda ack: ack.code != 200)).code == 1004
    await run(say, scenario.alice, scenario.group, "live")
    # Another device, which sends no Sync, has waited long enough.
    await clock.login(token)
    await run(say, scenario.alice, scenario.group, "live too")
    end_sync_timeouts(node)
    await clock.message("live too")
    await bob.settle()
    assert bob.texts == []

    works_again()
    assert [one.content for one in await bob.fetch(missed.position - 1)] == [b"missed", b"live", b"live too"]
    await run(say, scenario.alice, scenario.group, "later")
    await bob.message("later")
    assert bob.texts == ["later"]
    await bob.close()
    await clock.close()


async def test_a_client_that_does_not_retry_a_failed_sync_is_disconnected(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf_consumer, "SYNC_RETRY_TIMEOUT_SECONDS", 0.02)
    fail_syncs(monkeypatch)
    bob = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk)
    await bob.login(await run(lambda: token_issue(user=scenario.bob)))
    await bob.post(im.CT_SYNC)
    assert await bob.closed() == 4008
    await bob.close()


async def test_a_sync_over_the_rate_limit_is_refused_and_can_be_retried(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        await run(say, scenario.alice, scenario.group, f"missed {number}")
    bob = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk)
    await bob.login(await run(lambda: token_issue(user=scenario.bob)))
    page = await bob.sync(0)
    assert page.has_more
    with monkeypatch.context() as patch:
        patch.setattr(TokenBucket, "take", lambda bucket: False)
        await bob.post(im.CT_SYNC, im.SyncInputMsg(seq=bob.greatest).SerializeToString())
        assert (await bob.ack(lambda ack: ack.code != 200)).code == 1011
    assert len(await bob.fetch(bob.greatest)) == 10
    await run(say, scenario.alice, scenario.group, "live")
    await bob.message("live")
    await bob.close()


async def test_the_sync_timeout_ends_when_the_request_arrives(
    node: LocalNode, scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, go_on = messages.message_send, asyncio.Event()

    async def send_later(draft: Draft) -> StoredMessage:
        await go_on.wait()
        return await send(draft)

    monkeypatch.setattr(messages, "message_send", send_later)
    await run(say, scenario.alice, scenario.group, "missed")
    bob, clock = (ProtobufClient(LocalSocket(consumer=ProtobufConsumer), scenario.bob.pk) for _ in range(2))
    token = await run(lambda: token_issue(user=scenario.bob))
    await bob.login(token)
    (connection,) = node.hub.connections_of(scenario.bob.pk)
    assert connection.is_paused
    await bob.put("group", scenario.group.pk, "mine")
    await bob.post(im.CT_SYNC)
    # The Sync waits for the message before it.
    await wait_until(lambda: len(connection._replies) == 2)
    await clock.login(token)
    await run(say, scenario.alice, scenario.group, "live")
    end_sync_timeouts(node)
    await clock.message("live")
    assert connection.is_paused and bob.texts == []
    go_on.set()
    await bob.until(lambda: bool(bob.fetched))
    assert [one.content for one in bob.fetched] == [b"missed", b"live", b"mine"] and bob.texts == []
    await bob.close()
    await clock.close()
