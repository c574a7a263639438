"""Token buckets in Redis, which all nodes share. They refill by Redis's clock, and their keys expire once full."""

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

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        arguments = f"im:bucket:{key}", str(rate), str(burst), str(count)
        try:
            left, missing = await self._redis.run_script(_DRAW, *arguments)
        except RedisUnavailable as error:
            raise TokenBucketsUnavailable from error
        return TokenBucketResult(float(left), float(missing))
