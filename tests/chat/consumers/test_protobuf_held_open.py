"""Transactions remain open while others commit: on `/ws` a sync from the greatest number seen is safe."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from django.db import connection

from accounts.actions import token_issue
from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.consumers.protobuf_consumer import ProtobufConsumer
from chat.models import Message
from chat.sending.drafts import Outcome, StoredMessage
from chat.sending.writer import commit
from delivery import log
from delivery.db.bulk import Statement
from delivery.db.executors import run
from tests.support.in_process import (
    LocalSocket,
    create_global_channel,
    create_users,
    draft,
    running_node,
    store_unpublished,
)
from tests.support.protobuf_client import ProtobufClient
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

Enter = Callable[[User], Awaitable[ProtobufClient]]
EARLY = "early"


class World:
    def __init__(self) -> None:
        create_global_channel()
        self.alice, self.bob, self.carol = create_users("alice", "bob", "carol")
        self.one, self.two = (
            channel_create_group(creator=self.alice, name=name, members=["bob", "carol"]) for name in ("one", "two")
        )


class Early:
    """Alice's message in the first channel: stored with its number, but stopped right before it takes its position."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._world = world
        self._thread: threading.Thread | None = None
        self._gate = OpenTransaction(lambda: self._execute("SELECT pg_advisory_xact_lock(7)"))
        self._gate.__enter__()
        taking = log.reserve_positions

        def taking_later(count: int) -> Statement:
            sql, values, returns = taking(count)
            if threading.current_thread() is self._thread:
                sql = sql.replace("VALUES (%s, %s)", "SELECT %s, %s FROM pg_advisory_xact_lock(7)")
            return Statement(sql, values, returns)

        monkeypatch.setattr(log, "reserve_positions", taking_later)
        self._sending = in_thread(self._send)

    def _send(self) -> list[Outcome]:
        self._thread = threading.current_thread()
        # The test decides how long it waits, not the server.
        self._execute("SET lock_timeout = 0")
        try:
            return commit([draft(self._world.alice, self._world.one, EARLY)])
        finally:
            self._execute("RESET lock_timeout")

    @staticmethod
    def _execute(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    async def there(self) -> None:
        await run(wait_until_waiting)

    def finish(self) -> None:
        self._gate.roll_back()
        (outcome,) = self._sending.result(TIMEOUT_SECONDS)
        assert isinstance(outcome, StoredMessage), outcome


@pytest.fixture
async def world() -> World:
    return await run(World)


@pytest.fixture
def early(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Early]:
    made = Early(world, monkeypatch)
    yield made
    made.finish()


@pytest.fixture
async def enter(world: World) -> AsyncIterator[Enter]:
    """Return a function that opens logged-in connections without a Sync."""
    clients: list[ProtobufClient] = []

    async def open_client(user: User) -> ProtobufClient:
        client = ProtobufClient(LocalSocket(consumer=ProtobufConsumer), user.pk)
        clients.append(client)
        await client.login(await run(lambda: token_issue(user=user)))
        return client

    async with running_node():
        yield open_client
        for client in clients:
            await client.close()


def cut_connection(client: ProtobufClient) -> int:
    """Cut the connection and return the number that its client will sync from."""
    client.socket.transport.abort()
    return client.greatest


def received_texts(*clients: ProtobufClient) -> list[str]:
    """Return the texts of others that a user got on these connections, in order."""
    return [message.content.decode() for client in clients for message in (*client.fetched, *client.messages)]


@pytest.mark.parametrize("back", ["while it is open", "after its commit"])
async def test_an_earlier_uncommitted_message_arrives_after_a_reconnect(
    world: World, enter: Enter, early: Early, back: str
) -> None:
    bob, carol = await enter(world.bob), await enter(world.carol)
    await bob.fetch(0)
    await carol.fetch(0)
    await early.there()
    ack = await bob.send("group", world.two.pk, "late")
    assert ack.code == 200
    await carol.message("late")
    of_bob, of_carol = cut_connection(bob), cut_connection(carol)
    assert of_bob == of_carol == ack.seq

    if back == "after its commit":
        await run(early.finish)
    bob_again, carol_again = await enter(world.bob), await enter(world.carol)
    await bob_again.fetch(of_bob)
    await carol_again.fetch(of_carol)
    if back == "while it is open":
        assert received_texts(bob_again, carol_again) == []
        await run(early.finish)
    for one in (bob_again, carol_again):
        await one.until(lambda one=one: received_texts(one) == [EARLY])  # type: ignore[misc]
    assert received_texts(carol, carol_again) == ["late", EARLY]


@pytest.mark.parametrize("end", ["committed", "rolled back"])
async def test_later_positions_wait_for_a_reserved_position(world: World, enter: Enter, end: str) -> None:
    bob, carol = await enter(world.bob), await enter(world.carol)
    await bob.fetch(0)
    await carol.fetch(0)
    before = await run(log.head)
    with OpenTransaction(lambda: store_unpublished(draft(world.alice, world.one, EARLY))) as held:
        await bob.put("group", world.two.pk, "late")
        await run(wait_until_waiting)
        await carol.settle()
        assert received_texts(carol) == received_texts(bob) == [] and len(bob.acks) == 1
        await run(held.commit if end == "committed" else held.roll_back)
    said = [EARLY, "late"] if end == "committed" else ["late"]
    late = await carol.message("late")
    assert (await bob.ack(lambda ack: ack.client_id == 1)).seq == late.seq == before + len(said)
    assert received_texts(carol) == said and received_texts(bob) == said[:-1]

    of_bob, of_carol = cut_connection(bob), cut_connection(carol)
    assert [await (await enter(world.bob)).fetch(of_bob), await (await enter(world.carol)).fetch(of_carol)] == [[], []]
    assert await run(lambda: list(Message.objects.order_by("position").values_list("text", flat=True))) == said
