"""One token bucket in memory: allows a burst at once and a steady rate over time."""

from __future__ import annotations

import time

from delivery.rate_limits.base import TokenBucketResult


class TokenBucket:
    """Holds `burst` tokens and refills at `rate` tokens per second. Not thread-safe."""

    __slots__ = ("_tokens", "_updated_at", "burst", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = self._tokens = burst
        self._updated_at = time.monotonic()

    def take(self) -> bool:
        """Take one token if there is one. A refusal costs a token as well, down to `-burst`: see `is_overdrawn`."""
        self._refill()
        allowed = self._tokens >= 1
        self._tokens = max(self._tokens - 1, -self.burst)
        return allowed

    def draw(self, count: int) -> TokenBucketResult:
        """Take `count` tokens, or none; a refusal costs nothing. See `delivery.rate_limits.base.TokenBuckets.draw`."""
        self._refill()
        missing = max(0.0, min(count, self.burst) - self._tokens)
        if not missing:
            self._tokens -= count
        return TokenBucketResult(self._tokens, missing)

    def use(self, count: int) -> float:
        """Take `count` tokens, also those that it does not have, and return what is left (negative: owed)."""
        self._refill()
        self._tokens -= count
        return self._tokens

    def lower(self, left: float) -> None:
        """Leave at most `left` tokens (negative: owed)."""
        self._refill()
        self._tokens = min(self._tokens, left)

    def _refill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._updated_at) * self.rate)
        self._updated_at = now

    def retry_after(self) -> float:
        """Return the seconds until the bucket has a token again, counted from the last call of `take`."""
        return max(0.0, (1 - self._tokens) / self.rate)

    @property
    def is_overdrawn(self) -> bool:
        """Return whether `burst` requests have been refused in a row, which is a flood rather than an oversight."""
        return self._tokens <= -self.burst
