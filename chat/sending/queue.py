"""Queue of drafts for the writer: drafts that arrive while one batch commits form the next batch.

So a single draft does not wait, and many share a commit. A draft is acknowledged after its commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import compress

from django.conf import settings

from chat import reasons
from chat.errors import ChatError
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.writer import commit
from delivery import metrics, publish, tracing
from delivery.db.executors import run_priority
from delivery.log import Entry
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)

DOUBLING_MESSAGES = 4
"""Messages in a batch after which the next one begins twice as late: a commit costs as much as storing a dozen."""
MAX_INTERVAL_SECONDS = 0.03
"""The longest interval that comes of this growth."""


def interval_after(messages: int, base: float) -> float:
    """Return the seconds between the beginning of a batch of so many messages and the next one. `base`: without load.

    The more arrives in an interval, the more a longer one saves.
    """
    return max(base, min(base * (1 + messages / DOUBLING_MESSAGES), MAX_INTERVAL_SECONDS))


class WriteQueue:
    """Gathers the drafts of this process and commits them in batches, one batch at a time, in order of arrival."""

    def __init__(self, commit_interval: float | None = None) -> None:
        """`commit_interval`: seconds between commits while several users send; None: IM_COMMIT_INTERVAL.

        See `interval_after` for times with many messages.
        """
        self._commit_interval: float = settings.IM_COMMIT_INTERVAL if commit_interval is None else commit_interval
        self._last_size = 0
        self._waiting: deque[tuple[Draft, asyncio.Future[StoredMessage], int]] = deque()
        """The drafts in order of arrival, with their futures and the bytes that each holds."""
        self._held_bytes = 0
        """Bytes of the drafts that wait or are being committed, and of what `holding` holds."""
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._last_batch_at = 0.0
        self._missing_senders: set[int] = set()
        """Senders of the last batch who have not sent again."""
        self._may_commit = asyncio.Event()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="write queue")

    async def stop(self) -> None:
        """Commit the queued drafts, then stop. Later drafts are refused."""
        if self._task is not None:
            self._is_stopping = True
            self._arrived.set()
            self._may_commit.set()
            await self._task
            self._task = None

    def submit(self, draft: Draft) -> asyncio.Future[StoredMessage]:
        """Queue a draft.

        The future returns the stored message after the commit, or raises ChatError or DatabaseError.
        """
        return self.submit_all([draft])[0]

    def submit_all(self, drafts: Sequence[Draft]) -> list[asyncio.Future[StoredMessage]]:
        """Queue several drafts: all or none.

        Raise ChatError SITE_BUSY if the queue has no room for them or has stopped.
        """
        has_stopped = self._is_stopping and (self._task is None or self._task.done())
        if has_stopped or len(self._waiting) + len(drafts) > settings.IM_WRITE_QUEUE_MAX_MESSAGES:
            raise ChatError(reasons.SITE_BUSY, retryAfter=1)
        # Kept for the release: a text grows once it has been encoded, because Python keeps its UTF-8 form.
        sizes = [sys.getsizeof(draft.text) for draft in drafts]
        self._hold(sum(sizes))
        if (trace := tracing.current()) is not None:
            for draft in drafts:
                draft.trace = trace
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[StoredMessage]] = [loop.create_future() for _ in drafts]
        self._waiting.extend(zip(drafts, futures, sizes, strict=True))
        self._arrived.set()
        self._missing_senders.difference_update([draft.sender for draft in drafts])
        if not self._missing_senders or len(self._waiting) >= settings.IM_COMMIT_MAX_MESSAGES:
            self._may_commit.set()
        return futures

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count bytes of a message that cannot be queued yet, such as a picture that is being stored.

        Raise ChatError SITE_BUSY if there is no room for them.
        """
        self._hold(size)
        try:
            yield
        finally:
            self._held_bytes -= size

    def _hold(self, size: int) -> None:
        # A bulk call alone may exceed the limit: it is in memory already.
        if self._held_bytes and self._held_bytes + size > settings.IM_WRITE_QUEUE_MAX_BYTES:
            raise ChatError(reasons.SITE_BUSY, retryAfter=1)
        self._held_bytes += size

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._wait_for_more()
                size = min(len(self._waiting), settings.IM_COMMIT_MAX_MESSAGES)
                batch = [self._waiting.popleft() for _ in range(size)]
                drafts = [draft for draft, *_ in batch]
                futures = {id(draft): future for draft, future, _ in batch}
                self._last_batch_at, self._last_size = time.monotonic(), size
                self._missing_senders = {draft.sender for draft in drafts}
                self._missing_senders.difference_update([draft.sender for draft, *_ in self._waiting])
                announce = partial(_announce, asyncio.get_running_loop(), futures)
                try:
                    outcomes = await run_priority(commit, drafts, announce)
                except Exception as error:
                    logger.warning("commit_failed", extra={"messages": size, "error": repr(error)})
                    metrics.COMMIT_FAILURES.inc()
                    _resolve((future for _, future, _ in batch), [error] * size)
                else:
                    log_recovery(logger, "commit_failed")
                    _resolve((future for _, future, _ in batch), outcomes)
                self._held_bytes -= sum(held for *_, held in batch)

    async def _wait_for_more(self) -> None:
        """Space out the commits while several users send.

        Users who each send one draft after another wait for each other only: the commit begins when all of the last
        batch have sent again.
        """
        left = self._last_batch_at + interval_after(self._last_size, self._commit_interval) - time.monotonic()
        is_full = len(self._waiting) >= settings.IM_COMMIT_MAX_MESSAGES
        if left <= 0 or is_full or not self._missing_senders or self._is_stopping:
            return
        self._may_commit.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._may_commit.wait()


def _announce(
    loop: asyncio.AbstractEventLoop,
    futures: Mapping[int, asyncio.Future[StoredMessage]],
    drafts: Sequence[Draft],
    outcomes: list[Outcome],
    entries: list[Entry],
) -> None:
    """Acknowledge drafts of a commit, whose thread calls this, and publish their events. Futures are by `id(draft)`."""
    loop.call_soon_threadsafe(_acknowledge, [futures[id(draft)] for draft in drafts], outcomes, entries)


def _acknowledge(
    futures: Sequence[asyncio.Future[StoredMessage]], outcomes: list[Outcome], entries: list[Entry]
) -> None:
    # The senders run first and make their replies. Otherwise each would hold back the events that follow its own.
    # A retry is answered after its message has been delivered, because its connection gets the push as well.
    new = [isinstance(outcome, StoredMessage) and not outcome.repeated for outcome in outcomes]
    _resolve(compress(futures, new), list(compress(outcomes, new)))
    asyncio.get_running_loop().call_soon(_publish, futures, outcomes, entries)


def _publish(futures: Sequence[asyncio.Future[StoredMessage]], outcomes: list[Outcome], entries: list[Entry]) -> None:
    with tracing.span("publish", kind="producer"):
        publish.publish_committed(entries)
    _resolve(futures, outcomes)


def _resolve(futures: Iterable[asyncio.Future[StoredMessage]], outcomes: Sequence[Outcome]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():  # It is acknowledged, or its connection is gone and the message is stored all the same.
            continue
        if isinstance(outcome, StoredMessage):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)


_queue: WriteQueue | None = None


def set_queue(queue: WriteQueue | None) -> None:
    """Set the queue for all drafts of this process; None if it no longer has one."""
    global _queue
    _queue = queue


def running_queue() -> WriteQueue | None:
    """Return the process's queue, or None if it has none."""
    return _queue


def current_queue() -> WriteQueue:
    """Return the process's queue. Raise RuntimeError if it has none."""
    if _queue is None:
        raise RuntimeError("No write queue runs in this process.")
    return _queue
