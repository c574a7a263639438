"""Database look-ups of the event loop: read in batches, kept for a few seconds, dropped when they change."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from delivery.db.executors import run
from delivery.event_loop import is_on_loop

K = TypeVar("K")
V = TypeVar("V")

MAX_AGE_SECONDS = 4.0
"""Seconds after which a value is read again, even if nothing has announced a change. The site promises five seconds."""

KEYS_PER_QUERY = 5000
"""Keys that `load` is given at a time. Databases limit the parameters of a statement."""


@dataclass(slots=True)
class _Values(Generic[K, V]):
    """Results read since `since`. They are replaced as a whole, so an earlier read never adds to newer ones."""

    since: float
    known: set[K] = field(default_factory=set)
    """Keys that have been looked up."""
    found: dict[K, V] = field(default_factory=dict)
    """Values of those keys that have one. The value of a forgotten key stays here for readers in another thread."""


@dataclass(slots=True)
class _Batch(Generic[K, V]):
    """Keys that the next read looks up together, and its result."""

    result: asyncio.Future[Mapping[K, V]]
    keys: set[K] = field(default_factory=set)


class LookupCache(Generic[K, V]):
    """Keeps values by key for MAX_AGE_SECONDS, and reads missing ones in batches.

    `load` returns the values of those keys that have one. It runs in a database thread, one batch at a time; keys that
    are requested meanwhile are the next batch. So a caller that asks after `forget` gets a value that was read after
    it. Keys without a value are kept if `keeps_absent`. Above `max_keys` keys, all are dropped.

    Ask on the node's event loop. In other threads every call reads from the database, in the calling thread.
    `forget` and `clear` may be called from any thread.
    """

    def __init__(
        self, load: Callable[[Collection[K]], Mapping[K, V]], *, max_keys: int, keeps_absent: bool = True
    ) -> None:
        self._load = load
        self._max_keys = max_keys
        self._keeps_absent = keeps_absent
        self._lock = threading.Lock()
        self._values: _Values[K, V] = _Values(time.monotonic())
        self._changed: set[K] = set()
        """Keys that were forgotten during the present read."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: _Batch[K, V] | None = None
        self._reader: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """Return the value of the key, None if it has none."""
        if not is_on_loop():
            return self._load((key,)).get(key)
        values = self._current_values()
        if key in values.known:
            return values.found.get(key)
        return (await self._read((key,))).get(key)

    async def get_many(self, keys: Set[K]) -> dict[K, V]:
        """Return the values of those keys that have one."""
        if not is_on_loop():
            return dict(self._load(keys)) if keys else {}
        values = self._current_values()
        if keys <= values.known:
            return _select(values.found, keys)
        missing = keys - values.known
        found = _select(values.found, keys - missing)
        return found | _select(await self._read(missing), missing)

    def forget(self, key: K) -> None:
        """Drop the value of the key, which has changed."""
        with self._lock:
            self._values.known.discard(key)
            if self._reader is not None:
                self._changed.add(key)

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values = _Values(time.monotonic())
            self._changed = set()

    def _current_values(self) -> _Values[K, V]:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._next, self._reader = loop, None, None
            self.clear()
        values = self._values
        if time.monotonic() - values.since > MAX_AGE_SECONDS or len(values.known) > self._max_keys:
            self.clear()
        return self._values

    async def _read(self, keys: Collection[K]) -> Mapping[K, V]:
        if self._next is None:
            self._next = _Batch(asyncio.get_running_loop().create_future())
        self._next.keys.update(keys)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_batches(), name="lookups", context=Context())
        # One caller that gives up must not end the read of the others.
        return await asyncio.shield(self._next.result)

    async def _read_batches(self) -> None:
        try:
            while (batch := self._next) is not None:
                self._next = None
                await self._read_batch(batch)
        finally:
            self._reader = None

    async def _read_batch(self, batch: _Batch[K, V]) -> None:
        with self._lock:
            values, self._changed = self._values, set()
        try:
            loaded = await run(self._load_all, list(batch.keys))
        except Exception as error:
            batch.result.set_exception(error)
            # All its waiters may have been cancelled; an exception that no one reads would be logged.
            batch.result.exception()
        except asyncio.CancelledError:
            batch.result.cancel()
            raise
        else:
            self._keep(values, batch.keys, loaded)
            batch.result.set_result(loaded)

    def _load_all(self, keys: Sequence[K]) -> Mapping[K, V]:
        loaded: dict[K, V] = {}
        for start in range(0, len(keys), KEYS_PER_QUERY):
            loaded |= self._load(keys[start : start + KEYS_PER_QUERY])
        return loaded

    def _keep(self, values: _Values[K, V], keys: Set[K], loaded: Mapping[K, V]) -> None:
        with self._lock:
            unchanged = (keys if self._keeps_absent else keys & loaded.keys()) - self._changed
            for key in unchanged - loaded.keys():
                values.found.pop(key, None)
            values.found.update(_select(loaded, unchanged))
            values.known |= unchanged


def _select(values: Mapping[K, V], keys: Set[K]) -> dict[K, V]:
    return {key: values[key] for key in values.keys() & keys}
