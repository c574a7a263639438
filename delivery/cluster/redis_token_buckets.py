"""Token buckets in Redis, which all nodes share. They refill by Redis's clock, and their keys expire once full."""

from __future__ import annotations

from collections.abc import Sequence

from delivery.cluster.redis_client import RedisClient, RedisUnavailable
from delivery.rate_limits.base import TokenBucketResult, TokenBucketsUnavailable, TokenUse

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


_USE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local rest = {}
for place = 3, #ARGV, 2 do
    local key, count = ARGV[place], tonumber(ARGV[place + 1])
    local known = redis.call('HMGET', key, 'left', 'at')
    local left = burst
    if known[1] then left = math.min(burst, known[1] + math.max(0, now - known[2]) * rate) end
    left = left - count
    redis.call('HSET', key, 'left', left, 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil((burst - left) / rate * 1000) + 1000)
    rest[#rest + 1] = tostring(left)
end
return rest
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

    async def use(self, uses: Sequence[TokenUse], *, rate: float, burst: int) -> list[float]:
        arguments = [part for use in uses for part in (f"im:bucket:{use.key}", str(use.tokens))]
        try:
            return [float(left) for left in await self._redis.run_script(_USE, str(rate), str(burst), *arguments)]
        except RedisUnavailable as error:
            raise TokenBucketsUnavailable from error
