"""The rate limiter for threads: counts on all nodes together where they share token buckets, else on this node alone.

n nodes that count alone allow n times as much. The database is still protected then, because each node limits itself.
"""

from __future__ import annotations

from delivery.event_loop import run_on_loop
from delivery.rate_limits.base import TokenBucketResult, TokenBuckets, TokenBucketsUnavailable
from delivery.rate_limits.memory import MemoryTokenBuckets

_shared_buckets: TokenBuckets | None = None


def use_shared_buckets(buckets: TokenBuckets | None) -> None:
    """Let all rate limiters of this process count with these buckets from now on; None: on this node alone."""
    global _shared_buckets
    _shared_buckets = buckets


class RateLimiter:
    """Limits what each key may do. For threads, not for the event loop.

    `prefix` tells its keys from those of other limiters in the shared buckets. A draw waits up to
    `shared_timeout_seconds` for them. In memory it remembers up to `max_keys` keys.
    """

    def __init__(self, prefix: str, *, max_keys: int, shared_timeout_seconds: float) -> None:
        self._prefix = prefix
        self._shared_timeout_seconds = shared_timeout_seconds
        self._local_buckets = MemoryTokenBuckets(max_keys)

    def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        """Take `count` tokens, or none, from the key's bucket. See `delivery.rate_limits.base.TokenBuckets.draw`."""
        result = self._draw_shared(key, rate, burst, count)
        return result or self._local_buckets.draw_now(key, rate=rate, burst=burst, count=count)

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
        """Return the keys that this node has counted alone."""
        return self._local_buckets.keys()

    def reset(self) -> None:
        """Forget what this node has counted alone."""
        self._local_buckets.clear()
