"""Sends on their way to the writer: what arrives while one batch commits is the next batch.

So a lone send does not wait, and a crowd shares a commit. A send is acknowledged after its commit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Sequence

from django.conf import settings

from chat import errors
from chat.errors import ChatError
from chat.sending.writer import Draft, Outcome, Stored, commit
from delivery.db.executors import run_priority

logger = logging.getLogger(__name__)


class WriteQueue:
    """Gathers sends of this process and commits them in batches, one batch at a time, in the order they came."""

    def __init__(self, pace: float | None = None) -> None:
        """`pace`: seconds between commits in a crowd; None: IM_COMMIT_INTERVAL."""
        self._pace: float = settings.IM_COMMIT_INTERVAL if pace is None else pace
        self._waiting: deque[tuple[Draft, asyncio.Future[Stored]]] = deque()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._last_began = 0.0
        self._last_senders: set[int] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="write queue")

    async def stop(self) -> None:
        """Commit what waits, then end."""
        if self._task is not None:
            self._stopping = True
            self._arrived.set()
            await self._task
            self._task = None

    def submit(self, draft: Draft) -> asyncio.Future[Stored]:
        """Queue a draft; its future has the result after the commit, or the ChatError or DatabaseError."""
        return self.submit_all([draft])[0]

    def submit_all(self, drafts: Sequence[Draft]) -> list[asyncio.Future[Stored]]:
        """The same for several drafts; either all of them are queued, or none. Once the queue has ended, none is."""
        ended = self._stopping and (self._task is None or self._task.done())
        if ended or len(self._waiting) + len(drafts) > settings.IM_WRITE_QUEUE_SIZE:
            raise ChatError(errors.TOO_MUCH, "The site is busy. Try again in a second.", retryAfter=1)
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Stored]] = [loop.create_future() for _ in drafts]
        self._waiting.extend(zip(drafts, futures, strict=True))
        self._arrived.set()
        return futures

    async def _run(self) -> None:
        while not self._stopping:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._let_gather()
                count = min(len(self._waiting), settings.IM_BATCH_MESSAGES)
                batch = [self._waiting.popleft() for _ in range(count)]
                self._last_began, self._last_senders = time.monotonic(), {draft.sender for draft, _ in batch}
                try:
                    outcomes = await run_priority(commit, [draft for draft, _ in batch])
                except Exception as error:
                    logger.warning("commit_failed", extra={"messages": count, "error": repr(error)})
                    _resolve((future for _, future in batch), [error] * count)
                else:
                    _resolve((future for _, future in batch), outcomes)

    async def _let_gather(self) -> None:
        """In a crowd, leave some time between commits; one who sends one after the other does not wait."""
        if self._last_senders == {self._waiting[0][0].sender}:
            return
        left = self._last_began + self._pace - time.monotonic()
        if left > 0 and len(self._waiting) < settings.IM_BATCH_MESSAGES and not self._stopping:
            await asyncio.sleep(left)


def _resolve(futures: Iterable[asyncio.Future[Stored]], outcomes: Sequence[Outcome]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():  # Its connection has gone; the message is stored all the same.
            continue
        if isinstance(outcome, Stored):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)


_queue: WriteQueue | None = None


def open_queue(queue: WriteQueue | None) -> None:
    """Use this queue for the process's sends from its event loop."""
    global _queue
    _queue = queue


def running_queue() -> WriteQueue | None:
    """The same, or None in a process that has none."""
    return _queue


def current_queue() -> WriteQueue:
    if _queue is None:
        raise RuntimeError("No write queue runs in this process.")
    return _queue
