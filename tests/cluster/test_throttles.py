"""Rate limits of tokens and addresses hold for the whole site; while Redis is away, for each node by itself."""

from __future__ import annotations

import asyncio
from contextlib import closing

import httpx
import pytest
from redis.asyncio import Redis

from tests.cluster.conftest import ClusterFactory
from tests.support.accounts import PASSWORD
from tests.support.rest import Service
from tests.support.shared_site import Clients, SharedSite
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.postgres


async def register(url: str, phone_number: str) -> int:
    form = {"phone_number": phone_number, "nickname": "New", "password": PASSWORD}
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"{url}/register", data=form)
        assert reply.headers["content-type"] == "application/json", reply.text
        return int(reply.json()["code"])


async def test_two_nodes_share_the_rate_limit_of_a_token(cluster_factory: ClusterFactory) -> None:
    cluster = cluster_factory(
        IM_API_BURST="4", IM_API_RATE="0.001", IM_REGISTRATION_RATE="2", IM_SEND_BURST="8", IM_SEND_RATE="0.001"
    )
    with cluster, closing(SharedSite(cluster.nodes[0], {"alice": 1})) as shared_site:
        a, b = cluster.nodes
        shop = await asyncio.to_thread(Service.make, shared_site, "use_gateway")
        replies = [await shop.call(node, "GET", "apps/") for node in (a, b, b, a, a)]
        assert [reply.status for reply in replies] == [200] * 4 + [429]
        assert [reply.headers["ratelimit-remaining"] for reply in replies] == ["3", "2", "1", "0", "0"]
        assert int(replies[-1].headers["retry-after"]) > 900
        assert (await shop.call(b, "GET", "apps/")).status == 429
        assert [await register(node.url, str(number)) for number, node in enumerate((a, b))] == [200] * 2
        assert await register(a.url, "2") == await register(b.url, "3") == -1
        # The other nodes learn what a user has used on one of them.
        async with Redis.from_url(cluster.redis.url) as redis:
            [alice] = await Clients(shared_site)("alice")
            for _ in range(6):
                await alice.call("message.send", msg="x")
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while not await redis.exists(f"im:bucket:sends:{alice.id}"):  # noqa: ASYNC110  no event tells
                    await asyncio.sleep(0.05)
            await alice.close()
        cluster.redis.kill()
        alone = [await shop.call(node, "GET", "apps/") for node in (a, b)]
        assert [reply.headers["ratelimit-remaining"] for reply in alone] == ["3", "3"]
