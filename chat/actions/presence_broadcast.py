"""Broadcasts `enter` and `exit` to an app's global channel when users come online or go offline.

These pushes are transient: they are not in the event log.
"""

from __future__ import annotations

import asyncio
import logging

from django.conf import settings
from django.db import DatabaseError

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs
from chat import payloads, selectors
from chat.actions.presence_log import PresenceLog
from chat.models import Channel
from chat.wire.schema.events import ENTER, EXIT, EventKind
from delivery import log, publish
from delivery.db.executors import run
from delivery.log import Entry
from delivery.presence.base import Presence

logger = logging.getLogger(__name__)

LOOKUP_BATCH_SIZE = 500
"""Users looked up in one query."""


class PresenceBroadcaster:
    """Broadcasts the changes that the presence reports, in their order."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._noticed: list[tuple[EventKind, int, int]] = []
        self._telling: asyncio.Task[None] | None = None
        self.log = PresenceLog(presence)
        presence.on_first, presence.on_last = self._came, self._went

    async def stop(self) -> None:
        """Stop broadcasting."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self.log.stop()

    def _came(self, person: int, name: str, app: int) -> None:
        self._notice(ENTER, person, app)
        self.log.came(person, app)

    def _went(self, person: int, name: str, app: int) -> None:
        self._notice(EXIT, person, app)
        self.log.went(person, app)

    def _notice(self, kind: EventKind, person: int, app: int) -> None:
        self._noticed.append((kind, person, app))
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(), name="presence broadcast")

    async def _tell(self) -> None:
        while self._noticed:
            noticed, self._noticed = self._noticed[:LOOKUP_BATCH_SIZE], self._noticed[LOOKUP_BATCH_SIZE:]
            apps = {app for _, _, app in noticed}
            small = {app for app in apps if await self._presence.count(app) <= settings.IM_PRESENCE_LIMIT}
            noticed = [one for one in noticed if one[2] in small]
            if not noticed:
                continue
            try:
                people, unseen = await run(_visible_users, {person for _, person, _ in noticed})
                rooms = {room.app.number: room for room in await run(selectors.global_channels) if room.app is not None}
            except DatabaseError as error:
                logger.warning(
                    "presence_broadcast_failed", extra={"count": len(noticed), "error": type(error).__name__}
                )
                continue
            for kind, person, app in noticed:
                if person in people and app in rooms:
                    publish.transient(_presence_event(kind, people[person], rooms[app], unseen.get(person, set())))


def _visible_users(ids: set[int]) -> tuple[dict[int, User], dict[int, set[int]]]:
    """Return the users who share their presence, and for each the users who may not see it."""
    people = {pk: user for pk, user in selectors.users_by_ids(ids).items() if user.shares_presence}
    return people, blocked_pairs(people)


def _presence_event(kind: EventKind, user: User, room: Channel, unseen: set[int]) -> Entry:
    name = user.public_name
    body = {
        "target": str(room.pk),
        "type": "text",
        "msg": payloads.PRESENCE_TEXTS[kind.name].format(name),
        "from": name,
        "fromId": str(user.pk),
        "name": user.nickname,
        "avatar": user.avatar,
        "kind": user.kind,
    }
    return Entry(
        kind=kind.name, channel=room.pk, header={"skip": [user.pk, *sorted(unseen)]}, body=body, time=log.now_ms()
    )
