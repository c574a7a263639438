"""Commits drafts by the write queue, so that they share commits: from the event loop, and from other threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from django.conf import settings
from django.db import close_old_connections

from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.queue import WriteQueue, current_queue, running_queue
from chat.sending.writer import commit
from delivery.event_loop import is_on_loop, run_on_loop

QUEUE_TIMEOUT_SECONDS = 30.0
"""Seconds that a thread waits for its commits. Queued drafts are stored even if the thread gives up."""


async def store(draft: Draft) -> StoredMessage:
    """Commit a draft by the write queue and return the stored message. Raise its refusal, SITE_BUSY or DatabaseError.

    On the event loop it suspends until the commit; in another thread it blocks.
    """
    (outcome,) = await store_all([draft])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def store_all(drafts: Sequence[Draft]) -> list[Outcome]:
    """Do what `commit_in_queue` does. On the event loop it suspends until the commits; in another thread it blocks."""
    if drafts and is_on_loop():
        return await _commit_on_loop(current_queue(), drafts)
    return commit_in_queue(drafts)


def commit_in_queue(drafts: Sequence[Draft]) -> list[Outcome]:
    """Commit any number of drafts in order; return the outcome of each.

    Raise ChatError SITE_BUSY, storing none, if the queue has no room for all of them, and TimeoutError after
    QUEUE_TIMEOUT_SECONDS. In a process without a queue, commit them in batches in this thread.
    """
    if not drafts:
        return []
    queue = running_queue()
    if queue is None:
        size = settings.IM_COMMIT_MAX_MESSAGES
        batches = [drafts[start : start + size] for start in range(0, len(drafts), size)]
        return [outcome for batch in batches for outcome in commit(batch)]

    # A waiting thread must not keep a pooled database connection that the commits need.
    close_old_connections()
    return run_on_loop(lambda: _commit_on_loop(queue, drafts), QUEUE_TIMEOUT_SECONDS)


async def _commit_on_loop(queue: WriteQueue, drafts: Sequence[Draft]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for future in queue.submit_all(drafts):
        try:
            outcomes.append(await future)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            outcomes.append(error)
    return outcomes
