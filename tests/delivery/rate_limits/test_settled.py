"""A user who uses several nodes has one rate; each node counts at once and tells the others afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from django.conf import Settings

from delivery.rate_limits.base import TokenBucketsUnavailable, TokenUse
from delivery.rate_limits.declared import ANONYMOUS, SENDS, SETTLED_LIMITS, reset_limits
from delivery.rate_limits.memory import MemoryTokenBuckets
from delivery.rate_limits.settled import SettledRateLimit
from delivery.rate_limits.settlements import run_settlements, settle_all
from tests.support.clock import Clock
from tests.support.waiting import wait_until

BURST = 8


@pytest.fixture(autouse=True)
def _limits(settings: Settings, bucket_clock: Clock) -> Iterator[None]:
    settings.IM_SEND_RATE, settings.IM_SEND_BURST = 1.0, BURST  # type: ignore[attr-defined]
    reset_limits()
    yield
    reset_limits()


@pytest.fixture
def nodes() -> list[SettledRateLimit]:
    """Return the same limit as it is on two nodes."""
    made = [SettledRateLimit(SENDS.declared) for _ in range(2)]
    for limit in made:
        limit.is_settled = True
    return made


def allowed(limit: SettledRateLimit, key: int = 1) -> int:
    """Use the limit until it refuses, and return the number of uses."""
    count = 0
    while not limit.take(key):
        count += 1
    return count


def test_a_refusal_says_how_long_to_wait(bucket_clock: Clock) -> None:
    limit = SettledRateLimit(SENDS.declared)
    assert allowed(limit) == BURST
    assert limit.take(1) == pytest.approx(1.0)
    bucket_clock.now += 0.75
    assert limit.take(1) == pytest.approx(0.25)
    assert limit.take(2) == 0.0
    bucket_clock.now += 0.25
    assert limit.take(1) == 0.0


async def test_two_nodes_have_one_rate(nodes: list[SettledRateLimit], bucket_clock: Clock) -> None:
    shared = MemoryTokenBuckets(100)
    assert [allowed(node) for node in nodes] == [BURST, BURST]
    for _ in range(2):
        for node in nodes:
            await node.settle(shared)

    seconds = 100
    later = 0
    for _ in range(seconds):
        bucket_clock.now += 1.0
        for node in nodes:
            later += allowed(node)
        for node in nodes:
            await node.settle(shared)

    assert later <= seconds + 2 * BURST, "not twice the rate"


async def test_little_use_is_not_reported(nodes: list[SettledRateLimit]) -> None:
    shared = MemoryTokenBuckets(100)
    for key in range(50):
        assert nodes[0].take(key) == 0.0

    await nodes[0].settle(shared)

    assert shared.keys() == []


async def test_use_at_the_rate_of_each_node_is_reported(bucket_clock: Clock) -> None:
    """The bucket of a node that a user uses at the rate stays full."""
    nodes = [SettledRateLimit(SENDS.declared) for _ in range(4)]
    for node in nodes:
        node.is_settled = True
    shared = MemoryTokenBuckets(100)

    seconds = 200
    used = 0
    for _ in range(seconds):
        bucket_clock.now += 1.0
        used += sum(node.take(1) == 0.0 for node in nodes)
        for node in nodes:
            await node.settle(shared)

    assert used <= seconds + len(nodes) * BURST, "not four times the rate"


async def test_use_below_a_tenth_of_the_rate_is_never_reported(
    nodes: list[SettledRateLimit], bucket_clock: Clock
) -> None:
    shared = MemoryTokenBuckets(100)
    for _ in range(50):
        bucket_clock.now += 10.5
        assert nodes[0].take(1) == 0.0
        await nodes[0].settle(shared)

    assert shared.keys() == []


async def test_shared_buckets_do_not_reveal_addresses(settings: Settings) -> None:
    settings.IM_ANONYMOUS_RATE, settings.IM_ANONYMOUS_BURST = 1.0, BURST  # type: ignore[attr-defined]
    nodes = [SettledRateLimit(ANONYMOUS.declared) for _ in range(2)]
    shared = MemoryTokenBuckets(100)
    for node in nodes:
        node.is_settled = True
        assert sum(node.take("203.0.113.7") == 0.0 for _ in range(6)) == 6
    for node in nodes:
        await node.settle(shared)

    assert nodes[1].take("203.0.113.7") > 0, "the uses of the other node count"
    [key] = shared.keys()
    assert key.startswith("anonymous:") and "203" not in key


async def test_use_during_a_settlement_counts(nodes: list[SettledRateLimit]) -> None:
    node = nodes[0]

    class Slow(MemoryTokenBuckets):
        async def use(self, uses: Sequence[TokenUse], *, rate: float, burst: int) -> list[float]:
            left = await super().use(uses, rate=rate, burst=burst)
            assert node.take(1) == 0.0
            return left

    for _ in range(4):
        node.take(1)
    await node.settle(Slow(100))

    assert allowed(node) == BURST - 5


async def test_a_node_limits_by_itself_while_the_shared_buckets_are_away() -> None:
    class Away(MemoryTokenBuckets):
        async def use(self, uses: Sequence[TokenUse], *, rate: float, burst: int) -> list[float]:
            raise TokenBucketsUnavailable

    SENDS.is_settled = True
    try:
        assert allowed(SENDS) == BURST
        await settle_all(Away(100))
        assert SENDS.take(1) > 0 and SENDS.take(2) == 0.0
    finally:
        SENDS.is_settled = False


async def test_a_node_of_a_cluster_settles_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("delivery.rate_limits.settlements.INTERVAL_SECONDS", 0.001)
    shared = MemoryTokenBuckets(100)
    task = asyncio.create_task(run_settlements(shared))
    await wait_until(lambda: SENDS.is_settled)
    allowed(SENDS)
    await wait_until(lambda: shared.keys() == ["sends:1"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert not any(limit.is_settled for limit in SETTLED_LIMITS)
