"""Address of Redis: one server, or the master that Sentinels name, which is another one after a failover.

The URL of Sentinels is `redis+sentinel://user:password@host1:26379,host2:26379/service/0`, with `rediss+sentinel` for
TLS. User and password are those of Redis; `?sentinel_username=…&sentinel_password=…` are those of the Sentinels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.connection import SSLConnection, parse_url
from redis.exceptions import RedisError
from redis.retry import Retry as BlockingRetry
from redis.sentinel import MasterNotFoundError
from redis.sentinel import Sentinel as BlockingSentinel

from delivery.redis.faults import explain_fault
from delivery.redis.layer_connections import LayerConnection, LayerSSLConnection

SENTINEL_SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
"""Schemes of URLs of Sentinels, each with that of the servers."""
SENTINEL_PORT = 26379
LAYER_TIMEOUT_SECONDS = 0.5
"""Seconds that one operation of the channel layer may take."""


class BlockingSentinelConnectionPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the present master, at most `max_connections`, and those to the Sentinels."""

    async def aclose(self) -> None:
        """Close all. redis-py's own pool would leave those to the Sentinels open."""
        await super().aclose()
        await self.sentinel_manager.aclose()


@dataclass(frozen=True)
class SentinelAddress:
    """A service that Sentinels watch. Both `options` are those of a connection of redis-py, with `ssl`."""

    service: str
    sentinels: tuple[tuple[str, int], ...]
    server_options: dict[str, Any]
    sentinel_options: dict[str, Any]

    def timeouts(self, seconds: float) -> dict[str, float]:
        """Return time-outs of a Sentinel's connection, so that all of them and the master can be asked in this time."""
        share = seconds / (len(self.sentinels) + 1)
        return {"socket_connect_timeout": share, "socket_timeout": share}


def parse_sentinel_url(url: str) -> SentinelAddress | None:
    """Return the address in a URL of Sentinels; None if it is that of a server. Raises ValueError without a service."""
    parts = urlsplit(url)
    if parts.scheme not in SENTINEL_SCHEMES:
        return None
    user, _, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.removeprefix("/").partition("/")
    if not service:
        raise ValueError("the name of the service is missing")
    server_url = f"{SENTINEL_SCHEMES[parts.scheme]}://{user}@-/{database}?{parts.query}"
    options: dict[str, Any] = parse_url(server_url)  # type: ignore[no-untyped-call]
    del options["host"]
    sentinel_options = {
        name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options
    }
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    # A Sentinel is reached as the servers are.
    sentinel_options |= {name: value for name, value in options.items() if name.startswith("ssl")}
    return SentinelAddress(
        service=unquote(service),
        sentinels=tuple(map(_host_and_port, hosts.split(","))),
        server_options=options,
        sentinel_options=sentinel_options,
    )


def _host_and_port(text: str) -> tuple[str, int]:
    host = urlsplit(f"//{text}")
    return host.hostname or "localhost", host.port or SENTINEL_PORT


def connection_pool(url: str, *, timeout: float, **options: Any) -> BlockingConnectionPool:
    """Return a pool of connections to the server, or to the master at the time of each connect. It does not retry."""
    options |= {"timeout": timeout, "socket_connect_timeout": timeout, "retry": Retry(NoBackoff(), 0)}
    address = parse_sentinel_url(url)
    if address is None:
        return BlockingConnectionPool.from_url(url, **options)
    sentinel = Sentinel(address.sentinels, sentinel_kwargs=_sentinel_options(address, timeout))  # type: ignore[no-untyped-call]
    options |= address.server_options
    return BlockingSentinelConnectionPool(address.service, sentinel, **options)  # type: ignore[no-untyped-call]


def layer_host(url: str) -> dict[str, Any]:
    """Return the entry of channels-redis's `hosts`."""
    # redis-py's time-out swallows cancellation on Python 3.11. The relay sets its own time-outs.
    without_timeout = {"socket_timeout": None}
    address = parse_sentinel_url(url)
    if address is None:
        return {"address": url, **without_timeout}
    options = dict(address.server_options)
    return {
        "sentinels": address.sentinels,
        "master_name": address.service,
        "sentinel_kwargs": _sentinel_options(address, LAYER_TIMEOUT_SECONDS),
        "connection_class": LayerSSLConnection if options.pop("ssl", False) else LayerConnection,
        **options,
        **without_timeout,
    }


def _sentinel_options(address: SentinelAddress, timeout: float) -> dict[str, Any]:
    return {**address.sentinel_options, **address.timeouts(timeout), "retry": Retry(NoBackoff(), 0)}


@contextmanager
def blocking_client(url: str, *, timeout: float) -> Iterator[Redis]:
    """Connect for some commands, outside of an event loop."""
    options: dict[str, Any] = {
        "socket_connect_timeout": timeout,
        "socket_timeout": timeout,
        "retry": BlockingRetry(NoBackoff(), 0),
    }
    address = parse_sentinel_url(url)
    if address is None:
        with Redis.from_url(url, **options) as direct:
            yield direct
        return
    sentinel_options = {**options, **address.sentinel_options, **address.timeouts(timeout)}
    sentinel = BlockingSentinel(address.sentinels, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
    client: Redis = sentinel.master_for(address.service, **address.server_options, **options)  # type: ignore[no-untyped-call]
    try:
        with client:
            yield client
    except MasterNotFoundError:
        # redis-py names the kind of the Sentinels' errors only.
        for one in sentinel.sentinels:
            try:
                one.ping()
            except RedisError as refused:
                if explain_fault(refused):
                    raise
        raise
    finally:
        for one in sentinel.sentinels:
            one.close()
