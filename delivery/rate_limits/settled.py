"""Rate limits that are counted in this process at once and settled between the nodes afterwards.

A use costs no call to Redis. Twice a second a node reports the uses of those who use much, and learns what they used on
other nodes. So the rate holds for the whole site, give or take a tenth of it for each node, and a burst can be had once
on each node. While the shared buckets cannot be reached, each node limits by itself.
"""

from __future__ import annotations

import threading

from django.conf import settings
from django.utils.crypto import salted_hmac

from delivery.rate_limits.base import TokenBuckets, TokenUse
from delivery.rate_limits.limit import RateLimitDeclaration
from delivery.rate_limits.memory import MemoryTokenBuckets

MAX_USES_PER_CALL = 500
"""Buckets that are settled in one call of the shared buckets."""

_MAX_KEYS = 50_000
_UNREPORTED_BURST_SHARE = 0.25
_UNREPORTED_RATE_SHARE = 0.1
"""Parts of a burst and of a rate that a node does not report, so that ordinary use costs no call."""


class SettledRateLimit:
    """Limits the uses of each key, such as a user's id, by the options that `declared` names. Thread-safe.

    `is_settled` False: nobody calls `settle`, so no uses are kept for it.
    """

    def __init__(self, declared: RateLimitDeclaration) -> None:
        self.declared = declared
        self.is_settled = False
        self._buckets = MemoryTokenBuckets(_MAX_KEYS)
        self._unreported = MemoryTokenBuckets(_MAX_KEYS)
        self._unsettled: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def _rate(self) -> float:
        rate: float = getattr(settings, self.declared.rate)
        return rate

    @property
    def _burst(self) -> int:
        burst: int = getattr(settings, self.declared.burst)
        return burst

    def take(self, key: int | str) -> float:
        """Count a use by the key and return 0.0; if it has none left, return the seconds until it has one again."""
        name, rate, burst = str(key), self._rate, self._burst
        result = self._buckets.draw_now(name, rate=rate, burst=burst)
        if result.missing > 0:
            return max(0.001, result.missing / rate)
        if self.is_settled and self._is_much(name, result.left, rate, burst):
            with self._lock:
                self._unsettled[name] = self._unsettled.get(name, 0) + 1
        return 0.0

    def retry_after(self, key: int | str) -> float:
        """Return the seconds until the key has a use, without counting one; 0.0 if it has one now."""
        rate = self._rate
        left = self._buckets.draw_now(str(key), rate=rate, burst=self._burst, count=0).left
        return max(0.0, (1.0 - left) / rate)

    def _is_much(self, name: str, left: float, rate: float, burst: int) -> bool:
        """Return whether a use is to be reported. The bucket alone does not tell: at the rate it stays full."""
        if left < burst * (1 - _UNREPORTED_BURST_SHARE):
            return True
        free_burst = max(1, round(burst * _UNREPORTED_BURST_SHARE))
        return self._unreported.draw_now(name, rate=rate * _UNREPORTED_RATE_SHARE, burst=free_burst).missing > 0

    async def settle(self, shared: TokenBuckets) -> None:
        """Report the uses since the last call to the shared buckets, and take over what is left there.

        Raises TokenBucketsUnavailable; these uses then count on this node only.
        """
        with self._lock:
            uses, self._unsettled = self._unsettled, {}
        names = list(uses)
        for start in range(0, len(names), MAX_USES_PER_CALL):
            chunk = names[start : start + MAX_USES_PER_CALL]
            left = await shared.use([TokenUse(self._shared_key(name), uses[name]) for name in chunk],
                                    rate=self._rate, burst=self._burst)  # fmt: skip
            for name, tokens in zip(chunk, left, strict=True):
                with self._lock:
                    tokens -= self._unsettled.get(name, 0)
                self._buckets.lower(name, tokens)

    def _shared_key(self, name: str) -> str:
        """Return the key in the shared buckets, which do not reveal addresses."""
        if self.declared.counted_by == "address":
            name = salted_hmac("delivery.rate_limits", name).hexdigest()
        return f"{self.declared.name}:{name}"

    def reset(self) -> None:
        """Give every key a full bucket in this process."""
        self._buckets.clear()
        self._unreported.clear()
        self._unsettled.clear()
