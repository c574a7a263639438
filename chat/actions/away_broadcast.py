"""Tells clients the present state of users who have become away, or come back, at most once."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context

from django.conf import settings
from django.db import DatabaseError

from accounts.models import User
from chat import payloads
from chat.selectors.away import away_among
from chat.selectors.presence_changes import presence_changes
from chat.wire.schema.events import PRESENCE_CHANGED
from delivery import log, publish
from delivery.db.executors import run
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.presence.base import Presence

logger = logging.getLogger(__name__)

DELAY_SECONDS = 1.0
"""Seconds in which changes are gathered: a page that connects again says a moment later how long its user is idle."""
BATCH_SIZE = 500


class AwayBroadcaster:
    """Pushes `presence.changed` to the global channels of the apps on which a user is online."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._changed: dict[int, None] = {}
        self._task: asyncio.Task[None] | None = None
        presence.on_away = self.add

    async def stop(self) -> None:
        """Stop broadcasting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, user_id: int) -> None:
        """Tell the state of a user soon."""
        self._changed[user_id] = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._broadcast(), name="away broadcast", context=Context())

    async def _broadcast(self) -> None:
        while self._changed:
            await asyncio.sleep(DELAY_SECONDS)
            batch = list(self._changed)[:BATCH_SIZE]
            for user_id in batch:
                del self._changed[user_id]
            try:
                await self._tell(batch)
            except DatabaseError as error:
                logger.warning("away_broadcast_failed", extra={"count": len(batch), "error": type(error).__name__})
            else:
                log_recovery(logger, "away_broadcast_failed")

    async def _tell(self, user_ids: list[int]) -> None:
        small = [app for app in await self._presence.find_apps(user_ids) if await self._is_small(app)]
        if not small:
            return
        online = {app: await self._presence.filter_online(user_ids, app) for app in small}
        found = await run(presence_changes, user_ids, small)
        away = await away_among(found.users.values())
        for user_id, user in found.users.items():
            skip = [user_id, *sorted(found.hidden_from.get(user_id, ()))]
            for app, channel in found.channels.items():
                if user_id in online[app]:
                    publish.push_activity(_change(user, channel, skip, is_away=user_id in away))

    async def _is_small(self, app: int) -> bool:
        limit: int = settings.IM_PRESENCE_LIMIT
        return await self._presence.count_online(app) <= limit


def _change(user: User, channel: int, skip: list[int], *, is_away: bool) -> Entry:
    body = {"target": str(channel), "by": payloads.person(user), "away": is_away}
    return Entry(kind=PRESENCE_CHANGED.name, channel=channel, header={"skip": skip}, body=body, time=log.now_ms())
