"""Calls of polling clients reach their connection by any node, until its node has gone."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.polling import PollingCaller, PollingSocket, over_http
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres


async def test_calls_reach_the_connection_by_each_node_and_by_nginx(two_nodes: TwoNodes, node_clients: Clients) -> None:
    account = two_nodes.shared_site.account("alice")
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    async with httpx.AsyncClient(trust_env=False) as client:
        cookie = {"Cookie": account.cookie, "Origin": two_nodes.a.url}
        # Each node is another origin; a proxy in front of them passes the host on.
        urls = (two_nodes.a.url, two_nodes.b.url, two_nodes.cluster.url)
        post = over_http(client, *urls, host=two_nodes.a.url)
        alice = UserClient(await PollingSocket.open(post, **cookie))  # type: ignore[arg-type]
        await alice.enter({"appId": 101})
        channel = await alice.private(bob)
        for number in range(5):
            await alice.say(channel, f"from alice {number}")
            await bob.push("msg", msg=f"from alice {number}")
            await bob.say(channel, f"from bob {number}")
            await alice.push("msg", msg=f"from bob {number}")
        assert [one.data["msg"] for one in alice.received if one.cmd == "msg"] == [f"from bob {n}" for n in range(5)]

        thief = PollingCaller(over_http(client, two_nodes.b.url))
        thief.connection = alice._socket._caller.connection  # type: ignore[attr-defined]
        for action in ("poll", "send", "close"):
            assert (await thief.call(action))[0] == 404
        await alice.close()


async def test_the_connections_of_a_node_end_with_it(cluster_factory: ClusterFactory) -> None:
    with cluster_factory() as cluster:
        async with httpx.AsyncClient(trust_env=False) as client:
            post_to_first, post_to_second = (over_http(client, node.url) for node in cluster.nodes)
            caller = PollingCaller(post_to_first)
            assert (await caller.open())[0] == 200
            caller.post = post_to_second
            poll = asyncio.ensure_future(caller.poll())
            await caller.send(1, {"seq": "1", "cmd": "ping"})
            assert (await poll)[1]["last"] == 1
            waiting = asyncio.ensure_future(caller.poll(1))
            cluster.nodes[0].kill()
            assert (await waiting)[0] == 404
            status = 0
            while status != 404:
                # As a client waits between two tries.
                await asyncio.sleep(0.1)
                status, _ = await caller.poll(1)
            caller.connection = "new"
            assert (await caller.open())[0] == 200
