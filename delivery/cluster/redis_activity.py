"""Activity of a cluster: each node writes that of its users to Redis, in one call per second."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from django.conf import settings

from delivery.cluster.redis_client import RedisClient, RedisUnavailable
from delivery.presence.activity import MemoryActivity

WRITE_DELAY_SECONDS = 1.0
USERS_PER_CALL = 500

_WRITE = """
for index = 2, #ARGV, 2 do
    local key = 'im:active:' .. ARGV[index]
    if ARGV[index + 1] == '1' then redis.call('SET', key, '1', 'PX', ARGV[1]) else redis.call('DEL', key) end
end
"""
_READ = """
local found = {}
for _, user in ipairs(ARGV) do
    if redis.call('EXISTS', 'im:active:' .. user) == 1 then found[#found + 1] = user end
end
return found
"""


class RedisActivity:
    """Activity in Redis; see `delivery.presence.activity.Activity`. Without Redis, that of this node."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._local = MemoryActivity()
        self._changed: dict[int, bool] = {}
        self._writing: asyncio.Task[None] | None = None

    def record(self, user_id: int, *, is_active: bool) -> None:
        self._local.record(user_id, is_active=is_active)
        self._changed[user_id] = is_active
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_soon(), name="activity")

    async def filter_active(self, user_ids: Collection[int]) -> set[int]:
        active = await self._local.filter_active(user_ids)
        others = [user_id for user_id in user_ids if user_id not in active and user_id not in self._changed]
        try:
            for start in range(0, len(others), USERS_PER_CALL):
                found = await self._redis.run_script(_READ, *others[start : start + USERS_PER_CALL])
                active |= {int(user_id) for user_id in found}
        except RedisUnavailable:
            return active
        return active

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITE_DELAY_SECONDS)
        changed, self._changed, self._writing = list(self._changed.items()), {}, None
        try:
            for start in range(0, len(changed), USERS_PER_CALL):
                arguments: list[int] = []
                for user_id, is_active in changed[start : start + USERS_PER_CALL]:
                    arguments += (user_id, int(is_active))
                await self._redis.run_script(_WRITE, round(settings.IM_PUSH_ACTIVE_SECONDS * 1000), *arguments)
        except RedisUnavailable:
            return  # The pages say it again.
