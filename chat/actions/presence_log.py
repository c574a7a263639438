"""Who comes online and goes, in the log, for webhooks. Only while one that is switched on wants to hear it.

Everybody's own screens are told by `chat.actions.presence_broadcast`, in no log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from django.db import DatabaseError

from chat import payloads, selectors
from chat.selectors.presence_events import has_presence_webhook
from chat.wire.schema.events import PERSON_OFFLINE, PERSON_ONLINE, PRESENCE_RESET, EventKind
from delivery import log, publish
from delivery.db.executors import run
from delivery.db.transactions import write
from delivery.log import Entry
from delivery.presence.base import Presence

logger = logging.getLogger(__name__)

EVENTS_PER_TRANSACTION = 500
"""People in one transaction."""
MAX_PENDING_EVENTS = 100_000
"""Comings and goings that wait while the database is away; beyond that the oldest are forgotten."""
SUBSCRIPTION_CACHE_SECONDS = 1.0
"""Seconds for which it is believed that somebody, or nobody, wants to hear."""
RETRY_SECONDS = 1.0
"""Seconds until what could not be stored is tried again."""
STOP_TIMEOUT_SECONDS = 2.0
"""Seconds that a node which ends takes for what it has still to store."""


class PresenceLog:
    """Stores what the presence notices, in its order, at least once. To be used on the node's event loop."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._noticed: list[tuple[EventKind, int, int]] = []
        self._storing: asyncio.Task[None] | None = None
        self._wanted = False
        self._asked = -SUBSCRIPTION_CACHE_SECONDS

    def came(self, person: int, app: int) -> None:
        self._notice(PERSON_ONLINE, person, app)

    def went(self, person: int, app: int) -> None:
        self._notice(PERSON_OFFLINE, person, app)

    def began(self) -> None:
        """The site has just started, with nobody there: whoever was said to be online is not."""
        self._notice(PRESENCE_RESET, 0, 0)

    async def stop(self) -> None:
        """Store what is left, if that can be done soon."""
        if self._storing is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                    await asyncio.wait([self._storing])
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)

    def _notice(self, kind: EventKind, person: int, app: int) -> None:
        self._noticed.append((kind, person, app))
        if len(self._noticed) > MAX_PENDING_EVENTS:
            del self._noticed[0]
            logger.warning("presence_log_overflowed")
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store(), name="presence log")

    async def _store(self) -> None:
        while self._noticed:
            noticed = self._noticed[:EVENTS_PER_TRANSACTION]
            try:
                if await self._is_wanted():
                    await run(_append_events, await self._true(noticed))
            except DatabaseError as error:
                logger.warning(
                    "presence_log_write_failed", extra={"count": len(noticed), "error": type(error).__name__}
                )
                await asyncio.sleep(RETRY_SECONDS)
                continue
            del self._noticed[: len(noticed)]

    async def _is_wanted(self) -> bool:
        if time.monotonic() - self._asked >= SUBSCRIPTION_CACHE_SECONDS:
            self._wanted = await run(has_presence_webhook)
            self._asked = time.monotonic()
        return self._wanted

    async def _true(self, noticed: list[tuple[EventKind, int, int]]) -> list[tuple[EventKind, int, int]]:
        """Without the goings of people who are back: another node may have stored their coming already."""
        gone: dict[int, set[int]] = {}
        for kind, person, app in noticed:
            if kind is PERSON_OFFLINE:
                gone.setdefault(app, set()).add(person)
        back: set[tuple[int, int]] = set()
        for app, persons in gone.items():
            back |= {(person, app) for person in await self._presence.online(sorted(persons), app)}
        return [
            (kind, person, app)
            for kind, person, app in noticed
            if kind is not PERSON_OFFLINE or (person, app) not in back
        ]


def _append_events(noticed: list[tuple[EventKind, int, int]]) -> None:
    found = selectors.users_by_ids({person for _, person, _ in noticed if person})
    # As for everybody else: who lets nobody see that they are online is not told of.
    people = {pk: user for pk, user in found.items() if user.shares_presence}
    entries = [
        Entry(kind=kind.name, body=payloads.person(people[person]) | {"appId": app} if person else {})
        for kind, person, app in noticed
        if person in people or not person
    ]
    if entries:
        with write():
            publish.after_commit(log.append(entries))
