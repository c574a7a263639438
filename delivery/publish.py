"""The one door by which anything is announced: committed entries to the hub, and pushes that are in no log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from django.db import transaction

from delivery.hub.connection import Connection
from delivery.hub.hub import Hub
from delivery.log import Entry
from delivery.rate_limits.base import TokenBucketResult, TokenBuckets, TokenBucketsUnavailable

T = TypeVar("T")

LOOP_PATIENCE = 10.0
"""Seconds that a thread waits for its turn on the event loop."""


class EventRelay(Protocol):
    """Sends events to the other nodes."""

    def send(self, entries: Sequence[Entry]) -> None:
        """Send committed events and transient pushes soon. Never waits, never fails. Event loop only."""


_hub: Hub | None = None
_relay: EventRelay | None = None
_buckets: TokenBuckets | None = None


def configure(hub: Hub | None, relay: EventRelay | None = None, buckets: TokenBuckets | None = None) -> None:
    """Announce to this hub from now on, and by the relay to the other nodes, with whom it shares the buckets.

    None: to nobody; every node finds committed entries in the log by itself.
    """
    global _hub, _relay, _buckets
    _hub, _relay, _buckets = hub, relay, buckets


def hub() -> Hub:
    """This process's hub. Raises RuntimeError in a process that serves nobody."""
    if _hub is None:
        raise RuntimeError("No hub runs in this process.")
    return _hub


def running() -> bool:
    return _hub is not None


def draw(name: str, *, rate: float, burst: int, patience: float, count: int = 1) -> TokenBucketResult | None:
    """From a bucket of all nodes; None where there is none, or it cannot be reached in time. As `run_on_loop`."""
    if (buckets := _buckets) is None:
        return None
    try:
        return run_on_loop(lambda: buckets.draw(name, rate=rate, burst=burst, count=count), patience)
    except (TokenBucketsUnavailable, TimeoutError):
        return None


def on_loop(function: Callable[[], T]) -> T:
    """Call the quick `function` on the hub's event loop, where all that the hub holds belongs, and give its result.

    For other threads only: on the loop itself it would wait for itself. TimeoutError if the turn does not come.
    """

    async def call() -> T:
        return function()

    return run_on_loop(call)


def run_on_loop(question: Callable[[], Coroutine[Any, Any, T]], patience: float = LOOP_PATIENCE) -> T:
    """The same for what must wait on the loop, such as a question to the presence."""
    loop = hub().loop
    assert loop is not None
    asked = asyncio.run_coroutine_threadsafe(question(), loop)
    try:
        return asked.result(patience)
    finally:
        asked.cancel()  # If it has no answer yet, nobody waits for it any more.


def committed(entries: Sequence[Entry]) -> None:
    """Announce entries whose transaction has committed. Thread-safe."""
    if _hub is not None and entries:
        _hub.offer(entries)
        if _relay is not None:
            _hub.soon(_relay.send, entries)


def after_commit(entries: Sequence[Entry]) -> None:
    """Announce the entries when the transaction that is open has committed; nothing if it rolls back."""
    transaction.on_commit(lambda: committed(entries))


def transient(entry: Entry, skip: Connection | None = None) -> None:
    """Push at most once, to who is there now, on any node. Thread-safe; `skip` does not get it."""
    if _hub is not None:
        _hub.soon(_hub.deliver_transient, entry, skip)
        if _relay is not None:
            _hub.soon(_relay.send, [entry])
