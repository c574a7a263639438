"""Look-ups of the event loop are read in batches, and never older than the last change that was announced."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Iterator

import pytest

from delivery import event_loop
from delivery.db import lookup_cache
from delivery.db.lookup_cache import LookupCache
from delivery.event_loop import run_blocking
from tests.support.waiting import TIMEOUT_SECONDS


class Table:
    """A table and the keys of each read. A read waits while `gate` is closed."""

    def __init__(self) -> None:
        self.rows = {"a": 1, "b": 2}
        self.reads: list[set[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()

    def load(self, keys: Collection[str]) -> dict[str, int]:
        found = {key: self.rows[key] for key in keys if key in self.rows}
        self.reads.append(set(keys))
        self.began.set()
        assert self.gate.wait(TIMEOUT_SECONDS)
        return found


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture(autouse=True)
def _no_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_cache, "MAX_AGE_SECONDS", 3600.0)


@pytest.fixture
def cache(table: Table) -> LookupCache[str, int]:
    return LookupCache(table.load, max_keys=10)


@pytest.fixture
async def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the test's loop that of the node."""
    monkeypatch.setattr(event_loop, "_loop", asyncio.get_running_loop())


async def test_concurrent_look_ups_share_a_read(node: None, cache: LookupCache[str, int], table: Table) -> None:
    one, many = await asyncio.gather(cache.get("a"), cache.get_many({"a", "b", "c"}))
    assert (one, many) == (1, {"a": 1, "b": 2})
    assert table.reads == [{"a", "b", "c"}]
    assert await cache.get_many({"a", "c"}) == {"a": 1} and await cache.get("c") is None
    assert len(table.reads) == 1
    assert await cache.get_many({"a", "d"}) == {"a": 1}
    assert table.reads[1:] == [{"d"}]


async def test_a_value_that_changes_during_its_read_is_read_again(
    node: None, cache: LookupCache[str, int], table: Table
) -> None:
    for change in (lambda: cache.forget("a"), cache.clear):
        table.rows["a"] = 1
        cache.clear()
        table.began.clear()
        table.gate.clear()
        early = asyncio.create_task(cache.get("a"))
        await asyncio.to_thread(table.began.wait, TIMEOUT_SECONDS)
        table.rows["a"] = 5
        await asyncio.to_thread(change)
        # This one asks after the change, so it must not get the read that began before it.
        late = asyncio.create_task(cache.get("a"))
        await asyncio.sleep(0)
        table.gate.set()
        assert (await early, await late) == (1, 5)
        assert await cache.get("a") == 5


async def test_values_are_read_again_in_time_and_dropped_if_too_many(
    node: None, cache: LookupCache[str, int], table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cache.get("a")
    with monkeypatch.context() as patch:
        patch.setattr(lookup_cache, "MAX_AGE_SECONDS", -1.0)
        await cache.get("a")
    assert table.reads == [{"a"}] * 2
    await cache.get_many({str(number) for number in range(11)})
    await cache.get("a")
    assert table.reads[3:] == [{"a"}]


async def test_absent_keys_need_not_be_kept(node: None, table: Table) -> None:
    cache = LookupCache(table.load, max_keys=10, keeps_absent=False)
    assert [await cache.get("c") for _ in range(2)] == [None, None]
    assert [await cache.get("a") for _ in range(2)] == [1, 1]
    assert table.reads == [{"c"}, {"c"}, {"a"}]


async def test_a_failed_read_fails_its_callers_only(node: None, cache: LookupCache[str, int], table: Table) -> None:
    def fail(keys: Collection[str]) -> dict[str, int]:
        raise LookupError

    cache._load = fail
    results = await asyncio.gather(cache.get("a"), cache.get_many({"b"}), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError, LookupError]
    cache._load = table.load
    assert await cache.get("a") == 1


async def test_a_caller_that_gives_up_does_not_end_the_read(
    node: None, cache: LookupCache[str, int], table: Table
) -> None:
    first, second = asyncio.create_task(cache.get("a")), asyncio.create_task(cache.get("b"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2
    assert table.reads == [{"a", "b"}]


def test_a_thread_reads_by_itself_each_time(cache: LookupCache[str, int], table: Table) -> None:
    for _ in range(2):
        assert run_blocking(cache.get("a")) == 1
        assert run_blocking(cache.get_many({"b", "c"})) == {"b": 2}
    assert table.reads == [{"a"}, {"b", "c"}] * 2
    assert run_blocking(cache.get_many(set())) == {} and len(table.reads) == 4
