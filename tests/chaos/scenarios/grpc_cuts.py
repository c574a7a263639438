"""The calls between two nodes are cut in one direction, swallowed in both, and reset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.chaos.scenario import Criteria, Scenario
from tests.chaos.scenarios.redis_killed import BY_LOG_SECONDS
from tests.chaos.stage import Stage
from tests.chaos.tcp_proxy import DIRECTIONS, TcpProxy
from tests.support.cluster import Cluster

LASTING_SECONDS = 15.0
RESETS = 15


def between_nodes(name: str, title: str, disturb: Callable[[list[TcpProxy]], Awaitable[None]]) -> Scenario:
    """Return the scenario in which the proxies in front of all nodes' gRPC servers are disturbed."""
    proxies: list[TcpProxy] = []

    @asynccontextmanager
    async def place_proxies(cluster: Cluster) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            proxies[:] = [await stack.enter_async_context(TcpProxy(node.grpc_port)) for node in cluster.nodes]
            for node, proxy in zip(cluster.nodes, proxies, strict=True):
                node.options["IM_NODE_ADDRESS"] = f"127.0.0.1:{proxy.port}"
            yield

    async def fault(stage: Stage) -> None:
        if not all(proxy.connections for proxy in proxies):
            stage.fail("the nodes do not call each other through the proxies")
        before = sum(proxy.connections for proxy in proxies)
        await disturb(proxies)
        stage.add("new gRPC connections", sum(proxy.connections for proxy in proxies) - before)
        for proxy in proxies:
            proxy.restore()

    return Scenario(name, title, fault, Criteria(others_seconds=BY_LOG_SECONDS, refusals=0), around=place_proxies)


async def _cut_one_way(proxies: list[TcpProxy]) -> None:
    proxies[0].cut("upward")
    await asyncio.sleep(LASTING_SECONDS)


async def _swallow(proxies: list[TcpProxy]) -> None:
    for proxy in proxies:
        proxy.cut(*DIRECTIONS)
    await asyncio.sleep(LASTING_SECONDS)


async def _reset(proxies: list[TcpProxy]) -> None:
    for _ in range(RESETS):
        for proxy in proxies:
            proxy.reset()
        await asyncio.sleep(LASTING_SECONDS / RESETS)


SCENARIOS = (
    between_nodes("grpc-one-way", "gRPC to one node is cut in one direction", _cut_one_way),
    between_nodes("grpc-black-hole", "gRPC between nodes disappears without an error", _swallow),
    between_nodes("grpc-reset", "gRPC connections are reset each second", _reset),
)
