"""Runs functions of other threads on this node's event loop, which owns the hub and its connections.

Code that serves both the loop and other threads is written once, as coroutines that wait by `ask_loop`,
`delivery.db.lookup_cache` and `delivery.db.executors.run_or_call` only. On the loop these suspend. In another thread
they block, so `run_blocking` runs them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LOOP_TIMEOUT_SECONDS = 10.0
"""Seconds that a thread waits for its turn on the event loop."""

_loop: asyncio.AbstractEventLoop | None = None


def set_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Set the event loop to use from now on; None if this process no longer has one."""
    global _loop
    _loop = loop


def call_on_loop(function: Callable[[], T]) -> T:
    """Return what the quick `function` returns on the event loop. See `run_on_loop`."""

    async def call() -> T:
        return function()

    return run_on_loop(call)


def run_on_loop(function: Callable[[], Coroutine[Any, Any, T]], timeout_seconds: float = LOOP_TIMEOUT_SECONDS) -> T:
    """Return what the asynchronous `function` returns on the event loop, for example a presence query.

    For other threads only: on the loop itself it would deadlock. Raises TimeoutError if there is no result in time, and
    RuntimeError if this process has no hub.
    """
    if _loop is None:
        raise RuntimeError("No hub runs in this process.")
    future = asyncio.run_coroutine_threadsafe(function(), _loop)
    try:
        return future.result(timeout_seconds)
    finally:
        # Does nothing to a future that is done; the result of any other has no reader any more.
        future.cancel()


def is_on_loop() -> bool:
    """Return whether the caller runs on this node's event loop."""
    try:
        return _loop is not None and asyncio.get_running_loop() is _loop
    except RuntimeError:
        return False


async def ask_loop(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what the asynchronous `function` returns on the event loop. Off the loop, do what `run_on_loop` does."""
    return await function() if is_on_loop() else run_on_loop(function)


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits only by blocking calls, in a thread without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("The coroutine suspends, so it needs an event loop.")
