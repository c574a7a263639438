"""Storing messages for callers that are not on the event loop: through the write queue, so that they share commits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from django.conf import settings
from django.db import close_old_connections

from chat.sending.queue import running_queue
from chat.sending.writer import Draft, Outcome, commit
from delivery import publish

PATIENCE = 30.0
"""Seconds for the commits of a call; what was queued is stored even if nobody waits for it any more."""


def messages_store(drafts: Sequence[Draft]) -> list[Outcome]:
    """Store them, in order; an outcome for each. TOO_MUCH, storing none, if the queue has no room for all of them."""
    if not drafts:
        return []
    queue = running_queue()
    if queue is None:
        size = settings.IM_BATCH_MESSAGES
        batches = [drafts[start : start + size] for start in range(0, len(drafts), size)]
        return [outcome for batch in batches for outcome in commit(batch)]

    async def stored() -> list[Outcome]:
        outcomes: list[Outcome] = []
        for future in queue.submit_all(drafts):
            try:
                outcomes.append(await future)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                outcomes.append(error)
        return outcomes

    # A thread that waits must not keep a connection of the pool, which those who commit need.
    close_old_connections()
    return publish.run_on_loop(stored, PATIENCE)
