"""Broadcasts `enter` and `exit` to an app's global channel when users come online or go offline.

These pushes are transient: they are not in the event log.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context

from django.conf import settings
from django.db import DatabaseError

from accounts.models import User
from chat import payloads
from chat.actions.away_broadcast import AwayBroadcaster
from chat.actions.presence_log import PresenceLog
from chat.selectors.presence_changes import presence_changes
from chat.wire.schema.event_kind import EventKind
from chat.wire.schema.events import ENTER, EXIT
from delivery import log, publish
from delivery.db.executors import run
from delivery.log import Entry
from delivery.log_throttle import log_recovery
from delivery.presence.base import Presence

logger = logging.getLogger(__name__)

LOOKUP_BATCH_SIZE = 500
"""Users looked up in one query."""
BROADCAST_INTERVAL_SECONDS = 0.03
"""Seconds between look-ups while users come and go. The first change after a pause is looked up at once."""


class PresenceBroadcaster:
    """Broadcasts changes of presence to connected clients, in order."""

    def __init__(self, presence: Presence, away: AwayBroadcaster) -> None:
        self._presence = presence
        self._away = away
        self._pending: list[tuple[EventKind, int, int]] = []
        self._task: asyncio.Task[None] | None = None
        self.log = PresenceLog(presence)
        presence.on_online, presence.on_offline = self._on_online, self._on_offline

    async def stop(self) -> None:
        """Stop broadcasting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.log.stop()

    def _on_online(self, user_id: int, name: str, app: int) -> None:
        self._add(ENTER, user_id, app)
        self.log.record_online(user_id, app)

    def _on_offline(self, user_id: int, name: str, app: int) -> None:
        self._add(EXIT, user_id, app)
        self.log.record_offline(user_id, app)

    def _add(self, kind: EventKind, user_id: int, app: int) -> None:
        self._pending.append((kind, user_id, app))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._broadcast(), name="presence broadcast", context=Context())

    async def _broadcast(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:LOOKUP_BATCH_SIZE], self._pending[LOOKUP_BATCH_SIZE:]
            apps = {app for _, _, app in batch}
            small = {app for app in apps if await self._presence.count_online(app) <= settings.IM_PRESENCE_LIMIT}
            batch = [change for change in batch if change[2] in small]
            if not batch:
                continue
            try:
                found = await run(presence_changes, {user_id for _, user_id, _ in batch}, small)
            except DatabaseError as error:
                logger.warning("presence_broadcast_failed", extra={"count": len(batch), "error": type(error).__name__})
                continue
            log_recovery(logger, "presence_broadcast_failed")
            for kind, user_id, app in batch:
                if user_id in found.users and app in found.channels:
                    hidden_from = found.hidden_from.get(user_id, set())
                    publish.push_transient(
                        _presence_event(kind, found.users[user_id], found.channels[app], hidden_from)
                    )
                    if kind is ENTER and found.users[user_id].is_away:
                        # Clients take a user who comes online for present.
                        self._away.add(user_id)
            await asyncio.sleep(BROADCAST_INTERVAL_SECONDS)


def _presence_event(kind: EventKind, user: User, channel: int, hidden_from: set[int]) -> Entry:
    name = user.public_name
    body = {
        "target": str(channel),
        "type": "text",
        "msg": payloads.PRESENCE_TEXTS[kind.name].format(name),
        "from": name,
        "fromId": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }
    return Entry(
        kind=kind.name,
        channel=channel,
        header={"skip": [user.pk, *sorted(hidden_from)]},
        body=body,
        time=log.now_ms(),
    )
