"""Redis is killed under load and returns empty: requests do not wait for it, and the site recovers completely."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.conversation import assert_perfect
from tests.support.monitoring import ask, metrics
from tests.support.people import People, Person
from tests.support.two_nodes import Twins

pytestmark = pytest.mark.postgres

AWAY = float(os.environ.get("CLUSTER_REDIS_AWAY", "10"))
"""Seconds."""
HERE = 2.0
"""Seconds that work inside a node may take while Redis is away: far more than it does."""
BY_LOG = 4.0
"""Seconds in which the log delivers events of another node: twice the promise."""
CLOSED_AGAIN = 10.0
"""Seconds after its return in which the gaps close and the layer delivers events again."""
LEASE = 15.0


@asynccontextmanager
async def _people(twins: Twins) -> AsyncIterator[People]:
    people = People(twins.town)
    try:
        yield people
    finally:
        for client in people.clients:
            await client.close()


async def _say(sender: Person, target: str, hearer: Person, patience: float) -> None:
    async with asyncio.timeout(patience):
        sent = await sender.say(target)
        await hearer.push("msg", id=sent["id"])


async def _repeatedly(step: Callable[[], Awaitable[object]], until: asyncio.Event) -> int:
    """Repeat it until the end is signalled and return the number of repetitions."""
    times = 0
    while not until.is_set():
        await step()
        times += 1
    return times


def _online(twins: Twins) -> list[set[str]]:
    """Return the users on app 101 according to each node."""
    answers = [ask(f"{node.url}/user/list?appID=101").text for node in (twins.a, twins.b)]
    return [set(json.loads(answer)["data"]["userList"]) for answer in answers]


@pytest.mark.parametrize(("layer", "away"), [("pubsub", AWAY), ("queue", AWAY / 3)])
async def test_the_site_works_without_redis_and_recovers_when_it_returns(
    cluster_factory: ClusterFactory, layer: str, away: float
) -> None:
    with cluster_factory(IM_CHANNEL_LAYER=layer) as cluster, closing(Twins(cluster)) as twins:
        async with _people(twins) as people:
            alice = await people.login(twins.town.account("alice"), at=twins.a.acc)
            carol = await people.login(twins.town.account("carol"), at=twins.a.acc)
            bob = await people.login(twins.town.account("bob"), at=twins.b.acc)
            group, private = await alice.group(carol, bob), await alice.private(bob)
            await _say(alice, group, bob, BY_LOG)

            over = asyncio.Event()
            steps: list[Callable[[], Awaitable[object]]] = [
                lambda: _say(alice, group, carol, HERE),
                lambda: _say(alice, private, bob, BY_LOG),
                lambda: _say(bob, private, alice, BY_LOG),
                lambda: asyncio.wait_for(bob.call("message.history", target=group), HERE),
                lambda: asyncio.wait_for(bob.call("presence.list"), HERE),
            ]
            load = [asyncio.create_task(_repeatedly(step, over)) for step in steps]
            cluster.redis.kill()
            dave = await people.login(twins.town.account("dave"), at=twins.b.acc)
            guest = await people.guest(at=twins.a.acc)
            await guest.close()
            before = [task.done() for task in load]
            await asyncio.wait(load, timeout=away, return_when=asyncio.FIRST_EXCEPTION)
            assert not any(before), "it began and went on"
            await asyncio.to_thread(cluster.redis.start)
            over.set()
            done = await asyncio.gather(*load)
            assert min(done) >= away / 3, f"slower than the log: {done}"

            async with asyncio.timeout(CLOSED_AGAIN):
                await assert_perfect([alice, carol, bob], {group: done[0] + 1})
                await assert_perfect([alice, bob], {private: done[1] + done[2]})
                while not await _brought(twins, alice, group, private, bob):
                    pass
            async with asyncio.timeout(LEASE):
                there = {alice.name, bob.name, carol.name, dave.name}
                while await asyncio.to_thread(_online, twins) != [there, there]:  # noqa: ASYNC110  nothing tells
                    await asyncio.sleep(0.05)


async def _brought(twins: Twins, alice: Person, group: str, private: str, bob: Person) -> bool:
    """Return whether ten messages in a row from Alice reach Bob on the other node without a read of the log."""
    before = metrics(twins.b.url)["imsite_log_catchup_events_total"]
    began = time.monotonic()
    for _ in range(5):
        await _say(alice, group, bob, BY_LOG)
        await _say(alice, private, bob, BY_LOG)
        if time.monotonic() - began > 1:
            return False
    return metrics(twins.b.url)["imsite_log_catchup_events_total"] == before


async def test_a_position_from_one_node_is_valid_on_a_lagging_node(cluster_factory: ClusterFactory) -> None:
    # Node B gets no announcements and polls the log so rarely that it lags for the whole test.
    with cluster_factory(IM_EVENT_LOG_POLL_INTERVAL="3600") as cluster, closing(Twins(cluster)) as twins:
        async with _people(twins) as people:
            alice = await people.login(twins.town.account("alice"), at=twins.a.acc)
            bob = await people.login(twins.town.account("bob"), at=twins.a.acc)
            group = await alice.group(bob)
            cluster.redis.kill()

            await _say(alice, group, bob, HERE)
            told = (await bob.call("heartbeat"))["position"]
            again = await people.again(bob, at=twins.b.acc, after=told)
            page = await again.call("sync", after=told)

            assert not page.get("reset") and page["position"] == told and page["events"] == []
