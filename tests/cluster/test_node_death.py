"""After `kill -9` of a node under load, users reconnect through nginx, and no message is lost or repeated."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing

import pytest

from imsite.client import Client, ClientConnection, SendResult
from tests.cluster.conftest import ClusterFactory
from tests.support.cluster import Cluster
from tests.support.monitoring import connections, get
from tests.support.promised import promised
from tests.support.shared_site import Account, Clients, UserClient
from tests.support.two_nodes import TwoNodes
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.postgres

PEOPLE = int(os.environ.get("CLUSTER_PEOPLE", "12"))
SENDS_EACH = int(os.environ.get("CLUSTER_SENDS_EACH", "100"))
LEASE = float(os.environ.get("CLUSTER_LEASE", "3"))
"""Seconds; in production 15."""
IN_FLIGHT = 4
PATIENCE = 300.0


class Talker:
    """A user who sends messages to a group, with the client for other programs."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.to_say = [f"{line.user.user_id} {number}" for number in range(SENDS_EACH)]
        self.acknowledged: dict[str, SendResult] = {}
        """Acknowledgements by text, which is also the idempotency key."""
        self.heard: dict[int, str] = {}
        """Messages of others by number."""

    async def talk(self, group: str) -> None:
        """Send every message, a few at once; each is retried until it is stored."""
        for start in range(0, len(self.to_say), IN_FLIGHT):
            await asyncio.gather(*(self._say(group, text) for text in self.to_say[start : start + IN_FLIGHT]))

    async def hear(self, group: str) -> None:
        """Receive messages forever; each number comes once, in order, across reconnects."""
        async for push in self.line:
            assert push.cmd != "reset"
            if push.cmd == "msg" and push.data["target"] == group:
                assert push.data["seq"] > max(self.heard, default=0)
                self.heard[push.data["seq"]] = push.data["msg"]

    @property
    def known(self) -> dict[int, str]:
        """Return all messages of the group that this user knows."""
        return self.heard | {sent.seq: text for text, sent in self.acknowledged.items()}

    async def _say(self, group: str, text: str) -> None:
        self.acknowledged[text] = await self.line.send(text, target=group, idempotency_key=text)


@asynccontextmanager
async def talkers(cluster: Cluster, accounts: list[Account]) -> AsyncIterator[list[Talker]]:
    """Connect these users through nginx."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(cluster.url, token=account.token)) for account in accounts]
        yield [Talker(await stack.enter_async_context(client.listen())) for client in clients]


async def test_a_killed_node_loses_no_message(cluster_factory: ClusterFactory) -> None:
    with (
        cluster_factory(front=True, IM_NODE_LEASE_SECONDS=str(LEASE)) as cluster,
        closing(TwoNodes(cluster)) as two_nodes,
    ):
        clients = Clients(two_nodes.shared_site)
        accounts = [two_nodes.shared_site.account(("alice", "bob")[number % 2]) for number in range(PEOPLE)]
        ghost = await clients.login(two_nodes.shared_site.account("dave"), at=two_nodes.b.acc)
        try:
            async with talkers(cluster, accounts) as crowd, asyncio.timeout(PATIENCE):
                await _group_and_death(two_nodes, crowd, ghost)
        finally:
            for client in clients.clients:
                await client.close()


async def _group_and_death(two_nodes: TwoNodes, crowd: list[Talker], ghost: UserClient) -> None:
    names = [talker.line.user.user_id for talker in crowd]
    made = await crowd[0].line.call("channel.create", kind="public", name="Painters", members=names[1:])
    group, count = made["target"], PEOPLE * SENDS_EACH
    assert connections(two_nodes.a) >= PEOPLE // 3 and connections(two_nodes.b) >= PEOPLE // 3
    talk = [asyncio.create_task(talker.talk(group)) for talker in crowd]
    listening = asyncio.gather(*(talker.hear(group) for talker in crowd))
    await wait_until(lambda: sum(len(talker.acknowledged) for talker in crowd) >= count // 4)
    two_nodes.b.kill()
    assert not all(task.done() for task in talk), "they had said everything before"
    async with promised(LEASE + 2, two_nodes.a):
        while await asyncio.to_thread(_online, two_nodes, ghost.name):  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.05)
    await asyncio.gather(*talk)
    await wait_until(lambda: listening.done() or all(len(talker.known) == count for talker in crowd))
    assert not listening.done() or listening.result()
    listening.cancel()

    assert sum(talker.line.disconnect_count > 0 for talker in crowd) >= PEOPLE // 3
    # No connection remains of the failed attempts.
    await asyncio.to_thread(_until_connected, two_nodes, PEOPLE)
    shown = await crowd[0].line.call("presence.list")
    assert {one["userId"] for one in shown["online"]} == set(names)
    stored = await _history(crowd[0].line, group)
    assert sorted(stored.values()) == sorted(text for talker in crowd for text in talker.to_say)
    for talker in crowd:
        assert talker.known == stored
        again = await talker.line.send(talker.to_say[0], target=group, idempotency_key=talker.to_say[0])
        assert again.data == talker.acknowledged[talker.to_say[0]].data


def _until_connected(two_nodes: TwoNodes, count: int) -> None:
    """Wait until node `a` has this many connections."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (now := connections(two_nodes.a)) != count:
        assert time.monotonic() < deadline, f"{now} connections"
        time.sleep(0.05)


def _online(two_nodes: TwoNodes, name: str) -> bool:
    answer = json.loads(get(f"{two_nodes.a.url}/user/online?userID={name}").text)
    return bool(answer["data"]["online"])


async def _history(line: ClientConnection, target: str) -> dict[int, str]:
    """Return the whole history, text by number."""
    found: dict[int, str] = {}
    more = True
    while more:
        page = await line.call("message.history", target=target, after=max(found, default=0), limit=100)
        found |= {message["seq"]: message["msg"] for message in page["messages"]}
        more = page["hasMore"]
    return found
