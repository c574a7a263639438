"""Activity of a cluster: each node writes that of its users to Redis, in one call per second.

`im:activity:<user>` is a sorted set of nodes, by the time until which the user counts as active on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextvars import Context

from delivery.cluster.redis_client import RedisClient, RedisUnavailable
from delivery.presence.activity import MemoryActivity

WRITE_DELAY_SECONDS = 1.0
USERS_PER_CALL = 500

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_WRITE = (
    _NOW
    + """
-- Arguments: node, then for each user: their id, and for how many milliseconds they are active on the node.
for index = 2, #ARGV, 2 do
    local key, left = 'im:activity:' .. ARGV[index], tonumber(ARGV[index + 1])
    if left > 0 then
        redis.call('ZADD', key, now + left, ARGV[1])
        if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, left) end
    else
        redis.call('ZREM', key, ARGV[1])
    end
end
"""
)
_READ = (
    _NOW
    + """
-- Arguments: node, users. Returns the users who are active on another node.
local found = {}
for index = 2, #ARGV do
    for _, node in ipairs(redis.call('ZRANGEBYSCORE', 'im:activity:' .. ARGV[index], now, '+inf')) do
        if node ~= ARGV[1] then
            found[#found + 1] = ARGV[index]
            break
        end
    end
end
return found
"""
)


class RedisActivity:
    """Activity in Redis; see `delivery.presence.activity.Activity`. Without Redis, that of this node."""

    def __init__(self, redis: RedisClient, node: str) -> None:
        self._redis = redis
        self._node = node
        self._local = MemoryActivity()
        self._changed: set[int] = set()
        self._writing: asyncio.Task[None] | None = None

    def record(self, user_id: int, connection: str, *, is_active: bool) -> None:
        self._local.record(user_id, connection, is_active=is_active)
        self._changed.add(user_id)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_soon(), name="activity", context=Context())

    async def filter_active(self, user_ids: Collection[int]) -> set[int]:
        active = await self._local.filter_active(user_ids)
        others = [user_id for user_id in user_ids if user_id not in active]
        try:
            for start in range(0, len(others), USERS_PER_CALL):
                found = await self._redis.run_script(_READ, self._node, *others[start : start + USERS_PER_CALL])
                active |= {int(user_id) for user_id in found}
        except RedisUnavailable:
            return active
        return active

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITE_DELAY_SECONDS)
        changed, self._changed, self._writing = list(self._changed), set(), None
        try:
            for start in range(0, len(changed), USERS_PER_CALL):
                arguments: list[int] = []
                for user_id in changed[start : start + USERS_PER_CALL]:
                    arguments += (user_id, round(self._local.seconds_left(user_id) * 1000))
                await self._redis.run_script(_WRITE, self._node, *arguments)
        except RedisUnavailable:
            return  # The pages say it again.
