"""Redis is killed under load and returns empty: requests do not wait for it, and the site recovers completely."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.conversation import assert_complete_and_ordered
from tests.support.lost_rights import WITH_EVENT, WITHOUT_EVENT, LosingCallers
from tests.support.monitoring import get, metrics
from tests.support.promised import promised
from tests.support.rest import Service
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres

AWAY = float(os.environ.get("CLUSTER_REDIS_AWAY", "10"))
"""Seconds."""
HERE = 2.0
"""Seconds that work inside a node may take while Redis is away: far more than it does."""
BY_LOG = 4.0
"""Seconds in which the log delivers events of another node: twice the promise."""
REVOKED = 5.0
"""Seconds in which a revocation takes effect on every node."""
CLOSED_AGAIN = 10.0
"""Seconds after its return in which the gaps close and the layer delivers events again."""
LEASE = 15.0


@asynccontextmanager
async def _connected_clients(two_nodes: TwoNodes) -> AsyncIterator[Clients]:
    clients = Clients(two_nodes.shared_site)
    try:
        yield clients
    finally:
        for client in clients.clients:
            await client.close()


async def _say(two_nodes: TwoNodes, sender: UserClient, target: str, hearer: UserClient, patience: float) -> None:
    async with promised(patience, two_nodes.a, two_nodes.b):
        sent = await sender.say(target)
        await hearer.push("msg", id=sent["id"])


async def _call(two_nodes: TwoNodes, client: UserClient, cmd: str, **data: str) -> None:
    async with promised(HERE, two_nodes.a, two_nodes.b):
        await client.call(cmd, **data)


async def _repeatedly(step: Callable[[], Awaitable[object]], until: asyncio.Event, at_least: float) -> int:
    """Repeat it this often, and until the end is signalled; return the number of repetitions."""
    times = 0
    while times < at_least or not until.is_set():
        await step()
        times += 1
    return times


def _online(two_nodes: TwoNodes) -> list[set[str]]:
    """Return the users on app 101 according to each node."""
    answers = [get(f"{node.url}/user/list?appID=101").text for node in (two_nodes.a, two_nodes.b)]
    return [set(json.loads(answer)["data"]["userList"]) for answer in answers]


@pytest.mark.parametrize(("layer", "away"), [("pubsub", AWAY), ("queue", AWAY / 3)])
async def test_the_site_works_without_redis_and_recovers_when_it_returns(
    cluster_factory: ClusterFactory, layer: str, away: float
) -> None:
    with cluster_factory(IM_CHANNEL_LAYER=layer) as cluster, closing(TwoNodes(cluster)) as two_nodes:
        async with _connected_clients(two_nodes) as clients:
            alice = await clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
            carol = await clients.login(two_nodes.shared_site.account("carol"), at=two_nodes.a.acc)
            bob = await clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
            group, private = await alice.group(carol, bob), await alice.private(bob)
            await _say(two_nodes, alice, group, bob, BY_LOG)

            over = asyncio.Event()
            steps: list[Callable[[], Awaitable[object]]] = [
                lambda: _say(two_nodes, alice, group, carol, HERE),
                lambda: _say(two_nodes, alice, private, bob, BY_LOG),
                lambda: _say(two_nodes, bob, private, alice, BY_LOG),
                lambda: _call(two_nodes, bob, "message.history", target=group),
                lambda: _call(two_nodes, bob, "presence.list"),
            ]
            load = [asyncio.create_task(_repeatedly(step, over, away / 3)) for step in steps]
            cluster.redis.kill()
            dave = await clients.login(two_nodes.shared_site.account("dave"), at=two_nodes.b.acc)
            guest = await clients.guest(at=two_nodes.a.acc)
            await guest.close()
            before = [task.done() for task in load]
            await asyncio.wait(load, timeout=away, return_when=asyncio.FIRST_EXCEPTION)
            assert not any(before), "it began and went on"
            await asyncio.to_thread(cluster.redis.start)
            over.set()
            done = await asyncio.gather(*load)

            async with promised(CLOSED_AGAIN, two_nodes.a, two_nodes.b):
                await assert_complete_and_ordered([alice, carol, bob], {group: done[0] + 1})
                await assert_complete_and_ordered([alice, bob], {private: done[1] + done[2]})
                while not await _delivers_without_log(two_nodes, alice, group, private, bob):
                    pass
            async with promised(LEASE, two_nodes.a, two_nodes.b):
                there = {alice.name, bob.name, carol.name, dave.name}
                while await asyncio.to_thread(_online, two_nodes) != [there, there]:  # noqa: ASYNC110  nothing tells
                    await asyncio.sleep(0.05)


async def _delivers_without_log(
    two_nodes: TwoNodes, alice: UserClient, group: str, private: str, bob: UserClient
) -> bool:
    """Return whether ten messages in a row from Alice reach Bob on the other node without a read of the log."""
    before = metrics(two_nodes.b.url)["imsite_log_catchup_events_total"]
    for _ in range(5):
        await _say(two_nodes, alice, group, bob, BY_LOG)
        await _say(two_nodes, alice, private, bob, BY_LOG)
    return metrics(two_nodes.b.url)["imsite_log_catchup_events_total"] == before


async def test_a_lagging_node_knows_positions_of_others_and_refuses_sends_without_rights(
    cluster_factory: ClusterFactory,
) -> None:
    # Node B gets no announcements and polls the log so rarely that it lags for the whole test.
    with cluster_factory(IM_EVENT_LOG_POLL_INTERVAL="3600") as cluster, closing(TwoNodes(cluster)) as two_nodes:
        async with _connected_clients(two_nodes) as clients:
            alice = await clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
            bob = await clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.a.acc)
            group = await alice.group(bob)
            cluster.redis.kill()

            await _say(two_nodes, alice, group, bob, HERE)
            told = (await bob.call("heartbeat"))["position"]
            again = await clients.again(bob, at=two_nodes.b.acc, after=told)
            page = await again.call("sync", after=told)

            assert not page.get("reset") and page["position"] == told and page["events"] == []

            # The log-in has brought node B up to date. It does not hear of the following changes.
            for losses in (WITHOUT_EVENT, WITH_EVENT):
                callers = LosingCallers(two_nodes.shared_site, two_nodes.b, again.name, losses)
                await callers.can_send()
                await callers.lose_rights()
                async with promised(REVOKED, two_nodes.b):
                    await callers.are_refused()
            shop = Service.make(two_nodes.shared_site, "use_gateway")
            assert (await shop.call(two_nodes.b, "GET", "presence/alice/")).status == 200
            await asyncio.to_thread(shop.revoke, two_nodes.shared_site)
            async with promised(REVOKED, two_nodes.b):
                await shop.refused_by(two_nodes.b)
