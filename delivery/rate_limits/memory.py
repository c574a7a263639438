"""Token buckets in this process's memory, by key."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from delivery.rate_limits.base import TokenBucketResult, TokenUse
from delivery.rate_limits.token_bucket import TokenBucket


class MemoryTokenBuckets:
    """Token buckets of this process; see `delivery.rate_limits.base.TokenBuckets`. Thread-safe.

    Above `max_buckets` the least recently used bucket is dropped, so its key has a full bucket again.
    """

    def __init__(self, max_buckets: int) -> None:
        self._max_buckets = max_buckets
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self._lock = threading.Lock()

    async def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        return self.draw_now(key, rate=rate, burst=burst, count=count)

    def draw_now(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        """Do what `draw` does, from any thread. Waits only for the lock."""
        with self._lock:
            return self._bucket(key, rate, burst).draw(count)

    async def use(self, uses: Sequence[TokenUse], *, rate: float, burst: int) -> list[float]:
        with self._lock:
            return [self._bucket(use.key, rate, burst).use(use.tokens) for use in uses]

    def lower(self, key: str, left: float) -> None:
        """Leave at most `left` tokens (negative: owed) in the key's bucket, if it has one."""
        with self._lock:
            if (bucket := self._buckets.get(key)) is not None:
                bucket.lower(left)

    def _bucket(self, key: str, rate: float, burst: int) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(rate, burst)
            if len(self._buckets) > self._max_buckets:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            # As in Redis, a changed limit applies to the buckets that exist.
            bucket.rate, bucket.burst = rate, burst
        return bucket

    def keys(self) -> list[str]:
        """Return the keys that have a bucket, the most recently used last."""
        return list(self._buckets)

    def clear(self) -> None:
        """Remove all buckets: every key has a full one again."""
        self._buckets.clear()
