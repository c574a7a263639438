"""The address of Sentinels is read from a URL, and a silent Sentinel does not take the time of the others."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from delivery.redis.address import (
    BlockingSentinelConnectionPool,
    blocking_client,
    connection_pool,
    layer_host,
    parse_sentinel_url,
)
from tests.support import machine
from tests.support.certificates import CertificateAuthority
from tests.support.ports import free_port
from tests.support.sentinels import SentinelGroup
from tests.support.waiting import TIMEOUT_SECONDS


def test_a_url_of_sentinels_is_read() -> None:
    address = parse_sentinel_url(
        "rediss+sentinel://im:p%40w@one.example,[2001:db8::1]:26380/my%20chat/2"
        "?sentinel_username=s&sentinel_password=q&ssl_ca_certs=%2Fca.pem"
    )
    assert address is not None
    assert (address.service, address.sentinels) == ("my chat", (("one.example", 26379), ("2001:db8::1", 26380)))
    tls = {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert address.server_options == {"username": "im", "password": "p@w", "db": 2, **tls}
    assert address.sentinel_options == {"username": "s", "password": "q", **tls}


def test_without_a_service_it_is_refused() -> None:
    with pytest.raises(ValueError, match="service"):
        parse_sentinel_url("redis+sentinel://one.example/")


def test_the_url_of_a_server_is_left_to_redis_py() -> None:
    assert parse_sentinel_url("redis://:pw@one.example/0") is None
    assert layer_host("redis://:pw@one.example/0") == {"address": "redis://:pw@one.example/0", "socket_timeout": None}


@pytest.fixture(scope="module", params=["plain", "tls"])
def group(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    if "Redis" in machine.missing():
        pytest.skip("Redis is missing on this machine")
    running = SentinelGroup(
        tmp_path_factory.mktemp("sentinels"), CertificateAuthority() if request.param == "tls" else None
    )
    running.start()
    yield running
    running.stop()


async def test_a_silent_or_closed_sentinel_is_passed_over(group: SentinelGroup) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        others = f"127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{free_port()},"
        url = group.url.replace("@", f"@{others}")
        pool = connection_pool(url, timeout=TIMEOUT_SECONDS / 20, decode_responses=True, max_connections=2)
        async with Redis(connection_pool=pool) as client:
            assert (await client.info("replication"))["role"] == "master"
        await pool.aclose()
        with blocking_client(url, timeout=TIMEOUT_SECONDS / 20) as blocking:
            assert blocking.info("replication")["role"] == "master"


async def test_a_closed_pool_has_no_connection_to_a_sentinel(group: SentinelGroup) -> None:
    pool = connection_pool(group.url, timeout=TIMEOUT_SECONDS, max_connections=2)
    assert isinstance(pool, BlockingSentinelConnectionPool)
    async with Redis(connection_pool=pool) as client:
        await client.ping()
    [asked, *_] = [one for one in pool.sentinel_manager.sentinels if one.connection_pool._available_connections]
    [connection] = asked.connection_pool._available_connections
    assert connection.is_connected

    await pool.aclose()

    assert not connection.is_connected


async def test_after_a_failover_the_next_call_reaches_the_new_master(group: SentinelGroup) -> None:
    before = group.master
    pool = connection_pool(group.url, timeout=TIMEOUT_SECONDS, max_connections=2)
    async with Redis(connection_pool=pool) as client:
        assert (await client.info("server"))["tcp_port"] == before.port
        group.fail_over()
        with pytest.raises(RedisConnectionError):
            await client.ping()
        assert (await client.info("server"))["tcp_port"] == group.master.port != before.port
    await pool.aclose()
