"""Redis client whose calls succeed or fail within half a second, even while Redis does not respond.

After a failure only `probe` calls Redis until it responds again, so that nothing else waits and retries do not pile up.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from delivery.log_throttle import log_recovery
from delivery.metrics import REDIS_AWAY
from delivery.redis.address import connection_pool
from delivery.redis.faults import describe_error

logger = logging.getLogger(__name__)

REDIS_TIMEOUT_SECONDS = 0.5
"""Seconds that one script may take, including connecting."""
MAX_REDIS_CONNECTIONS = 16


class RedisUnavailable(Exception):
    """Redis did not respond in time, or calls are suspended because an earlier one failed."""


class RedisClient:
    """One client with its connections. To be used on one event loop."""

    def __init__(self, url: str) -> None:
        self.is_up = False
        """True if Redis responds and has this node's lease. Set by `RedisNodeRegistry`."""
        self._pool = connection_pool(
            url,
            timeout=REDIS_TIMEOUT_SECONDS,
            decode_responses=True,
            max_connections=MAX_REDIS_CONNECTIONS,
            # `probe` has the time-out. The client's own one is a wait_for, which swallows cancels on Python 3.11.
            socket_timeout=None,
        )
        REDIS_AWAY.set(1)
        self._client = Redis(connection_pool=self._pool)
        self._scripts: dict[str, AsyncScript] = {}

    async def run_script(self, script: str, *arguments: str | int) -> Any:
        """Return the result of a Lua script. Raises RedisUnavailable, at once while Redis is down."""
        if not self.is_up:
            raise RedisUnavailable
        return await self.probe(script, *arguments)

    async def probe(self, script: str, *arguments: str | int) -> Any:
        """Do what `run_script` does, even while calls are suspended."""
        registered = self._scripts.get(script)
        if registered is None:
            registered = self._scripts[script] = self._client.register_script(script)
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                return await registered(args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            await self._mark_down(error)
            raise RedisUnavailable from error

    async def _mark_down(self, error: Exception) -> None:
        logger.warning("redis_unreachable", extra={"error": describe_error(error)})
        if self.is_up:
            self.is_up = False
            REDIS_AWAY.set(1)
            try:
                # The other idle connections are most likely broken too.
                await self._pool.disconnect(inuse_connections=False)
            except (RedisError, OSError) as failure:
                logger.info("redis_disconnect_failed", extra={"error": repr(failure)})

    def mark_up(self) -> None:
        """Resume the calls of `run_script`, because Redis responds again."""
        if not self.is_up:
            self.is_up = True
            REDIS_AWAY.set(0)
            log_recovery(logger, "redis_unreachable")

    async def close(self) -> None:
        self.is_up = False
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                await self._client.aclose()
                await self._pool.aclose()
        except (RedisError, OSError, TimeoutError) as error:
            logger.info("redis_disconnect_failed", extra={"error": repr(error)})
