"""Keeps up to which position the client of each token has received every message: batched, beside the connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextvars import Context

from django.db import DatabaseError

from accounts.actions import received_positions_store
from chat.selectors.received_messages import ReceivedAnswer, ReceivedQuery, received_answers
from delivery.db.batches import BatchQueue
from delivery.db.executors import run
from delivery.log_throttle import log_recovery

logger = logging.getLogger(__name__)


MAX_READS = 128
"""Clients whose positions are read together."""


class ReceivedPositions:
    """The store of this node. The first position is written at once; those that come meanwhile are the next batch."""

    def __init__(self) -> None:
        self._pending: dict[str, int] = {}
        """Positions by the digest of their token, until they are written."""
        self._task: asyncio.Task[None] | None = None
        self._queries: BatchQueue[ReceivedQuery, ReceivedAnswer] = BatchQueue(
            _read, max_size=MAX_READS, name="read received positions"
        )

    async def read(self, digest: str, *, user_id: int, upto: int, after: int | None = None) -> ReceivedAnswer:
        """Return the position of the token with this digest, 0 if none is known, or `after` if that is given.

        The answer also says whether its user has messages beyond that, up to `upto`. Clients that ask at the same time
        share the queries.
        """
        if after is None:
            after = self._pending.get(digest)
        return await self._queries.submit(ReceivedQuery(user_id, upto, digest, after))

    def store(self, digest: str, position: int) -> None:
        """Store a position soon. Runs on the event loop and does no I/O."""
        self._pending[digest] = position
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_pending(), name="received positions", context=Context())

    async def flush(self) -> None:
        """Write everything that has been stored so far."""
        if self._task is not None:
            await self._task
        await self._write_pending()

    async def _write_pending(self) -> None:
        """Write until nothing waits. After a fault, the rest waits for the next position.

        A position that is never written makes its client wait for a Sync that it may not need; it loses nothing.
        """
        while self._pending:
            batch = dict(self._pending)
            try:
                await run(received_positions_store, batch)
            except DatabaseError as error:
                logger.warning("received_position_write_failed", extra={"error": type(error).__name__})
                return
            log_recovery(logger, "received_position_write_failed")
            for digest, position in batch.items():
                if self._pending[digest] == position:
                    del self._pending[digest]


async def _read(queries: Sequence[ReceivedQuery]) -> list[ReceivedAnswer]:
    return await run(received_answers, queries)
