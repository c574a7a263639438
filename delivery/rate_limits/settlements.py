"""Settles this node's rate limits with the other nodes while it runs."""

from __future__ import annotations

import asyncio

from delivery.rate_limits.base import TokenBuckets, TokenBucketsUnavailable
from delivery.rate_limits.declared import SETTLED_LIMITS

INTERVAL_SECONDS = 0.5


async def run_settlements(shared: TokenBuckets) -> None:
    """Settle all limits with the shared buckets, again and again until the task is cancelled."""
    for limit in SETTLED_LIMITS:
        limit.is_settled = True
    try:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await settle_all(shared)
    finally:
        for limit in SETTLED_LIMITS:
            limit.is_settled = False


async def settle_all(shared: TokenBuckets) -> None:
    """Settle each limit. While the shared buckets cannot be reached, its uses count on this node only."""
    for limit in SETTLED_LIMITS:
        try:
            await limit.settle(shared)
        except TokenBucketsUnavailable:
            continue
