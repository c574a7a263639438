"""Token buckets that all nodes draw from, kept in Redis: they fill up by Redis's clock, and go when they are full."""

from __future__ import annotations

from delivery.cluster.redis_client import RedisClient, RedisUnavailable
from delivery.rate_limits.base import TokenBucketResult, TokenBucketsUnavailable

_DRAW = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst, count = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local known = redis.call('HMGET', ARGV[1], 'left', 'at')
local left = burst
if known[1] then left = math.min(burst, known[1] + math.max(0, now - known[2]) * rate) end
local missing = math.min(count, burst) - left
if missing <= 0 then
    left, missing = left - count, 0
    redis.call('HSET', ARGV[1], 'left', left, 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', ARGV[1], math.ceil((burst - left) / rate * 1000) + 1000)
end
return {tostring(left), tostring(missing)}
"""


class RedisTokenBuckets:
    """Token buckets in Redis; see `delivery.rate_limits.base.TokenBuckets`. To be used on the node's event loop."""

    def __init__(self, link: RedisClient) -> None:
        self._link = link

    async def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        try:
            left, missing = await self._link.run(_DRAW, f"im:bucket:{key}", str(rate), str(burst), str(count))
        except RedisUnavailable as error:
            raise TokenBucketsUnavailable from error
        return TokenBucketResult(float(left), float(missing))
