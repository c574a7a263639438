"""The interface of a store of token buckets, in this process's memory (`memory`) or shared by all nodes in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class TokenBucketsUnavailable(Exception):
    """The store of the token buckets cannot be reached."""


class TokenBucketResult(NamedTuple):
    """Outcome of a draw: tokens `left` (negative: owed) and tokens `missing`. If any are missing, none was taken."""

    left: float
    missing: float


class TokenUse(NamedTuple):
    """Tokens of the bucket `key` that were used already."""

    key: str
    tokens: int


class TokenBuckets(Protocol):
    """Token buckets by key. To be used on the node's event loop; `RateLimiter` uses them from threads."""

    async def draw(self, key: str, *, rate: float, burst: int, count: int = 1) -> TokenBucketResult:
        """Take `count` tokens, or none, from a bucket that holds `burst` tokens and refills at `rate` per second.

        A full bucket grants a `count` above `burst` as well, and the rest is owed. Raises TokenBucketsUnavailable.
        """

    async def use(self, uses: Sequence[TokenUse], *, rate: float, burst: int) -> list[float]:
        """Take tokens that were used already, also those that a bucket does not have, and return what each has left.

        Raises TokenBucketsUnavailable.
        """
