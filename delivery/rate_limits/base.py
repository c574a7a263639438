"""What every store of token buckets offers: one interface for this process's memory and for a store shared by nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class TokenBucketsUnavailable(Exception):
    """The store of the token buckets cannot be reached."""


@dataclass(frozen=True, slots=True)
class TokenBucketResult:
    """Outcome of a draw: tokens `left` (below 0: owed) and tokens `missing`; if any are missing, none was taken."""

    left: float
    missing: float


class TokenBuckets(Protocol):
    """Token buckets by key."""

    async def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        """Take `count` tokens, or none, from a bucket that holds `burst` and refills at `rate` per second.

        A `count` above `burst` is granted when the bucket is full, and the rest is owed.
        Raises TokenBucketsUnavailable.
        """
