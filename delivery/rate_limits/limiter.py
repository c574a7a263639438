"""The rate limiter: counts in the token buckets that all nodes share, else in this process's memory.

Without shared buckets, n nodes allow n times as much; the database is still protected, because each node limits itself.
"""

from __future__ import annotations

import asyncio

from delivery.event_loop import is_on_loop, run_on_loop
from delivery.rate_limits.base import TokenBucketResult, TokenBuckets, TokenBucketsUnavailable
from delivery.rate_limits.memory import MemoryTokenBuckets

_shared_buckets: TokenBuckets | None = None


def use_shared_buckets(buckets: TokenBuckets | None) -> None:
    """Make all rate limiters of this process use these shared buckets; None: buckets in this process's memory."""
    global _shared_buckets
    _shared_buckets = buckets


class RateLimiter:
    """Limits the uses of each key. `draw` is for threads, `draw_async` for the event loop too.

    `prefix` separates its keys from those of other limiters in the shared buckets. A draw waits up to
    `shared_timeout_seconds` for them, then uses this process's memory, which holds up to `max_keys` keys.
    """

    def __init__(self, prefix: str, *, max_keys: int, shared_timeout_seconds: float) -> None:
        self._prefix = prefix
        self._shared_timeout_seconds = shared_timeout_seconds
        self._local_buckets = MemoryTokenBuckets(max_keys)

    def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        """Take `count` tokens, or none, from the key's bucket. See `delivery.rate_limits.base.TokenBuckets.draw`."""
        result = self._draw_shared(key, rate, burst, count)
        return result or self._local_buckets.draw_now(key, rate=rate, burst=burst, count=count)

    async def draw_async(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        """Do what `draw` does, on the event loop without blocking it."""
        if (buckets := _shared_buckets) is None:
            return self._local_buckets.draw_now(key, rate=rate, burst=burst, count=count)
        if not is_on_loop():
            return self.draw(key, rate=rate, burst=burst, count=count)
        try:
            async with asyncio.timeout(self._shared_timeout_seconds):
                return await buckets.draw(f"{self._prefix}:{key}", rate=rate, burst=burst, count=count)
        except (TokenBucketsUnavailable, TimeoutError):
            return self._local_buckets.draw_now(key, rate=rate, burst=burst, count=count)

    def _draw_shared(self, key: str, rate: float, burst: int, count: int) -> TokenBucketResult | None:
        if (buckets := _shared_buckets) is None:
            return None
        try:
            return run_on_loop(
                lambda: buckets.draw(f"{self._prefix}:{key}", rate=rate, burst=burst, count=count),
                self._shared_timeout_seconds,
            )
        except (TokenBucketsUnavailable, TimeoutError):
            return None

    def local_keys(self) -> list[str]:
        """Return the keys that have a bucket in this process's memory."""
        return self._local_buckets.keys()

    def reset(self) -> None:
        """Remove all buckets from this process's memory."""
        self._local_buckets.clear()
