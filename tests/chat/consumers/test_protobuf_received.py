"""The server keeps what each `/ws` client has received, and lets it wait for a Sync only if it lacks messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from accounts.actions import received_positions_store, token_issue, token_revoke
from accounts.credentials import token_credential, token_digest
from accounts.models import ReceivedPosition, User
from chat.consumers import protobuf_consumer
from chat.consumers.protobuf_consumer import ProtobufConsumer
from delivery.db.executors import run
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, LocalSocket, running_node, say
from tests.support.protobuf_client import ProtobufClient
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Phone:
    """A user's device with one token, whose connections come and go. It keeps the greatest number that it saw."""

    def __init__(self, user: User, token: str) -> None:
        self.user, self.token = user, token
        self.greatest = 0
        self.client: ProtobufClient

    async def connect(self, *, sync: bool = False) -> ProtobufClient:
        self.client = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), self.user.pk)
        await self.client.login(self.token)
        if sync:
            await self.client.fetch(self.greatest)
        return self.client

    async def hang_up(self) -> None:
        """Close the connection, as an app that is put away."""
        self.greatest = max(self.greatest, self.client.greatest)
        await self.client.close()

    async def lose_connection(self) -> None:
        self.greatest = max(self.greatest, self.client.greatest)
        self.client.socket.transport.abort()
        await self.client.close()


OpenPhone = Callable[[User], Awaitable[Phone]]


@pytest.fixture
async def phone(node: LocalNode, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenPhone]:
    """Return a function that makes phones. A wait for a Sync never ends by itself."""
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 3600)
    phones: list[Phone] = []

    async def make(user: User) -> Phone:
        phones.append(Phone(user, await run(lambda: token_issue(user=user))))
        return phones[-1]

    yield make
    for one in phones:
        await one.client.close()


async def waits_for_sync(node: LocalNode, phone: Phone) -> bool:
    """Return whether pushes of the phone's connection wait. Its login has been handled: it has another answer."""
    await phone.client.settle()
    (connection,) = node.hub.connections_of(phone.user.pk)
    return connection.is_paused


async def test_a_sync_long_after_the_login_loses_nothing(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone
) -> None:
    """A phone on a slow network: its Sync comes when many messages have been sent since its login."""
    bobs = await phone(scenario.bob)
    await bobs.connect(sync=True)
    await run(say, scenario.alice, scenario.group, "first")
    await bobs.client.message("first")
    await bobs.hang_up()
    missed = [f"missed {number}" for number in range(70)]
    live = [f"live {number}" for number in range(50)]
    for text in missed:
        await run(say, scenario.alice, scenario.group, text)
    bob = await bobs.connect()
    for text in live:
        await run(say, scenario.alice, scenario.group, text)
    ack = await bob.put("group", scenario.group.pk, "mine")
    await wait_until(lambda: node.hub.watermark >= bobs.greatest + 121)
    await bob.settle()
    assert bob.texts == [] and bob.greatest == 0

    fetched = await bob.fetch(max(bob.greatest, bobs.greatest))
    assert [one.content.decode() for one in fetched] == [*missed, *live, "mine"]
    await bob.ack(lambda one: one.client_id == ack)
    assert bob.texts == []


async def test_a_login_waits_for_nothing_if_nothing_is_left(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone
) -> None:
    bobs = await phone(scenario.bob)
    for text in ("with a new token", "after a connection without a Sync"):
        bob = await bobs.connect()
        await run(say, scenario.alice, scenario.group, text)
        await bob.message(text)
        assert (await bob.send("group", scenario.group.pk, "mine")).code == 200
        await bobs.hang_up()
    # A message of the global channel is not among those of /ws.
    await run(say, scenario.carol, scenario.room, "not for clients of /ws")
    await bobs.connect()
    assert not await waits_for_sync(node, bobs)


async def test_what_was_on_its_way_when_the_connection_was_lost_is_left(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone
) -> None:
    bobs = await phone(scenario.bob)
    bob = await bobs.connect(sync=True)
    await run(say, scenario.alice, scenario.group, "lost with the connection")
    await bob.message("lost with the connection")
    bob.socket.transport.abort()
    await bob.close()

    bob = await bobs.connect()
    await run(say, scenario.alice, scenario.group, "live")
    assert await waits_for_sync(node, bobs) and bob.texts == []
    assert [one.content.decode() for one in await bob.fetch(bobs.greatest)] == ["lost with the connection", "live"]


async def test_an_acknowledged_push_is_not_left(node: LocalNode, scenario: GroupScenario, phone: OpenPhone) -> None:
    bobs = await phone(scenario.bob)
    bob = await bobs.connect()
    await run(say, scenario.alice, scenario.group, "hi")
    await bob.acknowledge((await bob.message("hi")).seq)
    await bob.settle()
    await bobs.lose_connection()
    await bobs.connect()
    assert not await waits_for_sync(node, bobs)


async def test_an_unacknowledged_push_is_left(node: LocalNode, scenario: GroupScenario, phone: OpenPhone) -> None:
    bobs = await phone(scenario.bob)
    bob = await bobs.connect()
    await run(say, scenario.alice, scenario.group, "seen")
    await bob.acknowledge((await bob.message("seen")).seq)
    await run(say, scenario.alice, scenario.group, "not handled")
    await bob.message("not handled")
    await bobs.hang_up()
    await bobs.connect()
    assert await waits_for_sync(node, bobs)


async def test_a_page_that_is_not_the_last_leaves_the_rest(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone
) -> None:
    for number in range(51):
        await run(say, scenario.alice, scenario.group, f"{number}")
    bobs = await phone(scenario.bob)
    bob = await bobs.connect()
    assert (await bob.sync(0)).has_more
    await bobs.hang_up()
    bob = await bobs.connect()
    await run(say, scenario.alice, scenario.group, "live")
    assert await waits_for_sync(node, bobs)
    assert [one.content.decode() for one in await bob.fetch(bobs.greatest)] == ["50", "live"]


async def test_a_client_that_has_forgotten_everything_is_believed(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone
) -> None:
    """It was installed again, and its connection is lost in the middle of its first Sync."""
    for number in range(60):
        await run(say, scenario.alice, scenario.group, f"{number}")
    bobs = await phone(scenario.bob)
    await bobs.connect(sync=True)
    await bobs.hang_up()
    bob = await bobs.connect()
    assert not await waits_for_sync(node, bobs)
    bobs.greatest = 0
    await bob.sync(0)
    await bobs.lose_connection()
    await bobs.connect()
    assert await waits_for_sync(node, bobs)


async def test_a_client_that_sends_no_sync_gets_messages_in_the_end(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 0.05)
    await run(say, scenario.alice, scenario.group, "left")
    bobs = await phone(scenario.bob)
    bob = await bobs.connect()
    await run(say, scenario.alice, scenario.group, "live")
    await bob.message("live")
    await bobs.hang_up()

    monkeypatch.setattr(protobuf_consumer, "SYNC_TIMEOUT_SECONDS", 3600)
    await bobs.connect()
    assert await waits_for_sync(node, bobs), "it has still not received the first message"


async def test_each_token_has_a_position_of_its_own(node: LocalNode, scenario: GroupScenario, phone: OpenPhone) -> None:
    old, new = await phone(scenario.bob), await phone(scenario.bob)
    await new.connect()
    await run(say, scenario.alice, scenario.group, "hi")
    await new.client.message("hi")
    await new.hang_up()
    await old.connect()
    assert await waits_for_sync(node, old)
    await old.hang_up()
    await new.connect()
    assert not await waits_for_sync(node, new)


async def test_another_node_knows_it_when_the_position_is_stored(scenario: GroupScenario) -> None:
    bobs = Phone(scenario.bob, await run(lambda: token_issue(user=scenario.bob)))
    async with running_node():
        await bobs.connect(sync=True)
        await run(say, scenario.alice, scenario.group, "hi")
        await bobs.client.message("hi")
        await bobs.hang_up()
    async with running_node() as other:
        await bobs.connect()
        assert not await waits_for_sync(other, bobs)
        await bobs.hang_up()
    stored = await run(lambda: ReceivedPosition.objects.get().position)
    assert stored >= bobs.greatest > 0


async def test_a_position_beyond_the_log_is_forgotten(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone
) -> None:
    """A restored backup has lost events, and gives their positions to others."""
    await run(say, scenario.alice, scenario.group, "left")
    bobs = await phone(scenario.bob)
    beyond = {token_digest(bobs.token): node.hub.watermark + 1000}
    await run(received_positions_store, beyond)
    await bobs.connect()
    assert await waits_for_sync(node, bobs)
    await bobs.lose_connection()
    await wait_until(lambda: not node.hub.connections)
    await node.node.received_positions.flush()
    assert await run(lambda: ReceivedPosition.objects.get().position) == 0


async def test_a_sync_from_where_the_client_was_costs_no_write(
    node: LocalNode, scenario: GroupScenario, phone: OpenPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(say, scenario.alice, scenario.group, "hi")
    await run(say, scenario.carol, scenario.room, "elsewhere")
    bobs = await phone(scenario.bob)
    await bobs.connect(sync=True)
    await bobs.hang_up()
    await bobs.connect()
    written: list[int] = []
    monkeypatch.setattr(node.node.received_positions, "store", lambda digest, position: written.append(position))
    await bobs.client.fetch(bobs.greatest)
    assert written == []


async def test_a_revoked_token_leaves_no_position(node: LocalNode, scenario: GroupScenario, phone: OpenPhone) -> None:
    bobs = await phone(scenario.bob)
    await bobs.connect()
    await run(say, scenario.alice, scenario.group, "hi")
    await bobs.client.message("hi")
    credential = token_credential(token_digest(bobs.token))
    await run(lambda: token_revoke(user_id=scenario.bob.pk, credential=credential))
    await bobs.client.closed()
    await wait_until(lambda: not node.hub.connections)
    await node.node.received_positions.flush()
    assert not await run(ReceivedPosition.objects.exists)
