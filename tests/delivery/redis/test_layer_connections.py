"""The channel layer leaves a master that has stopped to answer without closing its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import ConnectionError as RedisConnectionError

from delivery.redis.address import layer_host
from delivery.redis.layer_connections import reconnect_layer
from tests.support import machine
from tests.support.certificates import CertificateAuthority
from tests.support.sentinels import SentinelGroup, wait_blocking
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.fixture(params=["plain", "tls"])
def group(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SentinelGroup]:
    if "Redis" in machine.missing():
        pytest.skip("Redis is missing on this machine")
    running = SentinelGroup(tmp_path, CertificateAuthority() if request.param == "tls" else None)
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("backend", [RedisPubSubChannelLayer, RedisChannelLayer])
async def test_a_layer_follows_from_a_frozen_master(backend: type, group: SentinelGroup) -> None:
    layer = backend(hosts=[layer_host(group.url)], prefix="imsite")
    channel = await layer.new_channel("node")
    receiving = asyncio.create_task(_receive(layer, channel))
    await _send_until_received(layer, receiving, channel)
    waiting = asyncio.create_task(_receive(layer, channel))
    frozen = group.master
    frozen.freeze()
    await asyncio.to_thread(wait_blocking, lambda: group.master is not frozen)

    await reconnect_layer()

    await _send_until_received(layer, waiting, channel)


async def _receive(layer: RedisChannelLayer, channel: str) -> None:
    """Receive a message, with as many attempts as it takes, like the relay."""
    while True:
        try:
            await layer.receive(channel)
            return
        except RedisConnectionError:
            await asyncio.sleep(0.05)


async def _send_until_received(layer: RedisChannelLayer, receiving: asyncio.Task[None], channel: str) -> None:
    """Join the group and send to it until a message has arrived, like the relay after a new lease."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not receiving.done():
            try:
                async with asyncio.timeout(1):
                    await layer.group_add("log", channel)
                    await layer.group_send("log", {"type": "hello"})
            except (RedisConnectionError, TimeoutError):
                continue
            await asyncio.wait({receiving}, timeout=0.1)
    await receiving
