"""Writes users coming online and going offline to the event log, for webhooks that subscribe to it.

Connected clients get them from `chat.actions.presence_broadcast` instead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from contextvars import Context

from django.db import DatabaseError

from chat import payloads, selectors
from chat.selectors.presence_events import has_presence_webhook
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import PERSON_OFFLINE, PERSON_ONLINE, PRESENCE_RESET
from delivery import log, publish
from delivery.db.executors import run
from delivery.db.transactions import write
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.presence.base import Presence

logger = logging.getLogger(__name__)

EVENTS_PER_TRANSACTION = 500
"""Events stored in one transaction."""
MAX_PENDING_EVENTS = 100_000
"""Events kept while the database is unreachable; above it the oldest are dropped."""
SUBSCRIPTION_CACHE_SECONDS = 1.0
"""Seconds for which the answer "a webhook subscribes" is cached."""
RETRY_SECONDS = 1.0
"""Seconds between attempts to store events."""
STOP_TIMEOUT_SECONDS = 2.0
"""Seconds that a stopping node spends on storing what is pending."""


class PresenceLog:
    """Stores changes of presence in order and at least once. Use it on the event loop."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._pending: list[tuple[EventKind, int, int]] = []
        self._task: asyncio.Task[None] | None = None
        self._has_webhook = False
        self._checked_at = -SUBSCRIPTION_CACHE_SECONDS

    def record_online(self, user_id: int, app: int) -> None:
        self._add(PERSON_ONLINE, user_id, app)

    def record_offline(self, user_id: int, app: int) -> None:
        self._add(PERSON_OFFLINE, user_id, app)

    def record_reset(self) -> None:
        """Record that the site has just started and nobody is online."""
        self._add(PRESENCE_RESET, 0, 0)

    async def stop(self) -> None:
        """Store pending events, for at most STOP_TIMEOUT_SECONDS."""
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                    await asyncio.wait([self._task])
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _add(self, kind: EventKind, user_id: int, app: int) -> None:
        if not self._pending and self._is_checked and not self._has_webhook:
            return
        self._pending.append((kind, user_id, app))
        if len(self._pending) > MAX_PENDING_EVENTS:
            del self._pending[0]
            logger.warning("presence_log_overflowed")
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store(), name="presence log", context=Context())

    async def _store(self) -> None:
        while self._pending:
            batch = self._pending[:EVENTS_PER_TRANSACTION]
            try:
                if await self._check_webhook():
                    await run(_append_events, await self._without_returned(batch))
            except DatabaseError as error:
                logger.warning("presence_log_write_failed", extra={"count": len(batch), "error": type(error).__name__})
                await asyncio.sleep(RETRY_SECONDS)
                continue
            log_recovery(logger, "presence_log_write_failed")
            del self._pending[: len(batch)]

    @property
    def _is_checked(self) -> bool:
        """Return whether the answer to `_check_webhook` is cached."""
        return time.monotonic() - self._checked_at < SUBSCRIPTION_CACHE_SECONDS

    async def _check_webhook(self) -> bool:
        if not self._is_checked:
            self._has_webhook = await run(has_presence_webhook)
            self._checked_at = time.monotonic()
        return self._has_webhook

    async def _without_returned(self, batch: list[tuple[EventKind, int, int]]) -> list[tuple[EventKind, int, int]]:
        """Drop offline events of users who are online again: another node may have logged their online event."""
        gone: dict[int, set[int]] = {}
        for kind, user_id, app in batch:
            if kind is PERSON_OFFLINE:
                gone.setdefault(app, set()).add(user_id)
        back: set[tuple[int, int]] = set()
        for app, user_ids in gone.items():
            back |= {(user_id, app) for user_id in await self._presence.filter_online(sorted(user_ids), app)}
        return [
            (kind, user_id, app)
            for kind, user_id, app in batch
            if kind is not PERSON_OFFLINE or (user_id, app) not in back
        ]


def _append_events(batch: list[tuple[EventKind, int, int]]) -> None:
    found = selectors.users_by_ids({user_id for _, user_id, _ in batch if user_id})
    # Users who hide their presence are left out here too.
    users = {pk: user for pk, user in found.items() if user.shares_presence}
    entries = [
        Entry(kind=kind.name, body=payloads.person(users[user_id]) | {"appId": app} if user_id else {})
        for kind, user_id, app in batch
        if user_id in users or not user_id
    ]
    if entries:
        with write():
            publish.after_commit(log.append(entries))
