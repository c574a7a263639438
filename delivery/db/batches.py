"""Work that is done for several requests together, because it costs about as much for many as for one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

RESULTS_PER_TURN = 16
"""Results handed out in one turn of the event loop, because their callers all go on in the next one."""

R = TypeVar("R")
T = TypeVar("T")


class BatchQueue(Generic[R, T]):
    """Processes requests in batches: those that arrive while one is processed are the next. Use it on the event loop.

    After a batch of several requests the next one begins `interval` seconds later, so that busy times have fewer
    batches. A request that comes alone does not wait. `process` takes up to `max_size` requests and returns for each
    its result, or the exception that refuses it. If it raises, its exception is that of all of them.
    """

    def __init__(
        self,
        process: Callable[[Sequence[R]], Awaitable[Sequence[T | Exception]]],
        *,
        max_size: int,
        name: str,
        interval: float = 0.0,
    ) -> None:
        self._process = process
        self._max_size = max_size
        self._name = name
        self._interval = interval
        self._last_size = 0
        self._last_began_at = 0.0
        self._waiting: deque[tuple[R, asyncio.Future[T]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def submit(self, request: R) -> T:
        """Return the result of the request, or raise its exception."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._task = loop, None
            self._waiting.clear()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((request, future))
        if self._task is None:
            # It begins in the next turn of the loop, so what arrives in this one belongs to the first batch.
            self._task = loop.create_task(self._run(), name=self._name, context=Context())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                size = min(len(self._waiting), self._max_size)
                self._last_size, self._last_began_at = size, time.monotonic()
                await self._run_batch([self._waiting.popleft() for _ in range(size)])
        finally:
            self._task = None
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()

    async def _gather(self) -> None:
        """Wait for more requests if the last batch was of several and the next one need not begin yet."""
        pause = self._interval - (time.monotonic() - self._last_began_at)
        if self._last_size > 1 and pause > 0 and len(self._waiting) < self._max_size:
            await asyncio.sleep(pause)

    async def _run_batch(self, batch: Sequence[tuple[R, asyncio.Future[T]]]) -> None:
        outcomes: Sequence[T | Exception]
        try:
            try:
                outcomes = await self._process([request for request, _ in batch])
            except Exception as error:
                outcomes = [error] * len(batch)
            for start in range(0, len(batch), RESULTS_PER_TURN):
                if start:
                    await asyncio.sleep(0)
                end = start + RESULTS_PER_TURN
                _resolve([future for _, future in batch[start:end]], outcomes[start:end])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise


def _resolve(futures: Sequence[asyncio.Future[T]], outcomes: Sequence[T | Exception]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue  # Its caller has been cancelled.
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
