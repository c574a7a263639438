"""Work that is done for several requests together, because it costs about as much for many as for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

R = TypeVar("R")
T = TypeVar("T")


class BatchQueue(Generic[R, T]):
    """Processes requests in batches: those that arrive while one is processed are the next. Use it on the event loop.

    `process` takes up to `max_size` requests and returns for each its result, or the exception that refuses it. If it
    raises, its exception is that of all of them.
    """

    def __init__(
        self, process: Callable[[Sequence[R]], Awaitable[Sequence[T | Exception]]], *, max_size: int, name: str
    ) -> None:
        self._process = process
        self._max_size = max_size
        self._name = name
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
            self._task = loop.create_task(self._run(), name=self._name)
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), self._max_size)
                await self._run_batch([self._waiting.popleft() for _ in range(size)])
        finally:
            self._task = None
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()

    async def _run_batch(self, batch: Sequence[tuple[R, asyncio.Future[T]]]) -> None:
        outcomes: Sequence[T | Exception]
        try:
            outcomes = await self._process([request for request, _ in batch])
        except Exception as error:
            outcomes = [error] * len(batch)
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if future.done():
                continue  # Its caller has been cancelled.
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
