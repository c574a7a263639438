"""This process's way to Redis, which may be away: whatever is asked has an answer or an error within half a second.

Once it has failed, only the node's probe asks it again, so that nobody else waits and nothing storms.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from delivery.metrics import REDIS_AWAY

logger = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds for one script, its connection included."""
CONNECTIONS = 16


class RedisUnavailable(Exception):
    """Redis has not answered, or is known not to."""


class RedisClient:
    """One client with its connections. To be used on one event loop."""

    def __init__(self, url: str) -> None:
        self.up = False
        """Whether Redis is there and has what this node told it. Set by the registry of nodes."""
        self._pool = BlockingConnectionPool.from_url(
            url,
            decode_responses=True,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            # `probe` has the time-out: the client's own is a wait_for, which on Python 3.11 swallows cancels.
            socket_timeout=None,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        REDIS_AWAY.set(1)
        self._client = Redis(connection_pool=self._pool)
        self._scripts: dict[str, AsyncScript] = {}

    async def run(self, script: str, *arguments: str | int) -> Any:
        """The answer of a Lua script. Raises RedisUnavailable, at once while Redis is down."""
        if not self.up:
            raise RedisUnavailable
        return await self.probe(script, *arguments)

    async def probe(self, script: str, *arguments: str | int) -> Any:
        """The same, but also while Redis is believed to be down."""
        known = self._scripts.get(script)
        if known is None:
            known = self._scripts[script] = self._client.register_script(script)
        try:
            async with asyncio.timeout(PATIENCE):
                return await known(args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            await self._lose(error)
            raise RedisUnavailable from error

    async def _lose(self, error: Exception) -> None:
        if self.up:
            self.up = False
            REDIS_AWAY.set(1)
            logger.warning("redis_unreachable", extra={"error": repr(error)})
            try:
                # Others of its idle connections are most likely broken too.
                await self._pool.disconnect(inuse_connections=False)
            except (RedisError, OSError) as failure:
                logger.info("redis_disconnect", extra={"error": repr(failure)})

    def found(self) -> None:
        """Redis answers, and may be asked by everybody."""
        if not self.up:
            self.up = True
            REDIS_AWAY.set(0)
            logger.info("redis_reachable")

    async def close(self) -> None:
        self.up = False
        try:
            async with asyncio.timeout(PATIENCE):
                await self._client.aclose()
                await self._pool.aclose()
        except (RedisError, OSError, TimeoutError) as error:
            logger.info("redis_disconnect", extra={"error": repr(error)})
